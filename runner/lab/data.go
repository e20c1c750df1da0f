package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// The data folder in a run folder holds a folder for each member, the lock of
// its owner and perhaps a note that it shall be kept.
const (
	dataName = "data"
	lockName = "lock"
	keepName = "keep"
)

var (
	errInUse  = errors.New("its owner lives")
	errNoData = errors.New("no data folder of a lab")
)

func dataFolder(run string) string { return filepath.Join(run, dataName) }

func lockPath(run string) string { return filepath.Join(run, dataName, lockName) }

func memberData(run, member string) string { return filepath.Join(run, dataName, member) }

// claimData creates the data folder and returns its lock file, locked. Whoever
// inherits the file holds the lock too. The lock gets its name only when it is
// held: under that name nobody can find it free before its owner is dead.
func claimData(run string, keep bool, elsewhere folders) (*os.File, error) {
	folder := dataFolder(run)
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, fmt.Errorf("creating the data folder: %w", err)
	}
	lock, err := lockData(folder, keep)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("claiming the data folder: %w", err), os.RemoveAll(folder))
	}
	if err := elsewhere.make(run); err != nil {
		return nil, errors.Join(err, lock.Close(), releaseData(run, false))
	}
	return lock, nil
}

func lockData(folder string, keep bool) (*os.File, error) {
	if keep {
		if err := os.WriteFile(filepath.Join(folder, keepName), nil, 0o644); err != nil {
			return nil, err
		}
	}
	unnamed := filepath.Join(folder, lockName+".new")
	lock, err := os.OpenFile(unnamed, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB),
		os.Rename(unnamed, filepath.Join(folder, lockName)))
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// checkLock returns an error unless f is the lock file of the run folder.
func checkLock(run string, f *os.File) error {
	held, err := f.Stat()
	if err != nil {
		return fmt.Errorf("the lock of its data folder: %w", err)
	}
	named, err := os.Lstat(lockPath(run))
	if err != nil {
		return fmt.Errorf("the lock of its data folder: %w", err)
	}
	if !os.SameFile(held, named) {
		return fmt.Errorf("%s is not the lock that was handed over", lockPath(run))
	}
	return nil
}

// releaseData waits until no process of the lab is left, which the lock shows,
// and removes the data unless they are to be kept.
func releaseData(run string, keep bool) error {
	root, err := os.OpenRoot(run)
	if err != nil {
		return fmt.Errorf("removing the data: %w", err)
	}
	defer root.Close()
	lock, err := awaitLock(root)
	switch {
	case errors.Is(err, errNoData):
		return nil // somebody swept them
	case err != nil:
		return fmt.Errorf("removing the data in %s: %w", run, err)
	case keep:
		return lock.Close()
	}
	return errors.Join(removeData(root), lock.Close())
}

// awaitLock takes the lock as soon as its owners are gone. They are dead or
// dying; what takes longer than a killed process with files to close is told.
func awaitLock(root *os.Root) (*os.File, error) {
	limit := time.NewTimer(defaultStopTimeout)
	defer limit.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		lock, err := takeLock(root)
		if !errors.Is(err, errInUse) {
			return lock, err
		}
		select {
		case <-tick.C:
		case <-limit.C:
			return nil, err
		}
	}
}

// takeLock takes the lock of the data folder in a run folder if its owner is
// dead. It follows no symbolic link.
func takeLock(root *os.Root) (*os.File, error) {
	folder, err := root.Lstat(dataName)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !folder.IsDir() {
		return nil, errNoData
	}
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dataName, lockName)
	named, err := root.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !named.Mode().IsRegular() {
		return nil, errNoData
	}
	if err != nil {
		return nil, err
	}
	lock, err := root.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoData
	}
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(errInUse, lock.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), lock.Close())
	}
	// Another sweeper may have removed it meanwhile.
	held, err := lock.Stat()
	named, gone := root.Lstat(path)
	if err != nil || gone != nil || !os.SameFile(held, named) {
		return nil, errors.Join(errNoData, lock.Close())
	}
	return lock, nil
}

// removeData removes the data folder of a run folder; the caller holds its lock.
// The lock goes last: a removal that is cut short can be taken up again.
func removeData(root *os.Root) error {
	if err := removeElsewhere(root); err != nil {
		return err
	}
	entries, err := fs.ReadDir(root.FS(), dataName)
	if err != nil {
		return fmt.Errorf("removing the data: %w", err)
	}
	for _, e := range entries {
		if e.Name() == lockName {
			continue
		}
		if err := root.RemoveAll(filepath.Join(dataName, e.Name())); err != nil {
			return fmt.Errorf("removing the data: %w", err)
		}
	}
	if err := root.RemoveAll(dataName); err != nil {
		return fmt.Errorf("removing the data: %w", err)
	}
	return nil
}
