package scenarios_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

func TestParseConfiguration(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		want       scenarios.Configuration
	}{
		{"nothing", "", scenarios.Configuration{Name: "lab", Members: 1}},
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
				Name: "etcd-production", Description: "As in production.", Members: 3,
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
				Name: "lab", Members: 1,
				Flags: []scenarios.Flag{{Name: "heartbeat-interval", Value: "50"}, {Name: "quota-backend-bytes", Value: "0"}},
			},
		},
		{
			"endpoints with certificates", `
endpoints = ["https://10.0.0.1:2379", "https://[::1]:2379", "https://etcd.example.com:443"]
cacert = "ca.pem"
cert   = "me.pem"
key    = "me.key"
`,
			scenarios.Configuration{
				Name: "lab", CACert: "ca.pem", Cert: "me.pem", Key: "me.key",
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
