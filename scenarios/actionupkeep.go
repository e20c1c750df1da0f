package scenarios

import "time"

// MoveLeader makes another member the leader: To, or where that is SelectFollower any that is not.
type MoveLeader struct{ To Selector }

func readMoveLeader(t *table) Do {
	return MoveLeader{t.selector("to", SelectFollower, SelectFollower)}
}

func (MoveLeader) do() string                      { return "move-leader" }
func (MoveLeader) lasts() time.Duration            { return 0 }
func (m MoveLeader) befalls() (string, []Selector) { return "to", []Selector{m.To} }
func (m MoveLeader) encode(s *section)             { s.text("to", string(m.To)) }

// Compact compacts the history up to the present revision.
type Compact struct{}

func readCompact(*table) Do { return Compact{} }

func (Compact) do() string           { return "compact" }
func (Compact) lasts() time.Duration { return 0 }
func (Compact) encode(*section)      {}

// Defragment has members rewrite their databases, one after the other, the leader
// last. A member serves nothing meanwhile.
type Defragment struct{ Member Selector }

func readDefragment(t *table) Do {
	return Defragment{t.selector("member", SelectAll, anyMember...)}
}

func (Defragment) do() string                      { return "defragment" }
func (Defragment) lasts() time.Duration            { return 0 }
func (d Defragment) befalls() (string, []Selector) { return "member", []Selector{d.Member} }
func (d Defragment) encode(s *section)             { s.text("member", string(d.Member)) }

// Snapshot streams a snapshot from a member, and has it checked. Where Member is
// SelectFollower and there is only one member, it is that one.
type Snapshot struct{ Member Selector }

func readSnapshot(t *table) Do {
	return Snapshot{t.selector("member", SelectFollower, anyMember...)}
}

func (Snapshot) do() string                      { return "snapshot" }
func (Snapshot) lasts() time.Duration            { return 0 }
func (d Snapshot) befalls() (string, []Selector) { return "member", []Selector{d.Member} }
func (d Snapshot) encode(s *section)             { s.text("member", string(d.Member)) }

// RollingRestart restarts all members, one after the other, the leader last; each
// serves before the next is asked to end, and a Pause lies between.
type RollingRestart struct {
	// Pause is none by default.
	Pause time.Duration
}

func readRollingRestart(t *table) Do {
	return RollingRestart{t.duration("pause", 0, 0, maxSpan)}
}

func (RollingRestart) do() string           { return "rolling-restart" }
func (RollingRestart) lasts() time.Duration { return 0 }
func (r RollingRestart) encode(s *section)  { s.duration("pause", r.Pause) }

// Fill writes until etcd takes no more (NOSPACE). After For what it wrote is
// deleted, the history compacted, the members defragmented and the alarm disarmed.
type Fill struct{ For time.Duration }

func readFill(t *table) Do { return Fill{readLasts(t)} }

func (Fill) do() string             { return "fill" }
func (f Fill) lasts() time.Duration { return f.For }
func (f Fill) encode(s *section)    { s.duration("for", f.For) }

// Scale makes it a cluster of To members: each new one is added as a learner,
// catches up and is promoted.
type Scale struct {
	// To is 1, 3 or 5.
	To int
}

func readScale(t *table) Do {
	s := Scale{To: 3}
	if t.require("to", "to = 3") {
		s.To = t.integer("to", 3, 1, 5)
		if s.To%2 == 0 {
			t.fault("to", "= %d: a cluster has 1, 3 or 5 members", s.To)
		}
	} else {
		t.take("to")
	}
	return s
}

func (Scale) do() string           { return "scale" }
func (Scale) lasts() time.Duration { return 0 }
func (c Scale) encode(s *section)  { s.integer("to", c.To) }

// DisasterRecovery kills all members and takes their data away. After For a new
// cluster is made from the last snapshot that an action has taken, at the same
// addresses, and the load goes on there.
type DisasterRecovery struct {
	// For is 5 s by default.
	For time.Duration
}

func readDisasterRecovery(t *table) Do {
	return DisasterRecovery{t.duration("for", 5*time.Second, 0, maxSpan)}
}

func (DisasterRecovery) do() string             { return "disaster-recovery" }
func (d DisasterRecovery) lasts() time.Duration { return d.For }
func (d DisasterRecovery) encode(s *section)    { s.duration("for", d.For) }
