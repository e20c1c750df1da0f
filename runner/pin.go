package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// pins reports whether a client is held to some of the endpoints.
func pins(to string) bool { return to != "" && to != scenarios.ClientAll }

// membership is who is behind a target's endpoints, at one moment.
type membership struct {
	members []standing
	// leader and term are what the members know, 0 where they know none.
	leader, term uint64
	// unnamed tells why the members' names are not known; nil where they are.
	unnamed error
}

// standing is an endpoint and what is known of the member behind it.
type standing struct {
	endpoint, name string
	raft           kube.Raft
	err            error // why it did not answer
}

// surveyTimeout is how long a member may take to say how it stands.
const surveyTimeout = 2 * time.Second

// survey asks every endpoint how the member behind it stands. It is no error
// where some do not answer.
func survey(ctx context.Context, o kube.Options) (membership, error) {
	api, _, err := kube.Dial(ctx, o)
	if err != nil {
		return membership{}, err
	}
	m, err := ask(ctx, api)
	return m, errors.Join(err, api.Close())
}

func ask(ctx context.Context, api *kube.API) (membership, error) {
	ctx, cancel := context.WithTimeout(ctx, surveyTimeout)
	defer cancel()
	endpoints, err := api.Endpoints()
	if err != nil {
		return membership{}, err
	}
	m := membership{members: make([]standing, len(endpoints))}
	var wg sync.WaitGroup
	for i, e := range endpoints {
		wg.Go(func() {
			raft, err := e.Raft(ctx)
			m.members[i] = standing{endpoint: e.URL, raft: raft, err: err}
		})
	}
	wg.Wait()
	var names map[uint64]string
	for i, s := range m.members {
		if s.err == nil && names == nil {
			names, m.unnamed = endpoints[i].MemberNames(ctx)
		}
	}
	m.elect()
	for i := range m.members {
		m.members[i].name = names[m.members[i].raft.Member]
	}
	return m, nil
}

// elect finds who leads, by the latest term that a member tells of.
func (m *membership) elect() {
	for _, s := range m.members {
		if s.err == nil && s.raft.Term >= m.term && s.raft.Leader != 0 {
			m.leader, m.term = s.raft.Leader, s.raft.Term
		}
	}
}

// leads reports whether a member is the leader.
func (m membership) leads(s standing) bool {
	return s.err == nil && m.leader != 0 && s.raft.Member == m.leader
}

// names are of all members, or nil where one is not known.
func (m membership) names() (all []string) {
	for _, s := range m.members {
		if s.name == "" {
			return nil
		}
		all = append(all, s.name)
	}
	return all
}

// leaderEndpoint is where the leader is; empty where that is not known.
func (m membership) leaderEndpoint() string {
	for _, s := range m.members {
		if m.leads(s) {
			return s.endpoint
		}
	}
	return ""
}

// pinned are the endpoints that a client is held to: those of the leader, the
// followers, or a member by its name, as they stand now.
func (m membership) pinned(to string) ([]string, error) {
	of := func(s standing) bool { return s.name == to }
	switch to {
	case scenarios.ClientLeader:
		of = m.leads
	case scenarios.ClientFollowers:
		of = func(s standing) bool { return !m.leads(s) }
	}
	var chosen []string
	for _, s := range m.members {
		if s.err != nil {
			return nil, fmt.Errorf("holding the client to %q: every member must say how it stands: %w", to, s.err)
		}
		if of(s) {
			chosen = append(chosen, s.endpoint)
		}
	}
	if why := m.unheld(to, chosen); why != nil {
		return nil, fmt.Errorf("holding the client to %q: %w", to, why)
	}
	return chosen, nil
}

// unheld says why a client cannot be held to what was chosen.
func (m membership) unheld(to string, chosen []string) error {
	name := to != scenarios.ClientLeader && to != scenarios.ClientFollowers
	switch {
	case !name && m.leaderEndpoint() == "":
		return errors.New("no member behind the endpoints leads the cluster; name the leader's endpoint too")
	case len(chosen) > 0:
		return nil
	case !name:
		return errors.New("there are no followers: no endpoint but the leader's is known")
	case m.unnamed != nil:
		return m.unnamed
	}
	names := m.names()
	slices.Sort(names)
	return fmt.Errorf("there is no member %s; there are %s", to, strings.Join(slices.Compact(names), ", "))
}
