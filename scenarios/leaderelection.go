package scenarios

import "time"

// LeaderElection renews the Leases by which controllers elect their leader:
// those of the controller manager and the scheduler, and of others beside them.
type LeaderElection struct {
	// Locks is between 1 and 10,000; 2 by default.
	Locks int
	// Period is 2 s by default, as client-go has it; between 100 ms and a day.
	Period time.Duration
	// Uncached tells that the API servers have no watch cache: see [model.NoWatchCache].
	Uncached bool
}

func (LeaderElection) kind() string { return "leader-election" }

func (l LeaderElection) operations() []string {
	if l.Uncached {
		return []string{"get", "renew-lock"}
	}
	return []string{"renew-lock"}
}

func (l LeaderElection) requests() []request {
	renewals := perSecond(l.Locks, l.Period)
	return append(readFirst(l.Uncached, renewals), request{operation: "renew-lock", each: renewals, writes: true, value: 410})
}

func readLeaderElection(t *table, g given) Kind {
	switch {
	case t.has("locks"):
	case g.cluster.Controllers:
		t.derive("locks", "2", "controllers of [cluster]: the controller manager's and the scheduler's")
	default:
		t.faultHere("locks is missing, since controllers = false under [cluster]; write locks = 2")
	}
	return LeaderElection{
		Locks:  t.integer("locks", 2, 1, 10_000),
		Period: t.duration("period", 2*time.Second, 100*time.Millisecond, 24*time.Hour),

		Uncached: g.uncached(),
	}
}

func (l LeaderElection) encode(s *section) {
	s.integer("locks", l.Locks)
	s.duration("period", l.Period)
}
