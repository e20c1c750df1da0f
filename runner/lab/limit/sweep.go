package limit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a group is waited for until its last process is gone.
const patience = 2 * time.Second

// Sweep removes the groups of labs whose owners are dead, wherever they are in
// the hierarchies that are mounted. Members die with their owner, so it waits a
// little for them, but kills nothing: a group that still has processes stays and is in
// err. The groups that it removed are returned also then. It touches no other group.
func Sweep(ctx context.Context) (removed []string, err error) {
	t, err := readTable("/proc/self")
	if err != nil {
		return nil, err
	}
	var points []string
	for _, m := range t.mounts {
		if !m.readOnly {
			points = append(points, m.point)
		}
	}
	return sweep(ctx, points)
}

func sweep(ctx context.Context, points []string) (removed []string, err error) {
	var errs []error
	for _, point := range points {
		for _, folder := range orphans(point) {
			if err := remove(ctx, folder); err != nil {
				errs = append(errs, err)
				continue
			}
			removed = append(removed, folder)
		}
	}
	return removed, errors.Join(errs...)
}

// orphans finds the groups of labs below folder whose owners are dead. What cannot
// be read, or is gone meanwhile, is not ours to remove.
func orphans(folder string) []string {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil
	}
	var found []string
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		path := filepath.Join(folder, e.Name())
		switch o, ours := parseName(e.Name()); {
		case !ours:
			found = append(found, orphans(path)...)
		case o.dead():
			found = append(found, path)
		}
	}
	return found
}

// remove removes a group and those below it. One that is gone is what is wanted.
func remove(ctx context.Context, folder string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing a cgroup: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := rmdir(ctx, filepath.Join(folder, e.Name())); err != nil {
				return err
			}
		}
	}
	return rmdir(ctx, folder)
}

// rmdir tries at least once, and then while the group is in use. A process that was
// killed leaves its group a moment after its parent has heard of its end.
func rmdir(ctx context.Context, folder string) error {
	const pause = 10 * time.Millisecond
	for {
		err := unix.Rmdir(folder)
		if err == nil || errors.Is(err, unix.ENOENT) {
			return nil
		}
		if !errors.Is(err, unix.EBUSY) {
			return fmt.Errorf("removing the cgroup %s: %w", folder, err)
		}
		select {
		case <-ctx.Done():
			b, _ := os.ReadFile(filepath.Join(folder, procsFile))
			return fmt.Errorf("removing the cgroup %s: %w by the processes %q", folder, err, strings.Fields(string(b)))
		case <-time.After(pause):
		}
	}
}
