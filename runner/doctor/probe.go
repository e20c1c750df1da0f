package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sys/unix"
	"golang.org/x/time/rate"
)

// latency is of light requests, one after the other, sorted.
type latency struct{ puts, gets []time.Duration }

// probes is how many requests of each kind are made, at most so many a second.
const (
	probes    = 200
	probeRate = 100
	probeSize = 256 // bytes of a value
)

// probeLease is how long keys of a probe live where nobody is left to delete them.
const probeLease = 60 // seconds

// probeLatency puts and gets a few keys of its own below a prefix. They hang on a
// lease, and go with it when it is revoked: so nothing else is ever deleted, and
// nothing stays, not even after kill -9.
func probeLatency(ctx context.Context, c *clientv3.Client, prefix string) (l *latency, err error) {
	asking, cancel := context.WithTimeout(ctx, questionTimeout)
	lease, err := c.Grant(asking, probeLease)
	cancel()
	if err != nil {
		return nil, fmt.Errorf("granting a lease: %w", err)
	}
	defer func() {
		cleaning, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if _, left := c.Revoke(cleaning, lease.ID); left != nil {
			err = errors.Join(err, fmt.Errorf("deleting what was written below %s, which goes by itself in %d s: %w", prefix, probeLease, left))
		}
	}()
	l = &latency{}
	prefix += rand.Text() + "/"
	limiter := rate.NewLimiter(probeRate, 1)
	value := rand.Text()
	for len(value) < probeSize {
		value += value
	}
	value = value[:probeSize]
	for i := range probes {
		if err := limiter.Wait(ctx); err != nil {
			return nil, err
		}
		key := fmt.Sprintf("%s%d", prefix, i%16)
		took, err := timed(ctx, func(ctx context.Context) error {
			_, err := c.Put(ctx, key, value, clientv3.WithLease(lease.ID))
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("putting a key: %w", err)
		}
		l.puts = append(l.puts, took)
		if took, err = timed(ctx, func(ctx context.Context) error { _, err := c.Get(ctx, key); return err }); err != nil {
			return nil, fmt.Errorf("getting a key: %w", err)
		}
		l.gets = append(l.gets, took)
	}
	slices.Sort(l.puts)
	slices.Sort(l.gets)
	return l, nil
}

func timed(ctx context.Context, do func(context.Context) error) (time.Duration, error) {
	asking, cancel := context.WithTimeout(ctx, questionTimeout)
	defer cancel()
	began := time.Now()
	err := do(asking)
	return time.Since(began), err
}

// at is a percentile of sorted durations.
func at(sorted []time.Duration, p float64) time.Duration {
	return sorted[min(int(p/100*float64(len(sorted))), len(sorted)-1)]
}

// What etcd's documentation has fio do to a disk (fdatasync=1, bs=2300, size=22m),
// bounded in time.
const (
	blockSize    = 2300
	mostBlocks   = 10_000
	diskTime     = 20 * time.Second
	leastBlocks  = 200
	diskLimit    = 10 * time.Millisecond // of p99
	tmpfs, ramfs = 0x01021994, 0x858458f6
)

// probeDisk writes blocks, each followed by an fdatasync, into a file of its own, and removes it.
func probeDisk(ctx context.Context, folder string) Finding {
	f := Finding{Name: "disk"}
	all, err := syncs(ctx, folder)
	if err != nil {
		f.Status, f.Evidence, f.Remedy = Skipped, []string{err.Error()}, "Name a folder on the disk that etcd writes to, into which you may write."
		return f
	}
	p99 := at(all, 99)
	f.Status = OK
	f.Evidence = []string{fmt.Sprintf("%d writes of 2,300 bytes, each with an fdatasync, in %s: p50 %s, p99 %s, max %s (etcd's documentation wants a p99 below 10 ms)",
		len(all), folder, short(at(all, 50)), short(p99), short(all[len(all)-1]))}
	var fs unix.Statfs_t
	if unix.Statfs(folder, &fs) == nil && (fs.Type == tmpfs || fs.Type == ramfs) {
		f.Status = Warn
		f.Evidence = append(f.Evidence, "it lies in memory (tmpfs), which says nothing of a disk")
		f.Remedy = "Name a folder on the disk that etcd writes to."
	}
	switch {
	case len(all) < leastBlocks:
		f.Status = Fail
		f.Evidence = append(f.Evidence, fmt.Sprintf("no more were possible in %v", diskTime))
		f.Remedy = slowDisk
	case p99 >= diskLimit:
		f.Status, f.Remedy = Fail, slowDisk
	}
	return f
}

const slowDisk = "Use a disk with faster flushes (local NVMe, or a volume with more IOPS) for etcd alone; --wal-dir puts the WAL on one of its own."

// syncs are how long the fdatasync of each write took, sorted.
func syncs(ctx context.Context, folder string) (all []time.Duration, err error) {
	path := filepath.Join(folder, ".etcd-dyno-doctor-"+rand.Text())
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("making a file to write to: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(path)) }()
	block := make([]byte, blockSize)
	_, _ = rand.Read(block) // it never fails
	for end := time.Now().Add(diskTime); len(all) < mostBlocks && time.Now().Before(end); {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if _, err := file.Write(block); err != nil {
			return nil, fmt.Errorf("writing a block: %w", err)
		}
		began := time.Now()
		if err := unix.Fdatasync(int(file.Fd())); err != nil {
			return nil, fmt.Errorf("syncing a block: %w", err)
		}
		all = append(all, time.Since(began))
	}
	slices.Sort(all)
	return all, nil
}

// short prints a duration with three figures.
func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.3gs", d.Seconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.3gms", float64(d)/float64(time.Millisecond))
	default:
		return fmt.Sprintf("%.3gµs", float64(d)/float64(time.Microsecond))
	}
}
