package limit

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary is each of these processes too, and enters the groups of which
// the files follow before it does anything else.
const (
	burnCommand = "test-burn" // keeps two cores busy for burning
	eatCommand  = "test-eat"  // takes up eating bytes of memory
	holdCommand = "test-hold" // waits for the end of its input
	ownCommand  = "test-own"  // opens the groups of the run folder that follows, with a member in them, and waits

	burning = 1500 * time.Millisecond
	eating  = 96 << 20
)

func TestMain(m *testing.M) {
	if len(os.Args) < 2 || !strings.HasPrefix(os.Args[1], "test-") {
		os.Exit(m.Run())
	}
	if err := be(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func be(command string, args []string) error {
	if command == ownCommand {
		return own(args[0])
	}
	if err := Enter(args); err != nil {
		return err
	}
	switch command {
	case burnCommand:
		burn()
	case eatCommand:
		var eaten [][]byte
		for range eating >> 20 {
			eaten = append(eaten, make([]byte, 1<<20))
			for i := 0; i < 1<<20; i += 4096 {
				eaten[len(eaten)-1][i] = 1
			}
		}
		fmt.Fprintln(os.Stdout, "ate", len(eaten))
	case holdCommand:
		fmt.Fprintln(os.Stdout, "ready")
		_, _ = io.Copy(io.Discard, os.Stdin)
	}
	return nil
}

func burn() {
	end := time.Now().Add(burning)
	done := make(chan int)
	for range 2 {
		go func() {
			n := 0
			for time.Now().Before(end) {
				n++
			}
			done <- n
		}()
	}
	<-done
	<-done
}

// own is a lab host that is killed: its member waits for its parent's death.
func own(run string) error {
	g, err := Open(Spec{Run: run, Members: []string{"m1"}, Resources: Resources{LimitCPU: 500, LimitMemory: 64 << 20}})
	if err != nil {
		return err
	}
	cmd := exec.Command(os.Args[0], append([]string{holdCommand}, g.Of("m1").Procs()...)...) //nolint:noctx // it dies with this process
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stdout = os.Stdout
	if _, err := cmd.StdinPipe(); err != nil {
		return err
	}
	if err := cmd.Run(); err != nil {
		return err
	}
	return errors.New("the member ended before its parent")
}

// child is the test binary as command; it is killed at the end of the test.
func child(t *testing.T, command string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], append([]string{command}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = os.Stderr
	return cmd
}

// waiting starts a child that says when it is ready and then waits; end kills it.
func waiting(t *testing.T, command string, args ...string) (pid int, end func()) {
	t.Helper()
	cmd := child(t, command, args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = in.Close()
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		end()
		t.Fatalf("%s says %q (%v)", command, line, err)
	}
	return cmd.Process.Pid, end
}

// grouped opens groups for the test, or skips it where this machine has none for both.
func grouped(t *testing.T, r Resources, members ...string) *Groups {
	t.Helper()
	g, err := Open(Spec{Run: t.TempDir(), Members: members, Resources: r})
	if err != nil {
		t.Fatal(err)
	}
	if g.Applied.Mode != V1 && g.Applied.Mode != V2 || !g.Applied.CPU || !g.Applied.Memory {
		t.Skipf("cgroups cannot be made here: %s", g.Applied.Why)
	}
	t.Cleanup(func() {
		if err := g.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return g
}

func contents(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func inGroup(t *testing.T, procs string, pid int) bool {
	t.Helper()
	for line := range strings.FieldsSeq(contents(t, procs)) {
		if line == strconv.Itoa(pid) {
			return true
		}
	}
	return false
}
