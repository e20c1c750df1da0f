package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/kube"
)

// followTarget notes what becomes of the target until ctx ends: members that
// end, connections that break and come again, and changes of the leader.
func (r *run) followTarget(ctx context.Context) (*sync.WaitGroup, error) {
	endpoints, err := r.target.api.Endpoints()
	if err != nil {
		return nil, err
	}
	var wg sync.WaitGroup
	if r.target.lab != nil {
		wg.Go(func() { r.followMembers(ctx) })
	}
	l := newLeadership(r.target, r.event)
	if r.target.foreign != nil {
		l.sized = r.guardForeign(ctx, wg.Go)
	}
	for _, e := range endpoints {
		wg.Go(func() { l.follow(ctx, e) })
	}
	return &wg, nil
}

// followMembers notes which of the lab's members end without being told to.
func (r *run) followMembers(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-r.target.lab.Events():
			if !ok {
				return
			}
			if !e.Expected {
				r.event(results.EventMember, e.Process+" ended: "+e.State)
			}
		}
	}
}

// How often each member is asked for its state, and how long it may take to answer.
const (
	askEvery   = 500 * time.Millisecond
	askTimeout = time.Second
)

// leadership is who leads the cluster, as the members tell. It may be shared by goroutines.
type leadership struct {
	event func(kind results.EventKind, detail string)
	sized func(url string, database int64) // is told how large a member's database is; may be nil
	// pinned are the endpoints that the clients are held to; none where they are free.
	pinned []string
	mu     sync.Mutex // guards all below
	leader uint64     // 0 until one is known
	term   uint64
	urls   map[uint64]string // of the members that have answered
}

// newLeadership knows what the target knew when the run began.
func newLeadership(t *target, event func(kind results.EventKind, detail string)) *leadership {
	l := &leadership{event: event, pinned: t.ref.PinnedTo, leader: t.members.leader, term: t.members.term, urls: map[uint64]string{}}
	for _, s := range t.members.members {
		if s.err == nil {
			l.urls[s.raft.Member] = s.endpoint
		}
	}
	return l
}

// follow asks one member again and again. A member that is not the leader knows
// of a new one too, and may be the only one that is asked.
func (l *leadership) follow(ctx context.Context, e kube.Endpoint) {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	answers, leads := true, true
	for {
		asking, cancel := context.WithTimeout(ctx, askTimeout)
		raft, err := e.Raft(asking)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && answers:
			answers = false
			l.event(results.EventConnection, e.URL+" does not answer")
		case err == nil:
			if !answers {
				answers = true
				l.event(results.EventConnection, e.URL+" answers again")
			}
			if has := raft.Leader != 0; has != leads {
				leads = has
				l.event(results.EventLeader, map[bool]string{true: e.URL + " has a leader again", false: e.URL + " has no leader"}[has])
			}
			l.saw(e.URL, raft)
			if l.sized != nil {
				l.sized(e.URL, raft.Database)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// saw notes a change of the leader, once, whichever member tells of it first.
func (l *leadership) saw(url string, raft kube.Raft) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.urls[raft.Member] = url
	if raft.Leader == 0 || raft.Term < l.term || raft.Leader == l.leader && raft.Term == l.term {
		return
	}
	known := l.leader != 0
	l.leader, l.term = raft.Leader, raft.Term
	if !known {
		return
	}
	who := fmt.Sprintf("member %x", raft.Leader)
	leads := l.urls[raft.Leader]
	if leads != "" {
		who += " (" + leads + ")"
	}
	l.event(results.EventLeader, fmt.Sprintf("the leader is now %s, in term %d%s", who, raft.Term, heldTo(l.pinned, leads)))
}

// heldTo says what a new leader means for clients that stay where they are.
func heldTo(pinned []string, leads string) string {
	all := strings.Join(pinned, " and ")
	switch with := slices.Contains(pinned, leads); {
	case len(pinned) == 0:
		return ""
	case len(pinned) == 1 && with:
		return "; the client stays at " + all + ", which leads now"
	case len(pinned) == 1:
		return "; the client stays at " + all + ", which follows now"
	case with:
		return "; the client stays at " + all + ", of which " + leads + " leads now"
	default:
		return "; the client stays at " + all + ", none of which leads now"
	}
}

// followConnections notes, once an interval, which connections broke and came
// again. Those that the run opens for the first time are no news.
func (r *run) followConnections() {
	if r.connected == nil {
		r.connected = map[string]int{}
	}
	for _, c := range r.target.api.Connections().Take() {
		r.connected[c.Address] -= c.Lost
		if c.Lost > 0 {
			r.event(results.EventConnection, fmt.Sprintf("%s to %s broke", connections(c.Lost), c.Address))
		}
		if back := min(c.Opened, -r.connected[c.Address]); back > 0 {
			r.connected[c.Address] += back
			r.event(results.EventConnection, fmt.Sprintf("%s to %s came again", connections(back), c.Address))
		}
	}
}

func connections(n int) string {
	if n == 1 {
		return "1 connection"
	}
	return fmt.Sprintf("%d connections", n)
}
