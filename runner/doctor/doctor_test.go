package doctor

import (
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// admitted starts a lab, of which a patient is made.
func admitted(tb testing.TB, configuration string) (*lab.Lab, Patient) {
	tb.Helper()
	c, err := scenarios.ParseConfiguration("test.toml", []byte(configuration), nil)
	if err != nil {
		tb.Fatal(err)
	}
	l, err := lab.Start(tb.Context(), lab.Spec{Run: filepath.Join(tb.TempDir(), "run"), Configuration: c})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := l.Stop(tb.Context()); err != nil {
			tb.Error(err)
		}
	})
	p := Patient{Endpoints: l.Endpoints()}
	if p.TLS, err = l.TLS(); err != nil {
		tb.Fatal(err)
	}
	for _, m := range l.Members() {
		p.Metrics = append(p.Metrics, m.Metrics)
	}
	return l, p
}

func examined(tb testing.TB, p Patient, w Wishes) Diagnosis {
	tb.Helper()
	d, err := Examine(tb.Context(), p, w)
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range d.Findings {
		tb.Logf("%s %s: %s", f.Status, f.Name, strings.Join(f.Evidence, "; "))
		if (f.Status == Fail || f.Status == Warn) != (f.Remedy != "") || len(f.Evidence) == 0 {
			tb.Errorf("%+v", f)
		}
	}
	return d
}

func statusOf(tb testing.TB, d Diagnosis, name string) Status {
	tb.Helper()
	for _, f := range d.Findings {
		if f.Name == name {
			return f.Status
		}
	}
	tb.Fatalf("no finding %s", name)
	return ""
}

// Three encrypted members are well; the probe leaves nothing; when one is killed, that is told.
func TestExamine(t *testing.T) {
	t.Parallel()
	l, p := admitted(t, "name = \"three\"\nmembers = 3\n[tls]\nclient = true\npeer = true\nmutual = true\n")
	client, err := clientv3.New(clientv3.Config{Endpoints: p.Endpoints, TLS: p.TLS, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for i := range 1200 {
		key := "/registry/pods/default/p" + strconv.Itoa(i)
		if i >= 1100 {
			key = "/registry/apiextensions.k8s.io/customresourcedefinitions/c" + strconv.Itoa(i)
		}
		if _, err := client.Put(t.Context(), key, strings.Repeat("x", 100)); err != nil {
			t.Fatal(err)
		}
	}
	// What others have below the probe's prefix stays.
	if _, err := client.Put(t.Context(), "/etcd-dyno/doctor/mine", "x"); err != nil {
		t.Fatal(err)
	}
	d := examined(t, p, Wishes{Probe: "/etcd-dyno/doctor/", Disk: t.TempDir()})
	for _, name := range []string{"endpoints", "health", "members", "leader", "alarms", "versions", "raft-index", "quota", "fragmentation", "consistency", "certificates", "keys"} {
		if got := statusOf(t, d, name); got != OK {
			t.Errorf("%s is %s", name, got)
		}
	}
	if d.Keys == nil || d.Keys.Keys != 1201 || d.Keys.Looked != 1201 || len(d.Keys.Prefixes) != 3 ||
		d.Keys.Prefixes[0].Prefix != "/registry/pods/" || d.Keys.Prefixes[0].Keys != 1100 || d.Keys.Prefixes[1].Prefix != "/registry/apiextensions.k8s.io/customresourcedefinitions/" {
		t.Errorf("keys %+v", d.Keys)
	}
	if mean := d.Keys.Prefixes[0].MeanBytes; mean < 120 || mean > 130 {
		t.Errorf("a pod has %v bytes on average", mean)
	}
	left, err := client.Get(t.Context(), "/etcd-dyno/", clientv3.WithPrefix(), clientv3.WithCountOnly())
	if err != nil || left.Count != 1 {
		t.Errorf("%d keys are left below the probe's prefix, one of them another's: %v", left.Count, err)
	}
	leases, err := client.Leases(t.Context())
	if err != nil || len(leases.Leases) != 0 {
		t.Errorf("%v %v leases are left", leases.Leases, err)
	}
	some := examined(t, p, Wishes{Keys: 1000})
	if some.Keys.Looked != 1000 || !strings.Contains(strings.Join(evidenceOf(t, some, "keys"), ""), "the first 1000") {
		t.Errorf("keys %+v", some.Keys)
	}

	if err := l.Kill(t.Context(), "m2"); err != nil {
		t.Fatal(err)
	}
	d = examined(t, p, Wishes{})
	if d.Findings[0].Status != Fail || statusOf(t, d, "endpoints") != Fail || !d.Failed() || statusOf(t, d, "members") != Warn || statusOf(t, d, "consistency") != Skipped {
		t.Errorf("with a dead member: %+v", d.Findings[0])
	}
}

func evidenceOf(tb testing.TB, d Diagnosis, name string) []string {
	tb.Helper()
	for _, f := range d.Findings {
		if f.Name == name {
			return f.Evidence
		}
	}
	tb.Fatalf("no finding %s", name)
	return nil
}

// Who may not ask is told so; nothing is called well that was not seen.
func TestExamineWithoutRights(t *testing.T) {
	t.Parallel()
	l, p := admitted(t, `members = 1
[etcd]
bcrypt-cost = 4 # the least: the race detector makes it slow
[auth]
as = "bench"
[auth.role.leases]
readwrite = ["/registry/leases/"]
[auth.user.bench]
roles = ["leases"]
`)
	if _, err := Examine(t.Context(), p, Wishes{}); !errors.Is(err, ErrNobody) || !strings.Contains(err.Error(), "it wants a user") {
		t.Errorf("without a user: %v", err)
	}
	p.Username, p.Password = l.User()
	if d := examined(t, p, Wishes{}); statusOf(t, d, "keys") != Skipped || d.Failed() {
		t.Error("a user of leases saw all keys, or something failed")
	}
	p.Username, p.Password = scenarios.Root, l.RootPassword()
	if d := examined(t, p, Wishes{}); statusOf(t, d, "keys") != OK || d.Failed() {
		t.Error("root did not see the keys, or something failed")
	}
}

func TestNobody(t *testing.T) {
	t.Parallel()
	_, err := Examine(t.Context(), Patient{Endpoints: []string{"http://127.0.0.1:1"}}, Wishes{})
	if !errors.Is(err, ErrNobody) || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("error %v", err)
	}
}

func TestDisk(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	f := probeDisk(t.Context(), folder)
	if f.Status == Skipped || !strings.Contains(f.Evidence[0], "p99") {
		t.Errorf("%+v", f)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("left in the folder: %v %v", left, err)
	}
	if f := probeDisk(t.Context(), filepath.Join(folder, "nowhere")); f.Status != Skipped {
		t.Errorf("%+v", f)
	}
}

// patient is two members of three as rules see them, all well.
func patient() *seen {
	of := func(url string, id uint64) endpoint {
		return endpoint{
			url: url, fastest: time.Millisecond, command: []string{"etcd", "--name=x"}, quota: 2 << 30,
			status: &clientv3.StatusResponse{
				Header:  &etcdserverpb.ResponseHeader{MemberId: id, Revision: 7},
				Version: "3.7.3", DbSize: 200 << 20, DbSizeInUse: 180 << 20, Leader: 1, RaftIndex: 5000, RaftTerm: 2, RaftAppliedIndex: 5000,
			},
			hash:    &clientv3.HashKVResponse{Hash: 9},
			peerRTT: results.ServerHistogram{Buckets: []results.ServerBucket{{FromMS: 0.4, ToMS: 0.8, Count: 100}}},
		}
	}
	return &seen{
		endpoints:    []endpoint{of("a", 1), of("b", 2), of("c", 3)},
		members:      []*etcdserverpb.Member{{ID: 1, Name: "m1"}, {ID: 2, Name: "m2"}, {ID: 3, Name: "m3"}},
		hashRevision: 7, contents: &Contents{Keys: 3, Looked: 3, Prefixes: []Prefix{{Prefix: "/registry/pods/", Keys: 3}}},
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	ends := func(in time.Duration) []*x509.Certificate { // after a year, as those of kubeadm
		return []*x509.Certificate{{NotBefore: time.Now().Add(in - 365*24*time.Hour), NotAfter: time.Now().Add(in)}}
	}
	for _, tc := range []struct {
		name   string
		rule   func(*seen) *Finding
		change func(*seen)
		want   Status
		says   string
	}{
		{"an endpoint is down", reachable, func(s *seen) { s.endpoints[1].err = errors.New("refused") }, Fail, "refused"},
		{"no linearizable read", healthy, func(s *seen) { s.endpoints[1].health = errors.New("too slow") }, Fail, "b does not serve"},
		{"an even number", membership, func(s *seen) {
			s.members = append(s.members, &etcdserverpb.Member{ID: 4, Name: "m4"})
			s.endpoints = append(s.endpoints, s.endpoints[0])
			s.endpoints[3].status = &clientv3.StatusResponse{Header: &etcdserverpb.ResponseHeader{MemberId: 4}}
		}, Warn, "4 members vote"},
		{"a learner", membership, func(s *seen) { s.members = append(s.members, &etcdserverpb.Member{ID: 4, Name: "m4", IsLearner: true}) }, Warn, "m4 is a learner"},
		{"never started", membership, func(s *seen) { s.members[2].Name = "" }, Warn, "has never started"},
		{"not looked at", membership, func(s *seen) { s.endpoints = s.endpoints[:2] }, Warn, "m3 was not looked at"},
		{"the list is not told", membership, func(s *seen) { s.members = nil; s.memberErr = errors.New("no") }, Skipped, "no"},
		{"no leader", leadership, func(s *seen) { s.endpoints[1].status.Leader = 0 }, Fail, "b knows no leader"},
		{"two leaders", leadership, func(s *seen) { s.endpoints[1].status.Leader = 2 }, Fail, "b 2"},
		{"out of space", alarms, func(s *seen) {
			s.alarms = []*etcdserverpb.AlarmMember{{MemberID: 2, Alarm: etcdserverpb.AlarmType_NOSPACE}}
		}, Fail, "m2 has raised NOSPACE"},
		{"out of space and corrupt", alarms, func(s *seen) {
			s.alarms = []*etcdserverpb.AlarmMember{{MemberID: 2, Alarm: etcdserverpb.AlarmType_CORRUPT}, {MemberID: 3, Alarm: etcdserverpb.AlarmType_NOSPACE}}
		}, Fail, "m2 has raised CORRUPT; m3 has raised NOSPACE"},
		{"one member of three", consistency, func(s *seen) { s.endpoints = s.endpoints[:1] }, Skipped, "1 of 3 members"},
		{"no certificate shown", certificates, func(s *seen) { s.client, s.encrypted = ends(1000 * time.Hour)[0], true }, Skipped, "a showed none"},
		{"different heartbeats", timing, func(s *seen) { s.endpoints[2].command = []string{"etcd", "--heartbeat-interval=150"} }, Warn, "c 150"},
		{"mixed versions", versions, func(s *seen) { s.endpoints[2].status.Version = "3.6.1" }, Warn, "c 3.6.1"},
		{"an old version", versions, func(s *seen) {
			for i := range s.endpoints {
				s.endpoints[i].status.Version = "3.4.30"
			}
		}, Warn, "a runs 3.4.30"},
		{"far behind", raftIndex, func(s *seen) { s.endpoints[2].status.RaftIndex, s.endpoints[2].status.RaftAppliedIndex = 3000, 3000 }, Warn, "c is 2000 entries behind a"},
		{"not applied", raftIndex, func(s *seen) { s.endpoints[2].status.RaftAppliedIndex = 3000 }, Warn, "2000 entries committed"},
		{"near the quota", quota, func(s *seen) { s.endpoints[0].status.DbSize = 1741 << 20 }, Warn, "85.0 %"},
		{"at the quota", quota, func(s *seen) { s.endpoints[0].status.DbSizeQuota = 201 << 20 }, Fail, "99.5 %"},
		{"no quota told", quota, func(s *seen) {
			for i := range s.endpoints {
				s.endpoints[i].quota = 0
			}
		}, Skipped, "tells of its quota"},
		{"fragmented", fragmentation, func(s *seen) { s.endpoints[0].status.DbSizeInUse = 50 << 20 }, Warn, "25 %"},
		{"fragmented, but small", fragmentation, func(s *seen) { s.endpoints[0].status.DbSize, s.endpoints[0].status.DbSizeInUse = 20<<20, 1<<20 }, OK, "at most 95 %"},
		{"different data", consistency, func(s *seen) { s.endpoints[2].hash = &clientv3.HashKVResponse{Hash: 8} }, Fail, "c 00000008"},
		{"a compaction between", consistency, func(s *seen) { s.endpoints[2].hash = &clientv3.HashKVResponse{Hash: 8, CompactRevision: 5} }, Skipped, "compaction"},
		{"no hash", consistency, func(s *seen) { s.endpoints[2].hashErr = errors.New("denied") }, Skipped, "none of c: denied"},
		{"a certificate of a day", certificates, func(s *seen) { s.endpoints[0].certificates = ends(24 * time.Hour) }, Fail, "that of a ends"},
		{"a certificate of two weeks", certificates, func(s *seen) { s.endpoints[0].certificates = ends(14 * 24 * time.Hour) }, Warn, "in 13 days"},
		{"a certificate that has ended", certificates, func(s *seen) { s.client = ends(-time.Hour)[0] }, Fail, "the client certificate ended"},
		{"a certificate for a month, a day old", certificates, func(s *seen) {
			s.endpoints[0].certificates = []*x509.Certificate{{NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(29 * 24 * time.Hour)}}
		}, OK, "that of a ends"},
		{"a good certificate", certificates, func(s *seen) { s.endpoints[0].certificates = ends(1000 * time.Hour) }, OK, "in 41 days"},
		{"a heartbeat that is too fast", timing, func(s *seen) {
			for i := range s.endpoints {
				s.endpoints[i].peerRTT.Buckets = []results.ServerBucket{{FromMS: 204.8, ToMS: 409.6, Count: 100}}
			}
		}, Warn, "less than half a round trip"},
		{"too short an election", timing, func(s *seen) {
			for i := range s.endpoints {
				s.endpoints[i].command = []string{"etcd", "--heartbeat-interval", "300", "-election-timeout=1200"}
			}
		}, Warn, "less than 5 heartbeats"},
		{"a configuration file", timing, func(s *seen) {
			for i := range s.endpoints {
				s.endpoints[i].command = []string{"etcd", "--config-file", "/etc/etcd.yaml"}
			}
		}, Skipped, "configuration file"},
		{"slow writes", floor, func(s *seen) {
			s.probe = &latency{puts: []time.Duration{200 * time.Millisecond}, gets: []time.Duration{time.Millisecond}}
		}, Fail, "200ms"},
		{"very many keys", keys, func(s *seen) { s.contents.Prefixes[0].Keys = 200_000 }, Warn, "200000 keys below /registry/pods/"},
		{"keys that may not be read", keys, func(s *seen) { s.contents, s.contentsErr = nil, errors.New("denied") }, Skipped, "denied"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if f := tc.rule(patient()); f.Status != OK && f.Name != "certificates" {
				t.Errorf("of one that is well: %+v", f)
			}
			s := patient()
			tc.change(s)
			f := tc.rule(s)
			if f.Status != tc.want || !strings.Contains(strings.Join(f.Evidence, "; "), tc.says) {
				t.Errorf("%+v, want %s with …%s…", f, tc.want, tc.says)
			}
		})
	}
}

// Of two alarms the worse one has the word.
func TestRemedyOfCorruption(t *testing.T) {
	t.Parallel()
	s := patient()
	s.alarms = []*etcdserverpb.AlarmMember{{MemberID: 2, Alarm: etcdserverpb.AlarmType_CORRUPT}, {MemberID: 3, Alarm: etcdserverpb.AlarmType_NOSPACE}}
	if f := alarms(s); !strings.Contains(f.Remedy, "corruption") {
		t.Errorf("%+v", f)
	}
}

func TestPrefixOf(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"/registry/pods/default/x":                   "/registry/pods/",
		"/registry/minions/n1":                       "/registry/minions/",
		"/registry/cert-manager.io/certificates/d/x": "/registry/cert-manager.io/certificates/",
		"/registry/ranges/serviceips":                "/registry/ranges/",
		"compact_rev_key":                            "compact_rev_key",
		"a/b/c/d":                                    "a/b/",
		"/x":                                         "/",
		"/etcd-dyno/churn/registry/pods/default/pod-1": "/etcd-dyno/churn/",
	} {
		if got := prefixOf(key); got != want {
			t.Errorf("%s is below %s, want %s", key, got, want)
		}
	}
}
