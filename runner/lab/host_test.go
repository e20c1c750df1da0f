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

	"github.com/etcd-dyno/etcd-dyno/runner/lab/pki"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// Two labs may choose the same port; the one that comes second chooses again.
func TestTakenPortIsChosenAgain(t *testing.T) {
	taken := listen(t)
	var asked int
	h := hostForTest(t, 3, func(ctx context.Context, n int) ([]int, error) {
		asked++
		ports, err := freePorts(ctx, n)
		if asked == 1 && err == nil {
			ports[n-1] = taken
		}
		return ports, err
	})
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
	notUnderRace(t)
	taken := listen(t)
	var asked int
	h := hostForTest(t, 1, func(ctx context.Context, n int) ([]int, error) {
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

func TestEtcdFlags(t *testing.T) {
	h := host{run: "/runs/r", ports: func(_ context.Context, n int) ([]int, error) {
		ports := make([]int, n)
		for i := range ports {
			ports[i] = i + 1
		}
		return ports, nil
	}}
	files := pki.Files{ClientCA: "/tls/ca", Members: map[string]pki.MemberFiles{"m2": {Server: pki.Pair{Cert: "/tls/m2.crt"}}}}
	secure := scenarios.TLS{Client: true, Mutual: true}
	for _, tt := range []struct {
		name   string
		c      scenarios.Configuration
		member int
		want   []string
	}{
		{"plain", scenarios.Configuration{Members: 3, Flags: []scenarios.Flag{{Name: "snapshot-count", Value: "100"}}}, 1, []string{
			"--snapshot-count=100 --name=m2",
			"--data-dir=/runs/r/data/m2",
			"--listen-client-urls=http://127.0.0.1:4 --advertise-client-urls=http://127.0.0.1:4",
			"--initial-cluster=m1=http://127.0.0.1:2,m2=http://127.0.0.1:5,m3=http://127.0.0.1:8 --initial-cluster-state=new",
		}},
		{"behind links", scenarios.Configuration{Members: 3, Links: scenarios.Links{Proxied: true}}, 1, []string{
			"--listen-client-urls=http://127.0.0.1:6 --advertise-client-urls=http://127.0.0.1:9",
			"--listen-peer-urls=http://127.0.0.1:7 --initial-advertise-peer-urls=http://127.0.0.1:10",
			"m1=http://127.0.0.1:5,m2=http://127.0.0.1:10,m3=http://127.0.0.1:15",
		}},
		{"encrypted", scenarios.Configuration{Members: 3, TLS: secure}, 1, []string{
			"--listen-client-urls=https://127.0.0.1:4", "--listen-peer-urls=http://127.0.0.1:5", "--listen-metrics-urls=http://127.0.0.1:6",
			"--cert-file=/tls/m2.crt", "--trusted-ca-file=/tls/ca --client-cert-auth=true",
		}},
		{"beside learners", scenarios.Configuration{Members: 1, Learners: 2}, 0, []string{"--initial-cluster=m1=http://127.0.0.1:2 --initial-cluster-state=new"}},
		{"the first learner", scenarios.Configuration{Members: 1, Learners: 2}, 1, []string{"--initial-cluster=m1=http://127.0.0.1:2,m2=http://127.0.0.1:5 --initial-cluster-state=existing"}},
		{"the second learner", scenarios.Configuration{Members: 1, Learners: 2}, 2, []string{"m2=http://127.0.0.1:5,m3=http://127.0.0.1:8 --initial-cluster-state=existing"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h.order.Configuration = tt.c
			sites, err := h.makeSites(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			flags := strings.Join(etcdFlags(tt.c, files, sites[tt.member], founding(sites, sites[tt.member], "T")), " ")
			for _, want := range tt.want {
				if !strings.Contains(flags, want) {
					t.Errorf("%q lacks %q", flags, want)
				}
			}
		})
	}
}

// hostForTest is a host in the test's own process: its members are children of the test.
func hostForTest(t *testing.T, members int, ports func(context.Context, int) ([]int, error)) host {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := t.TempDir()
	if err := os.Mkdir(logFolder(run), 0o755); err != nil {
		t.Fatal(err)
	}
	lock, err := claimData(run, false, folders{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lock.Close() })
	o := order{Executable: executable, Configuration: scenarios.Configuration{Members: members}, StartTimeout: startTimeout, StopTimeout: time.Second}
	h := host{run: run, lock: lock, order: o, ports: ports}
	if err := h.prepare(); err != nil {
		t.Fatal(err)
	}
	return h
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
