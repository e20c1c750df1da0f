package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The kernel's own list of mounts agrees with statfs.
func TestFilesystemOf(t *testing.T) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]string{} // the last mount on a folder is the one that is seen
	for line := range strings.Lines(string(mounts)) {
		if fields := strings.Fields(line); len(fields) > 2 {
			types[fields[1]] = fields[2]
		}
	}
	for folder, want := range types {
		switch want {
		case "ext4", "xfs", "btrfs", "overlay", "tmpfs", "ramfs":
			got, err := FilesystemOf(folder)
			if err == nil && got != want {
				t.Errorf("%s is %s, want %s", folder, got, want)
			}
		}
	}
	if _, err := FilesystemOf(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no error for a folder that does not exist")
	}
	if got := filesystemName(0x1234); got != "0x1234" {
		t.Errorf("an unknown file system is %q", got)
	}
}
