package scenarios

// Rate is a number of arrivals per second, above 0 and at most 1,000,000.
// In a file it is written "500/s", "30/min" or "2/h".
type Rate float64

// Size is a number of bytes. In a file it is written "64B", "6.8KB" (1,000)
// or "4KiB" (1,024).
type Size int64

// SizeDistribution is the distribution of value sizes: fixed where P50 equals
// P99, log-normal through both otherwise. Both are at least 1 byte and at most
// 1.5 MiB, and P50 is not above P99.
type SizeDistribution struct {
	P50, P99 Size
}
