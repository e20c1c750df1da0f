package scenarios

import "time"

// Compaction compacts etcd's history as API servers do: each claims
// compact_rev_key once an Interval, and the one that gets it compacts up to the
// revision at its last turn.
type Compaction struct {
	// APIServers that take part, between 1 and 100; those of [cluster] by default.
	APIServers int
	// Interval is 5 min by default, as the API server has it; between 1 s and a day.
	Interval time.Duration
}

func (Compaction) kind() string { return "compaction" }

func (Compaction) operations() []string { return []string{"compaction", "claim", "compact"} }

func (c Compaction) requests() []request {
	return []request{
		{operation: "claim", each: perSecond(c.APIServers, c.Interval), writes: true, value: 10},
		{operation: "compact", each: perSecond(1, c.Interval)},
	}
}

func readCompaction(t *table, g given) Kind {
	return Compaction{
		APIServers: t.integer("apiservers", g.cluster.APIServers, 1, 100),
		Interval:   t.duration("interval", 5*time.Minute, time.Second, 24*time.Hour),
	}
}

func (c Compaction) encode(s *section) {
	s.integer("apiservers", c.APIServers)
	s.duration("interval", c.Interval)
}
