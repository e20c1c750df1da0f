package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// Two labs may choose the same port; the one that comes second chooses again.
func TestTakenPortIsChosenAgain(t *testing.T) {
	taken := listen(t)
	var asked int
	h := hostForTest(t, func(ctx context.Context, n int) ([]int, error) {
		asked++
		ports, err := freePorts(ctx, n)
		if asked == 1 && err == nil {
			ports[n-1] = taken
		}
		return ports, err
	})
	h.order.Members = 3
	c, err := h.start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if asked != 2 {
		t.Errorf("ports were chosen %d times, want 2", asked)
	}
	c.stop(t.Context(), time.Second)
	mustBeGone(t, h.run)
}

func TestTakenPortIsGivenUp(t *testing.T) {
	taken := listen(t)
	var asked int
	h := hostForTest(t, func(ctx context.Context, n int) ([]int, error) {
		asked++
		ports, err := freePorts(ctx, n)
		ports[0] = taken
		return ports, err
	})
	_, err := h.start(t.Context())
	if !errors.Is(err, errPortTaken) || !strings.Contains(err.Error(), fmt.Sprintf("%d: bind: address already in use", taken)) {
		t.Errorf("error %v, want that port %d is in use", err, taken)
	}
	if asked != 3 {
		t.Errorf("ports were chosen %d times, want 3", asked)
	}
	mustBeGone(t, h.run)
}

func TestHostByHand(t *testing.T) {
	for name, args := range map[string][]string{"no folder": nil, "no lock": {"--run", t.TempDir()}} {
		t.Run(name, func(t *testing.T) {
			err := HostMain(t.Context(), args, strings.NewReader(""), io.Discard)
			if err == nil || !strings.Contains(err.Error(), "started by etcd-dyno itself") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestFreePortsDiffer(t *testing.T) {
	ports, err := freePorts(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, p := range ports {
		if p == 0 || seen[p] {
			t.Errorf("ports %v are not ten different ones", ports)
		}
		seen[p] = true
	}
}

func TestMemberArgs(t *testing.T) {
	sites := makeSites([]int{1, 2, 3, 4, 5, 6})
	flags := []scenarios.Flag{{Name: "snapshot-count", Value: "100"}}
	args := memberArgs("/runs/r", flags, sites, sites[1], "T")
	if got := strings.Join(args[:4], " "); got != "member --run /runs/r --snapshot-count=100" {
		t.Errorf("it starts with %q", got)
	}
	for _, want := range []string{
		"--data-dir=/runs/r/data/m2",
		"--listen-client-urls=http://127.0.0.1:3",
		"--initial-cluster=m1=http://127.0.0.1:2,m2=http://127.0.0.1:4,m3=http://127.0.0.1:6",
	} {
		if !strings.Contains(strings.Join(args, " "), want) {
			t.Errorf("%q lacks %q", args, want)
		}
	}
}

// hostForTest is a host in the test's own process: its members are children of the test.
func hostForTest(t *testing.T, ports func(context.Context, int) ([]int, error)) host {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := t.TempDir()
	if err := os.Mkdir(logFolder(run), 0o755); err != nil {
		t.Fatal(err)
	}
	lock, err := claimData(run, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lock.Close() })
	o := order{Executable: executable, Members: 1, StartTimeout: startTimeout, StopTimeout: time.Second}
	return host{run: run, lock: lock, order: o, ports: ports}
}

// listen holds a port until the test ends.
func listen(t *testing.T) int {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().(*net.TCPAddr).Port
}
