package release

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// lockFolder locks a folder until the file that it returns is closed or the
// process ends. If another holds the lock it calls waiting once and waits.
func lockFolder(ctx context.Context, folder string, waiting func()) (*os.File, error) {
	f, err := os.Open(folder)
	if err != nil {
		return nil, fmt.Errorf("opening the folder to build in: %w", err)
	}
	tick := time.NewTicker(50 * time.Millisecond) // flock itself would not end with ctx
	defer tick.Stop()
	for told := false; ; {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return f, nil
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return nil, errors.Join(fmt.Errorf("locking %s: %w", folder, err), f.Close())
		case !told:
			waiting()
			told = true
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), f.Close())
		}
	}
}
