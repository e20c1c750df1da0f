package runner

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/kube"
)

// standings are three members, of which the second leads.
func standings() membership {
	m := membership{leader: 22, term: 5}
	for i, id := range []uint64{11, 22, 33} {
		m.members = append(m.members, standing{
			endpoint: fmt.Sprintf("http://10.0.0.%d:2379", i+1), name: fmt.Sprintf("m%d", i+1),
			raft: kube.Raft{Member: id, Leader: 22, Term: 5, Leads: id == 22},
		})
	}
	return m
}

func TestPinned(t *testing.T) {
	const one, two, three = "http://10.0.0.1:2379", "http://10.0.0.2:2379", "http://10.0.0.3:2379"
	for _, tc := range []struct {
		name   string
		to     string
		change func(m *membership)
		want   []string
		wrong  string
	}{
		{name: "leader", to: "leader", want: []string{two}},
		{name: "followers", to: "followers", want: []string{one, three}},
		{name: "a member", to: "m3", want: []string{three}},
		{name: "a member behind two endpoints", to: "m3", change: func(m *membership) { m.members[0].name = "m3" }, want: []string{one, three}},
		{name: "no such member", to: "m4", wrong: `holding the client to "m4": there is no member m4; there are m1, m2, m3`},
		{name: "names not known", to: "m1", change: func(m *membership) {
			m.unnamed = errors.New("asking for the members: no")
			for i := range m.members {
				m.members[i].name = ""
			}
		}, wrong: "asking for the members: no"},
		{name: "one member, itself", to: "leader", change: func(m *membership) { m.members = m.members[1:2] }, want: []string{two}},
		{name: "one member, no follower", to: "followers", change: func(m *membership) { m.members = m.members[1:2] }, wrong: "there are no followers"},
		{name: "the leader is not behind an endpoint", to: "leader", change: func(m *membership) { m.leader = 44 }, wrong: "no member behind the endpoints leads"},
		{name: "nor do its followers stand out", to: "followers", change: func(m *membership) { m.leader = 44 }, wrong: "no member behind the endpoints leads"},
		{name: "an election", to: "leader", change: func(m *membership) { m.leader = 0 }, wrong: "no member behind the endpoints leads"},
		{name: "a silent member", to: "followers", change: func(m *membership) { m.members[2].err = errors.New("asking http://10.0.0.3:2379: dead") }, wrong: "every member must say how it stands: asking http://10.0.0.3:2379: dead"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := standings()
			if tc.change != nil {
				tc.change(&m)
			}
			got, err := m.pinned(tc.to)
			if !slices.Equal(got, tc.want) || tc.wrong == "" && err != nil || tc.wrong != "" && (err == nil || !strings.Contains(err.Error(), tc.wrong)) {
				t.Errorf("%v, %v; want %v, %q", got, err, tc.want, tc.wrong)
			}
		})
	}
}

// A new leader is told once, and with it what that means for a client that stays.
func TestNewLeaderBesidePins(t *testing.T) {
	const one, two, three = "http://10.0.0.1:2379", "http://10.0.0.2:2379", "http://10.0.0.3:2379"
	for _, tc := range []struct {
		name   string
		pinned []string
		leader uint64
		want   string
	}{
		{"free", nil, 33, "the leader is now member 21 (" + three + "), in term 6"},
		{"at the old leader", []string{two}, 33, "; the client stays at " + two + ", which follows now"},
		{"at the new one", []string{three}, 33, "; the client stays at " + three + ", which leads now"},
		{"at both followers", []string{one, three}, 33, "; the client stays at " + one + " and " + three + ", of which " + three + " leads now"},
		{"a leader elsewhere", []string{one, three}, 44, "the leader is now member 2c, in term 6; the client stays at " + one + " and " + three + ", none of which leads now"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var told []string
			target := &target{members: standings(), ref: results.ConfigurationRef{PinnedTo: tc.pinned}}
			l := newLeadership(target, func(_ results.EventKind, detail string) { told = append(told, detail) })
			l.saw(one, kube.Raft{Member: 11, Leader: 22, Term: 5}) // as it was
			for range 2 {
				l.saw(one, kube.Raft{Member: 11, Leader: tc.leader, Term: 6}) // a follower knows first
			}
			if len(told) != 1 || !strings.HasSuffix(told[0], tc.want) {
				t.Errorf("told %q, want it once and to end with %q", told, tc.want)
			}
		})
	}
}
