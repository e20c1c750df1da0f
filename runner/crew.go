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
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// crew is the members of the target, each reachable by itself. It may be shared by goroutines.
type crew struct {
	operator *kube.Operator
	mu       sync.Mutex // guards all
	all      []hand
}

// hand is one member.
type hand struct {
	name string
	kube.Endpoint
	learner bool
}

// newCrew connects to each member of the target.
func newCrew(t *target) (*crew, error) {
	c := &crew{operator: t.api.Operator()}
	if t.lab != nil {
		for _, m := range t.lab.Members() {
			if _, err := c.add(m); err != nil {
				return nil, err
			}
		}
		return c, nil
	}
	for _, url := range t.ref.Endpoints {
		e, err := c.operator.Member(url)
		if err != nil {
			return nil, err
		}
		name := url
		for _, s := range t.members.members {
			if s.endpoint == url && s.name != "" {
				name = s.name
			}
		}
		c.all = append(c.all, hand{name: name, Endpoint: e})
	}
	return c, nil
}

// add takes a lab's member into the crew.
func (c *crew) add(m lab.Member) (hand, error) {
	e, err := c.operator.Member(m.Endpoint)
	if err != nil {
		return hand{}, err
	}
	h := hand{name: m.Name, Endpoint: e, learner: m.Learner}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, h)
	return h, nil
}

// join is add for a member that may not serve yet: where users are asked for their
// passwords, connecting takes an answer.
func (c *crew) join(ctx context.Context, m lab.Member) (hand, error) {
	ctx, cancel := context.WithTimeout(ctx, serveWithin)
	defer cancel()
	for {
		h, err := c.add(m)
		if err == nil || pause(ctx, lookEvery) != nil {
			return h, err
		}
	}
}

// remove takes a member out.
func (c *crew) remove(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = slices.DeleteFunc(c.all, func(h hand) bool { return h.name == name })
}

// members are all as they are now.
func (c *crew) members() []hand {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.all)
}

// How long it may take until somebody leads, or a member serves, and how often that is looked at.
const (
	leadWithin  = 30 * time.Second
	serveWithin = 60 * time.Second
	lookEvery   = 20 * time.Millisecond
)

// leader is the member that leads, by the word of those that answer; it waits until there is one.
func (c *crew) leader(ctx context.Context) (hand, error) {
	ctx, cancel := context.WithTimeout(ctx, leadWithin)
	defer cancel()
	for {
		members := c.members()
		all := standingOf(ctx, members)
		for i, s := range all.members {
			if all.leads(s) {
				return members[i], nil
			}
		}
		if pause(ctx, lookEvery) != nil {
			return hand{}, fmt.Errorf("no member leads the cluster within %v", leadWithin)
		}
	}
}

// standingOf asks members how they stand.
func standingOf(ctx context.Context, members []hand) membership {
	m := membership{members: make([]standing, len(members))}
	var wg sync.WaitGroup
	for i, h := range members {
		wg.Go(func() {
			asking, cancel := context.WithTimeout(ctx, stateTimeout)
			defer cancel()
			raft, err := h.Raft(asking)
			m.members[i] = standing{endpoint: h.URL, name: h.name, raft: raft, err: err}
		})
	}
	wg.Wait()
	m.elect()
	return m
}

// choose are the members that an action is about, as they stand now.
func (c *crew) choose(ctx context.Context, of scenarios.Selector) ([]hand, error) {
	members := c.members()
	switch of {
	case scenarios.SelectAll:
		return members, nil
	case scenarios.SelectLeader:
		h, err := c.leader(ctx)
		return []hand{h}, err
	case scenarios.SelectFollower:
		followers, err := c.followers(ctx)
		if err == nil && len(followers) == 0 {
			err = errors.New("no member follows")
		}
		if err != nil {
			return nil, err
		}
		return followers[:1], nil
	}
	for _, h := range members {
		if h.name == string(of) {
			return []hand{h}, nil
		}
	}
	return nil, fmt.Errorf("there is no member %s; there are %s", of, strings.Join(namesOf(members), ", "))
}

// followers are the voting members that do not lead, in order of the members.
func (c *crew) followers(ctx context.Context) ([]hand, error) {
	leader, err := c.leader(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(c.members(), func(h hand) bool { return h.learner || h.name == leader.name }), nil
}

// leaderLast are members in the order in which they are disturbed: who leads comes last.
func (c *crew) leaderLast(ctx context.Context, members []hand) ([]hand, error) {
	if len(members) < 2 {
		return members, nil
	}
	leader, err := c.leader(ctx)
	if err != nil {
		return nil, err
	}
	last := slices.DeleteFunc(slices.Clone(members), func(h hand) bool { return h.name == leader.name })
	if len(last) < len(members) {
		last = append(last, leader)
	}
	return last, nil
}

// awaitService waits until a member serves linearizable reads. A learner never does: it must know its leader.
func awaitService(ctx context.Context, h hand) error {
	return awaitServing(ctx, h, serveWithin, func(context.Context) error { return nil })
}

// awaitServing waits so long at most until a member serves, and calls help each time that it does not.
func awaitServing(ctx context.Context, h hand, within time.Duration, help func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		asking, stop := context.WithTimeout(ctx, stateTimeout)
		err := h.serves(asking)
		stop()
		if err == nil {
			return nil
		}
		err = errors.Join(err, help(ctx))
		if pause(ctx, lookEvery) != nil {
			return fmt.Errorf("%s does not serve: %w", h.name, err)
		}
	}
}

func (h hand) serves(ctx context.Context) error {
	if !h.learner {
		return h.Served(ctx)
	}
	raft, err := h.Raft(ctx)
	if err == nil && raft.Leader == 0 {
		err = errors.New("it knows no leader")
	}
	return err
}

func namesOf(members []hand) []string {
	names := make([]string, len(members))
	for i, h := range members {
		names[i] = h.name
	}
	return names
}
