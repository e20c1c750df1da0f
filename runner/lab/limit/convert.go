package limit

import "math"

const (
	period   = 100_000 // µs; Kubernetes' default, and the kernel's
	minQuota = 1_000   // µs; the kernel takes no less

	minShares, maxShares = 2, 262_144
	minWeight, maxWeight = 1, 10_000
)

// shares is cpu.shares of cgroup v1 for millicores, as the kubelet sets it.
func shares(millicores int) uint64 {
	return uint64(min(max(millicores*1024/1000, minShares), maxShares))
}

// weight is cpu.weight of cgroup v2 for millicores: not by the line of KEP-2254,
// on which one core was 39 and so less than the 100 of any other group, but by the
// curve that took its place in runc 1.3.2 and crun 1.23 (Kubernetes' blog, 30 January
// 2026), which goes through (2, 1), (1024, 100) and (262144, 10000).
func weight(millicores int) uint64 {
	s := shares(millicores)
	switch s {
	case minShares:
		return minWeight
	case maxShares:
		return maxWeight
	}
	l := math.Log2(float64(s))
	return uint64(math.Ceil(math.Pow(10, (l*l+125*l)/612-7.0/34)))
}

// quota is how many µs of each period millicores are, as the kubelet sets it.
func quota(millicores int) int64 {
	return max(int64(millicores)*period/1000, minQuota)
}
