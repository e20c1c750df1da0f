//go:build race

package runner

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/runner/lab"
)

// underRace tells that the race detector is at work, under which nothing takes the time that it should.
const underRace = true

// plainMember is where members are built without the race detector, beside the test
// binary that they are started as: etcd's races are not ours to find, and its members
// would be ten times as slow as those that every bound here was made for.
func plainMember() (string, error) {
	self, err := os.Executable()
	return self + ".member", err
}

// buildMember builds it.
func buildMember() (remove func(), err error) {
	path, err := plainMember()
	if err != nil {
		return nil, err
	}
	if out, err := exec.Command("go", "build", "-o", path, "../cmd/etcd-dyno").CombinedOutput(); err != nil { //nolint:noctx // there is no test yet
		return nil, fmt.Errorf("building the members: %w: %s", err, out)
	}
	return func() { _ = os.Remove(path) }, nil
}

// memberMain becomes it.
func memberMain(args []string) error {
	path, err := plainMember()
	if err != nil {
		return err
	}
	return syscall.Exec(path, append([]string{os.Args[0], lab.MemberCommand}, args...), os.Environ())
}

// notUnderRace skips a test that judges what the race detector spoils, or whose
// concurrency another test has that is not skipped.
func notUnderRace(tb testing.TB) {
	tb.Helper()
	tb.Skip("it judges counts or times, or another test runs the same at once: not for the race detector")
}
