package limit

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Enter moves the calling process, all its threads with it, into the groups of
// which these are the [Group.Procs]. What it has used before stays with the
// group that it leaves; what it starts or becomes by exec is limited from its
// first instruction on, and Go's runtime sees the CPU limit when it starts.
func Enter(procs []string) error {
	for _, path := range procs {
		if err := enter(path); err != nil {
			return fmt.Errorf("entering a cgroup: %w", err)
		}
	}
	return nil
}

// enter writes 0, which is the writer whatever its number in another namespace.
// On older kernels v1 answers EINVAL as long as a thread of the process is being born.
func enter(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	const attempts = 5
	for attempt := 1; ; attempt++ {
		_, err := f.WriteString("0")
		if err == nil || attempt == attempts || !errors.Is(err, unix.EINVAL) {
			return err
		}
		<-time.After(10 * time.Millisecond)
	}
}
