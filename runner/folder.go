package runner

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// snapshotFolder is where snapshots lie in a run folder, while it runs.
const snapshotFolder = "snapshots"

// runOf is a run's name: that of its folder.
func runOf(folder string) string { return filepath.Base(folder) }

// MakeFolder makes the run's own folder below runsDir, never one that is there already. The
// path that it returns is absolute.
func MakeFolder(runsDir, scenario, configuration string, now time.Time) (string, error) {
	dir, err := filepath.Abs(runsDir)
	if err != nil {
		return "", fmt.Errorf("finding the runs' folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the runs' folder: %w", err)
	}
	name := fmt.Sprintf("%s-%s-%s", now.UTC().Format("20060102T150405Z"), scenario, configuration)
	for n := 1; ; n++ {
		path := filepath.Join(dir, name)
		if n > 1 {
			path = fmt.Sprintf("%s-%d", path, n)
		}
		err := os.Mkdir(path, 0o755)
		if err == nil {
			return path, nil
		}
		if !errors.Is(err, fs.ErrExist) || n == 1000 {
			return "", fmt.Errorf("making the run folder: %w", err)
		}
	}
}
