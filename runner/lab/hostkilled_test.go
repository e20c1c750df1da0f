package lab

import (
	"context"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// The host dies before it has told the tool that there are cgroups.
func TestHostKilledWhileStarting(t *testing.T) {
	c, err := scenarios.ParseConfiguration("all.toml", []byte(all), nil)
	if err != nil {
		t.Fatal(err)
	}
	run := t.TempDir()
	failed := make(chan error, 1)
	go func() {
		_, err := Start(context.Background(), Spec{Run: run, Configuration: c, StartTimeout: startTimeout})
		failed <- err
	}()
	eventually(t, startTimeout, "a member's log", func() bool { return exists(filepath.Join(run, "logs", "m1.log")) })
	for _, pid := range processesOf(run) {
		if strings.Contains(commandLine(pid), " "+HostCommand+" ") {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Error(err)
			}
		}
	}
	if err := <-failed; err == nil || !strings.Contains(err.Error(), "the lab host ended") {
		t.Errorf("error %v, want that the host ended", err)
	}
	mustBeGone(t, run)
	if left := ownGroups(t, run); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if exists(dataFolder(run)) {
		t.Error("the data are left")
	}
}
