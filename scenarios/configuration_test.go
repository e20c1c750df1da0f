package scenarios_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

func TestParseConfiguration(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		want       scenarios.Configuration
	}{
		{"nothing", "", scenarios.Configuration{Name: "lab", Members: 1, Client: "all"}},
		{
			"a lab", `
name        = "etcd-production"
description = "As in production."
members     = 3
[etcd]
heartbeat-interval       = "250ms"
election-timeout         = "2.5s"
quota-backend-bytes      = "8GiB"
max-request-bytes        = 2_000_000
backend-batch-interval   = "10ms"
snapshot-count           = 10000
pre-vote                 = false
auto-compaction-retention = 5
log-level                = "warn"
feature-gates            = ["A=true", "B=false"]
`,
			scenarios.Configuration{
				Name: "etcd-production", Description: "As in production.", Members: 3, Client: "all",
				Flags: []scenarios.Flag{
					{Name: "auto-compaction-retention", Value: "5"},
					{Name: "backend-batch-interval", Value: "10ms"},
					{Name: "election-timeout", Value: "2500"},
					{Name: "feature-gates", Value: "A=true,B=false"},
					{Name: "heartbeat-interval", Value: "250"},
					{Name: "log-level", Value: "warn"},
					{Name: "max-request-bytes", Value: "2000000"},
					{Name: "pre-vote", Value: "false"},
					{Name: "quota-backend-bytes", Value: "8589934592"},
					{Name: "snapshot-count", Value: "10000"},
				},
			},
		},
		{
			"milliseconds and bytes as etcd takes them", "[etcd]\nheartbeat-interval = 50\nquota-backend-bytes = 0\n",
			scenarios.Configuration{
				Name: "lab", Members: 1, Client: "all",
				Flags: []scenarios.Flag{{Name: "heartbeat-interval", Value: "50"}, {Name: "quota-backend-bytes", Value: "0"}},
			},
		},
		{
			"all that a lab can be", `
members  = 3
learners = 1
version  = "v3.6.16"
[etcd]
experimental-peer-skip-client-san-verification = true
snapshot-count = 5000
tls-min-version = "TLS1.3"
[env]
GOGC = 50
GOMEMLIMIT = "1GiB"
[resources]
requests = { cpu = "500m", memory = "2Gi" }
limits   = { cpu = 1.5, memory = 4_294_967_296 }
[disk]
data = "/mnt/ssd/"
wal  = "/mnt/nvme"
fsync_delay = { p50 = "1ms", p99 = "20ms", stall = { every = "30s", for = "500ms" } }
drop_caches = true
[links]
client_rtt = "500us"
peer_rtt   = "20ms"
peer_jitter = "2ms"
peer_bandwidth = "1Gbit/s"
[links.pair.m3-m1]
rtt = "60ms"
[links.pair.client-m4]
rtt = "60ms"
bandwidth = "10MB/s"
[tls]
client = true
mutual = true
[auth]
as = "bench"
[auth.role.registry]
readwrite = ["/registry/", "compact_rev_key"]
[auth.user.bench]
roles = ["registry"]
[client]
endpoints = "m2"
`,
			scenarios.Configuration{
				Name: "lab", Members: 3, Learners: 1, Version: "v3.6.16", Client: "m2",
				Flags: []scenarios.Flag{
					{Name: "experimental-peer-skip-client-san-verification", Value: "true"},
					{Name: "snapshot-count", Value: "5000"},
					{Name: "tls-min-version", Value: "TLS1.3"},
				},
				Env: []scenarios.Variable{{Name: "GOGC", Value: "50"}, {Name: "GOMEMLIMIT", Value: "1GiB"}},
				Resources: scenarios.Resources{
					Requests: scenarios.Amounts{CPU: 500, Memory: 2 << 30}, Limits: scenarios.Amounts{CPU: 1500, Memory: 4 << 30},
				},
				Disk: scenarios.Disk{
					Data: "/mnt/ssd", WAL: "/mnt/nvme", Filtered: true, DropCaches: true,
					FsyncDelay: scenarios.FsyncDelay{P50: time.Millisecond, P99: 20 * time.Millisecond, StallEvery: 30 * time.Second, StallFor: 500 * time.Millisecond},
				},
				Links: scenarios.Links{
					Proxied: true, Client: scenarios.Link{RTT: 500 * time.Microsecond},
					Peer: scenarios.Link{RTT: 20 * time.Millisecond, Jitter: 2 * time.Millisecond, Bandwidth: 125_000_000},
					Pairs: []scenarios.Pair{
						{A: "client", B: "m4", Link: scenarios.Link{RTT: 60 * time.Millisecond, Bandwidth: 10_000_000}},
						{A: "m1", B: "m3", Link: scenarios.Link{RTT: 60 * time.Millisecond, Jitter: 2 * time.Millisecond, Bandwidth: 125_000_000}},
					},
				},
				TLS: scenarios.TLS{Client: true, Mutual: true},
				Auth: scenarios.Auth{
					Enabled: true, As: "bench", Users: []scenarios.User{{Name: "bench", Roles: []string{"registry"}}},
					Roles: []scenarios.Role{{Name: "registry", ReadWrite: []string{"/registry/", "compact_rev_key"}}},
				},
			},
		},
		{
			"filter and proxies that add nothing", "[disk]\nfsync_delay = \"0s\"\n[links]\nclient_rtt = \"0s\"\n",
			scenarios.Configuration{
				Name: "lab", Members: 1, Client: "all", Disk: scenarios.Disk{Filtered: true}, Links: scenarios.Links{Proxied: true},
			},
		},
		{
			"endpoints with certificates", `
endpoints = ["https://10.0.0.1:2379", "https://[::1]:2379", "https://etcd.example.com:443"]
cacert = "ca.pem"
cert   = "me.pem"
key    = "me.key"
apply  = ["./set-heartbeat", "250"]
[client]
endpoints = "leader"
[telemetry]
every = "5s"
urls = ["http://10.0.0.1:2381/metrics"]
`,
			scenarios.Configuration{
				Telemetry: scenarios.Telemetry{Every: 5 * time.Second, URLs: []string{"http://10.0.0.1:2381/metrics"}},
				Name:      "lab", Client: "leader", Apply: []string{"./set-heartbeat", "250"}, CACert: "ca.pem", Cert: "me.pem", Key: "me.key",
				Endpoints: []string{"https://10.0.0.1:2379", "https://[::1]:2379", "https://etcd.example.com:443"},
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := scenarios.ParseConfiguration("lab.toml", []byte(tt.text), nil)
			if err != nil {
				t.Fatal(err)
			}
			roundTripConfiguration(t, got)
			tt.want.SHA256 = got.SHA256
			if tt.want.Telemetry.Every == 0 {
				tt.want.Telemetry.Every = time.Second
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestConfigurationSets(t *testing.T) {
	t.Parallel()
	got, err := scenarios.LoadConfiguration("three", []string{"etcd.heartbeat-interval=50ms", "members=5"})
	if err != nil || got.Members != 5 || !slices.Equal(got.Flags, []scenarios.Flag{{Name: "heartbeat-interval", Value: "50"}}) {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = scenarios.LoadConfiguration("three", []string{"etcd.hartbeat-interval=50ms", "etcd.pre-vote=5"})
	wantFaults(t, err,
		`--set configuration.etcd.hartbeat-interval=50ms: etcd 3.7 has no flag "hartbeat-interval" (did you mean "heartbeat-interval"?)`,
		`--set configuration.etcd.pre-vote=5: pre-vote must be true or false, not 5`)
}

func roundTripConfiguration(t *testing.T, c scenarios.Configuration) {
	t.Helper()
	text := scenarios.EncodeConfiguration(c)
	back, err := scenarios.ParseConfiguration("back.toml", text, nil)
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, text)
	}
	if diff := cmp.Diff(c, back); diff != "" {
		t.Fatalf("(-want +got)\n%s\nin\n%s", diff, text)
	}
}

// What a pair does not say is as between any two parties.
func TestLinksBetween(t *testing.T) {
	t.Parallel()
	c, err := scenarios.ParseConfiguration("lab.toml", []byte("members = 3\n[links]\nclient_rtt = \"1ms\"\npeer_rtt = \"2ms\"\n[links.pair.m1-m3]\nrtt = \"9ms\"\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		a, b string
		want time.Duration
	}{
		{"client", "m1", time.Millisecond},
		{"m3", "client", time.Millisecond},
		{"m1", "m2", 2 * time.Millisecond},
		{"m1", "m3", 9 * time.Millisecond},
		{"m3", "m1", 9 * time.Millisecond},
	} {
		if got := c.Links.Between(tt.a, tt.b).RTT; got != tt.want {
			t.Errorf("%s to %s: %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestEtcdFlagNames(t *testing.T) {
	t.Parallel()
	names := scenarios.EtcdFlagNames()
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Error("the flags are not in order, each once")
	}
	for _, name := range []string{"heartbeat-interval", "data-dir", "feature-gates", "config-file"} {
		if !slices.Contains(names, name) {
			t.Errorf("flag %s is missing", name)
		}
	}
}
