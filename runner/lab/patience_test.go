package lab

import (
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

func TestPatienceGrowsWithTheDelaysAskedFor(t *testing.T) {
	far := scenarios.Links{Pairs: []scenarios.Pair{{A: "m1", B: "m3", Link: scenarios.Link{RTT: time.Second, Jitter: 200 * time.Millisecond}}}}
	slow := scenarios.Disk{FsyncDelay: scenarios.FsyncDelay{P50: time.Second, P99: 2 * time.Second, StallFor: 3 * time.Second}}
	for name, tt := range map[string]struct {
		of           scenarios.Configuration
		start, probe time.Duration
	}{
		"no delay":         {scenarios.Configuration{Members: 3}, 10 * time.Second, time.Second},
		"slow disk":        {scenarios.Configuration{Members: 1, Disk: slow}, 76 * time.Second, time.Second},
		"one far pair":     {scenarios.Configuration{Members: 3, Links: far}, 32 * time.Second, 4300 * time.Millisecond},
		"learners":         {scenarios.Configuration{Members: 1, Learners: 2}, 26 * time.Second, time.Second},
		"no pair is there": {scenarios.Configuration{Members: 1, Links: far}, 10 * time.Second, time.Second},
	} {
		if got := startTimeoutOf(tt.of); got != tt.start {
			t.Errorf("%s: start timeout %v, want %v", name, got, tt.start)
		}
		if got := probeTimeoutOf(tt.of); got != tt.probe {
			t.Errorf("%s: probe timeout %v, want %v", name, got, tt.probe)
		}
	}
}

func TestImpatienceNamesAnElectionTimeoutThatFits(t *testing.T) {
	c := scenarios.Configuration{Members: 3, Links: scenarios.Links{Peer: scenarios.Link{RTT: 2 * time.Second}}}
	if got := impatience(c); !strings.Contains(got, "election timeout of 1s") || !strings.HasSuffix(got, "etcd.election-timeout = 20000") {
		t.Errorf("with etcd's own election timeout: %q", got)
	}
	c.Flags = []scenarios.Flag{{Name: "election-timeout", Value: "20000"}}
	if got := impatience(c); got != "" {
		t.Errorf("with ten round trips: %q", got)
	}
}
