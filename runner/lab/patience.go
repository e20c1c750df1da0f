package lab

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// startTimeoutOf is how long the members of a configuration may take until all
// are healthy: defaultStartTimeout, and what its own slowness costs. A cluster
// of three starts with some 30 fsyncs one after the other and some 10 round trips,
// and takes a learner only when its members have known one another for 5 s.
func startTimeoutOf(c scenarios.Configuration) time.Duration {
	d := c.Disk.FsyncDelay
	return defaultStartTimeout + 50*d.P50 + 5*d.P99 + 2*d.StallFor + 20*slowestPeers(c) +
		time.Duration(c.Learners)*learnerTimeout
}

// learnerTimeout is for one learner, whom etcd makes wait (server's HealthInterval).
const learnerTimeout = 8 * time.Second

// probeTimeoutOf is for one question to a member, which a starting etcd may never
// answer. A follower serves a linearizable read in two round trips to its peers.
func probeTimeoutOf(c scenarios.Configuration) time.Duration {
	return probeTimeout + 3*slowestPeers(c)
}

// slowestPeers is the longest round trip between two members; 0 for a single one.
func slowestPeers(c scenarios.Configuration) time.Duration {
	var slowest time.Duration
	names := c.MemberNames()
	for i, a := range names {
		for _, b := range names[:i] {
			l := c.Links.Between(a, b)
			slowest = max(slowest, l.RTT+l.Jitter/2)
		}
	}
	return slowest
}

// impatience says, after a start that took too long, that elections cannot
// succeed on the links that were asked for; it is empty where they can.
func impatience(c scenarios.Configuration) string {
	rtt, election := slowestPeers(c), electionTimeout(c)
	if 2*rtt <= election {
		return ""
	}
	return fmt.Sprintf("; a round trip of %v between members is too long for an election timeout of %v: etcd's guide advises ten round trips, so write etcd.election-timeout = %d",
		rtt, election, (10 * rtt).Milliseconds())
}

func electionTimeout(c scenarios.Configuration) time.Duration {
	const etcdsOwn = 1000 // in milliseconds
	ms := 0
	for _, f := range c.Flags {
		if f.Name == "election-timeout" {
			ms, _ = strconv.Atoi(f.Value) // etcd has taken it
		}
	}
	return time.Duration(cmp.Or(ms, etcdsOwn)) * time.Millisecond
}
