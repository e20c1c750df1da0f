package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/etcd-dyno/etcd-dyno/runner/lab/limit"
)

// Sweep removes the data folders that labs left in the run folders of runsDir
// because they were killed: those whose lock is free and that are not to be
// kept. It touches nothing else and follows no symbolic link below runsDir. The
// folders that it removed are returned also when others, all in err, could not be.
func Sweep(runsDir string) (removed []string, err error) {
	root, err := os.OpenRoot(runsDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("sweeping %s: %w", runsDir, err)
	}
	defer root.Close()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("sweeping %s: %w", runsDir, err)
	}
	var errs []error
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		swept, err := sweepRun(root, e.Name())
		if err != nil {
			errs = append(errs, fmt.Errorf("sweeping %s: %w", filepath.Join(runsDir, e.Name()), err))
		}
		if swept {
			removed = append(removed, filepath.Join(runsDir, e.Name(), dataName))
		}
	}
	return removed, errors.Join(errs...)
}

// SweepGroups removes the cgroups of labs whose hosts are dead, and touches no
// other. Those that it removed are returned also when others, all in err, could
// not be: a process that is still in one is waited for, not killed.
func SweepGroups(ctx context.Context) (removed []string, err error) {
	removed, err = limit.Sweep(ctx)
	if err != nil {
		return removed, fmt.Errorf("sweeping the cgroups of labs: %w", err)
	}
	return removed, nil
}

func sweepRun(runs *os.Root, name string) (swept bool, err error) {
	root, err := runs.OpenRoot(name)
	if err != nil {
		return false, err
	}
	defer root.Close()
	lock, err := takeLock(root)
	if errors.Is(err, errInUse) || errors.Is(err, errNoData) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer lock.Close()
	switch _, err := root.Lstat(filepath.Join(dataName, keepName)); {
	case err == nil:
		return false, nil
	case !errors.Is(err, fs.ErrNotExist):
		return false, err
	}
	if err := removeData(root); err != nil {
		return false, err
	}
	return true, nil
}
