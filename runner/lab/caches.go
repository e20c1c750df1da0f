package lab

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

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
