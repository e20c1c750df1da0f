package lab

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Settle writes out what the kernel has not written yet of the file system that a
// folder lies on, so that a run does not find the disk busy with the one before.
func Settle(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return fmt.Errorf("settling the disk: %w", err)
	}
	defer f.Close()
	if err := unix.Syncfs(int(f.Fd())); err != nil {
		return fmt.Errorf("settling the disk of %s: %w", folder, err)
	}
	return nil
}

// DropCaches writes out what the kernel has in its page cache and forgets it, so
// that a run finds none of the data of the one before. It takes root; the error
// is a sentence that can be told.
func DropCaches() error {
	unix.Sync()
	if err := os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0o200); err != nil {
		return fmt.Errorf("the page cache could not be flushed, which takes root: %w", err)
	}
	return nil
}
