package lab

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// configured starts a lab of a configuration in TOML.
func configured(t *testing.T, text string) *Lab {
	t.Helper()
	c, err := scenarios.ParseConfiguration("lab.toml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return start(t, Spec{Run: t.TempDir(), Configuration: c})
}

// clientOf connects to a lab; nil files or an empty name leave out what the lab demands.
func clientOf(t *testing.T, l *Lab, certs Certificates, user, password string) *clientv3.Client {
	t.Helper()
	config, err := certs.config()
	if err != nil {
		t.Fatal(err)
	}
	c, err := clientv3.New(clientv3.Config{
		Endpoints: l.Endpoints(), TLS: config, Username: user, Password: password, Logger: zap.NewNop(), DialTimeout: 5 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestTLS(t *testing.T) {
	notUnderRace(t)
	l := configured(t, "members = 3\n[tls]\nclient = true\npeer = true\nmutual = true\n")
	for _, m := range l.Members() {
		if !strings.HasPrefix(m.Endpoint, "https://") || !strings.HasPrefix(m.Metrics, "http://") {
			t.Errorf("member %s is at %s, its metrics at %s", m.Name, m.Endpoint, m.Metrics)
		}
	}
	certs := l.Certificates()
	for _, file := range []string{certs.CACert, certs.Cert, certs.Key} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, want mode 0600 (%v)", file, info, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := clientOf(t, l, certs, "", "").Put(ctx, "key", "value"); err != nil {
		t.Errorf("with a certificate: %v", err)
	}
	short, cancelShort := context.WithTimeout(t.Context(), time.Second)
	defer cancelShort()
	if _, err := clientOf(t, l, Certificates{CACert: certs.CACert}, "", "").Get(short, "key"); err == nil {
		t.Error("a client without a certificate was served")
	}
	stop(t, l)
	mustNotExist(t, certs.Key)
}

func TestUsers(t *testing.T) {
	notUnderRace(t)
	l := configured(t, `
[auth]
as = "bench"
[auth.role.registry]
readwrite = ["/registry/"]
read = [""]
[auth.user.bench]
roles = ["registry"]
`)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	name, password := l.User()
	if name != "bench" || password == "" {
		t.Fatalf("the user is %q, with a password of %d characters", name, len(password))
	}
	c := clientOf(t, l, Certificates{}, name, password)
	if _, err := c.Put(ctx, "/registry/a", "x"); err != nil {
		t.Errorf("where it may write: %v", err)
	}
	if _, err := c.Get(ctx, "elsewhere"); err != nil {
		t.Errorf("where it may read: %v", err)
	}
	if _, err := c.Put(ctx, "elsewhere", "x"); !errors.Is(err, rpctypes.ErrPermissionDenied) {
		t.Errorf("where it may not write: %v", err)
	}
	if _, err := clientOf(t, l, Certificates{}, "", "").Put(ctx, "/registry/a", "x"); !errors.Is(err, rpctypes.ErrUserEmpty) {
		t.Errorf("without a user: %v", err)
	}
	stop(t, l)
}

func TestLearners(t *testing.T) {
	notUnderRace(t)
	l := configured(t, "members = 3\nlearners = 2\n[etcd]\nmax-learners = 2\n")
	if n := len(l.Endpoints()); n != 3 {
		t.Errorf("%d endpoints, want the 3 that vote", n)
	}
	learners := 0
	for _, m := range l.Members() {
		if m.Learner {
			learners++
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	list, err := clientOf(t, l, Certificates{}, "", "").MemberList(ctx)
	if err != nil {
		t.Fatal(err)
	}
	known := 0
	for _, m := range list.Members {
		if m.IsLearner && m.Name != "" {
			known++
		}
	}
	if learners != 2 || known != 2 {
		t.Errorf("%d learners were started and the cluster knows %d, want 2", learners, known)
	}
	stop(t, l)
}

// Members run with the environment and the settings that were asked for, and say so.
func TestSettings(t *testing.T) {
	notUnderRace(t)
	l := configured(t, "[etcd]\nheartbeat-interval = \"50ms\"\nquota-backend-bytes = \"3GiB\"\n[env]\nGOGC = 50\nGOMAXPROCS = 1\n")
	m := l.Members()[0]
	environment, err := os.ReadFile(procFile(m.PID, "environ"))
	if got := strings.TrimRight(string(environment), "\x00"); err != nil || got != "GOGC=50\x00GOMAXPROCS=1" {
		t.Errorf("the environment is %q, %v", got, err)
	}
	for key, want := range map[string]any{"heartbeat-interval": "50ms", "quota-backend-bytes": float64(3 << 30), "max-cpu-set": float64(1)} {
		if got := m.Settings[key]; got != want {
			t.Errorf("it says that %s is %v, want %v; all: %v", key, got, want, m.Settings)
		}
	}
	if !strings.Contains(strings.Join(m.Command, " "), "--quota-backend-bytes=3221225472") {
		t.Errorf("the command is %q", m.Command)
	}
	stop(t, l)
}

// Data may lie on other disks than the run folder, and leave nothing there.
func TestDataElsewhere(t *testing.T) {
	notUnderRace(t)
	data, wal := t.TempDir(), t.TempDir()
	l := configured(t, "[disk]\ndata = \""+data+"\"\nwal = \""+wal+"\"\n")
	for _, pattern := range []string{filepath.Join(data, "*", "m1", "member", "snap", "db"), filepath.Join(wal, "*", "m1-wal", "*.wal")} {
		if found, err := filepath.Glob(pattern); err != nil || len(found) != 1 {
			t.Errorf("%s: %v, %v; want one", pattern, found, err)
		}
	}
	if !strings.HasPrefix(l.Data(), data) {
		t.Errorf("the data are said to lie in %s", l.Data())
	}
	stop(t, l)
	for _, dir := range []string{data, wal} {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left in %s: %v, %v", dir, left, err)
		}
	}
}

func TestDataElsewhereIsMissing(t *testing.T) {
	notUnderRace(t)
	run := t.TempDir()
	_, err := Start(t.Context(), Spec{Run: run, Configuration: scenarios.Configuration{Members: 1, Disk: scenarios.Disk{Data: filepath.Join(run, "none")}}})
	if err == nil || !strings.Contains(err.Error(), "creating a folder for the members' data") {
		t.Errorf("error %v", err)
	}
	mustNotExist(t, dataFolder(run))
}

// Sweep removes what a killed lab left on other disks, and only what is its own.
func TestSweepElsewhere(t *testing.T) {
	notUnderRace(t)
	runs, disk := t.TempDir(), t.TempDir()
	run := filepath.Join(runs, "killed")
	if err := os.Mkdir(run, 0o755); err != nil {
		t.Fatal(err)
	}
	c := scenarios.Configuration{Members: 1, Disk: scenarios.Disk{Data: disk}}
	lock, err := claimData(run, false, foldersOf(Spec{Run: run, Configuration: c}))
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(disk, elsewhereOf+"foreign")
	if err := os.Mkdir(foreign, 0o755); err != nil {
		t.Fatal(err)
	}
	if removed, err := Sweep(runs); err != nil || len(removed) != 1 {
		t.Errorf("removed %v, %v", removed, err)
	}
	if left, err := os.ReadDir(disk); err != nil || len(left) != 1 || left[0].Name() != filepath.Base(foreign) {
		t.Errorf("left: %v, %v; want only what is not ours", left, err)
	}
}
