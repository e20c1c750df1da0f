package doctor

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
)

// The limits, with their sources.
const (
	// etcd's mixin: etcdDatabaseQuotaLowSpace at 95 %; told from 80 % on.
	quotaFail, quotaWarn = 0.95, 0.80
	// etcd's mixin: etcdDatabaseHighFragmentationRatio where less than half is in use, above 100 MiB.
	fragmented, fragmentedBytes = 0.5, 100 << 20
	// A follower that is further behind is sent a snapshot before long (--snapshot-catchup-entries is 5000).
	raftSpread = 1000
	// Certificates are renewed when a third of their life is left (as cert-manager
	// does it), or a month before kubeadm's end after a year.
	expiryFail, expiryWarn = 7 * 24 * time.Hour, 30 * 24 * time.Hour
	// etcd's tuning guide: a heartbeat of 0.5 to 1.5 times the round trip between members, an
	// election timeout of at least ten times it; etcd itself refuses one below five heartbeats.
	heartbeatLeast, electionLeast, electionHeartbeats = 0.5, 10, 5
	// etcd supports its current and its previous minor release.
	oldestMinor = 6
	// A light write on a healthy cluster takes less: an fsync of 10 ms (etcd's FAQ) and a round trip.
	probeWarn, probeFail = 25 * time.Millisecond, 100 * time.Millisecond
	// Kubernetes' own limit of objects of one kind (150,000 pods).
	manyKeys = 150_000
)

// rules are all that is looked at, in the order in which it is told where it came out alike.
var rules = []func(*seen) *Finding{
	reachable, healthy, membership, leadership, alarms, versions, raftIndex, quota, fragmentation, consistency,
	certificates, timing, floor, keys,
}

// told makes a finding: of bad, if there is any, with that status and remedy, else of good.
func told(name string, bad []string, status Status, remedy string, good ...string) *Finding {
	if len(bad) > 0 {
		return &Finding{Name: name, Status: status, Evidence: bad, Remedy: remedy}
	}
	return &Finding{Name: name, Status: OK, Evidence: good}
}

func skipped(name, format string, args ...any) *Finding {
	return &Finding{Name: name, Status: Skipped, Evidence: []string{fmt.Sprintf(format, args...)}}
}

// reachable: each endpoint answers.
func reachable(s *seen) *Finding {
	var bad []string
	for _, e := range s.endpoints {
		if e.err != nil {
			bad = append(bad, e.err.Error())
		}
	}
	return told("endpoints", bad, Fail, "Start the member, or look for what lies between: its address, a firewall, its certificate.", fmt.Sprintf("%s answered", counted(len(s.endpoints), "endpoint")))
}

// healthy: each endpoint serves a linearizable read, as etcdctl's endpoint health asks for it.
func healthy(s *seen) *Finding {
	var bad []string
	for _, e := range s.up() {
		if e.health != nil && !e.status.IsLearner {
			bad = append(bad, fmt.Sprintf("%s does not serve a linearizable read: %v", e.url, e.health))
		}
	}
	return told("health", bad, Fail, "A majority of members must be up and reach one another; look into their logs.", "each serves linearizable reads")
}

// up are the endpoints that answered.
func (s *seen) up() (all []endpoint) {
	for _, e := range s.endpoints {
		if e.err == nil {
			all = append(all, e)
		}
	}
	return all
}

// membership: an odd number of members vote, all have started, and each was looked at.
func membership(s *seen) *Finding {
	if s.members == nil {
		return unseen("members", "the list of members", s.memberErr)
	}
	voters, bad, seenIDs := 0, []string{}, map[uint64]bool{}
	for _, e := range s.up() {
		seenIDs[e.status.Header.MemberId] = true
	}
	for _, m := range s.members {
		if !m.IsLearner {
			voters++
		}
		switch {
		case m.Name == "":
			bad = append(bad, fmt.Sprintf("the member %x has never started", m.ID))
		case m.IsLearner:
			bad = append(bad, m.Name+" is a learner, which does not vote")
		case !seenIDs[m.ID]:
			bad = append(bad, m.Name+" was not looked at: no endpoint that answers is its")
		}
	}
	if voters%2 == 0 {
		bad = append(bad, fmt.Sprintf("%d members vote: one more than %d bears no failure more, and costs each write", voters, voters-1))
	}
	return told("members", bad, Warn, "Have 3 or 5 voting members, each named by an endpoint here; promote learners that have caught up, and remove members that never came.",
		fmt.Sprintf("%s, %d may fail", counted(voters, "voting member"), (voters-1)/2))
}

// leadership: all know the same leader, at the same term.
func leadership(s *seen) *Finding {
	var bad []string
	up := s.up()
	for _, e := range up {
		switch first := up[0].status; {
		case e.status.Leader == 0:
			bad = append(bad, e.url+" knows no leader")
		case e.status.Leader != first.Leader:
			bad = append(bad, fmt.Sprintf("%s follows %x (term %d), %s %x (term %d)", up[0].url, first.Leader, first.RaftTerm, e.url, e.status.Leader, e.status.RaftTerm))
		}
	}
	return told("leader", bad, Fail, "Without one leader nothing is written: look at the network between members, and at their disks.",
		fmt.Sprintf("%s leads in term %d", s.name(up[0].status.Leader), up[0].status.RaftTerm))
}

// name is a member's, by its ID.
func (s *seen) name(id uint64) string {
	i := slices.IndexFunc(s.members, func(m *etcdserverpb.Member) bool { return m.ID == id })
	if i < 0 || s.members[i].Name == "" {
		return fmt.Sprintf("%x", id)
	}
	return s.members[i].Name
}

// alarms: none is raised.
func alarms(s *seen) *Finding {
	if s.alarmErr != nil {
		return unseen("alarms", "the alarms", s.alarmErr)
	}
	var bad []string
	remedy := "Compact, defragment each member, and disarm the alarm (etcdctl alarm disarm): etcd refuses writes until then."
	for _, a := range s.alarms {
		bad = append(bad, fmt.Sprintf("%s has raised %s", s.name(a.MemberID), a.Alarm))
	}
	if slices.ContainsFunc(s.alarms, func(a *etcdserverpb.AlarmMember) bool { return a.Alarm != etcdserverpb.AlarmType_NOSPACE }) {
		remedy = "Read etcd's page on data corruption before anything else is done."
	}
	return told("alarms", bad, Fail, remedy, "none")
}

// raftIndex: no member is far behind, and each applies what is committed.
func raftIndex(s *seen) *Finding {
	var bad []string
	up := s.up()
	least, most := up[0], up[0]
	for _, e := range up {
		if e.status.RaftIndex < least.status.RaftIndex {
			least = e
		}
		if e.status.RaftIndex > most.status.RaftIndex {
			most = e
		}
		if lag := e.status.RaftIndex - e.status.RaftAppliedIndex; lag > raftSpread && lag < 1<<62 {
			bad = append(bad, fmt.Sprintf("%s has %d entries committed that it has not applied", e.url, lag))
		}
	}
	spread := most.status.RaftIndex - least.status.RaftIndex
	if spread > raftSpread {
		bad = append(bad, fmt.Sprintf("%s is %d entries behind %s (above %d it is sent a snapshot before long)", least.url, spread, most.url, raftSpread))
	}
	return told("raft-index", bad, Warn, "Look at the disk and the processors of the member that is behind, and at its network.", fmt.Sprintf("at most %d entries apart", spread))
}

// unseen is of what could not be asked for.
func unseen(name, what string, err error) *Finding {
	if errors.Is(err, rpctypes.ErrPermissionDenied) || errors.Is(err, rpctypes.ErrUserEmpty) {
		return skipped(name, "the user may not ask for %s: %v", what, err)
	}
	return skipped(name, "%s could not be read: %v", what, err)
}

func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// size prints bytes for people.
func size(n float64) string {
	for _, u := range []struct {
		of   float64
		name string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= u.of {
			return fmt.Sprintf("%.3g %s", n/u.of, u.name)
		}
	}
	return fmt.Sprintf("%.0f bytes", n)
}
