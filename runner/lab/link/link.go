// Package link puts round-trip time, jitter and a bandwidth on TCP connections
// between named parties of one machine, and measures what it gives.
//
// Each address of a party stands behind a Proxy, which finds out whose process
// dialled it and so knows the link, the ordered pair of dialler and party. On a
// link without a Shape bytes are passed on as they come. On any other each chunk
// of them is stamped when it arrives and leaves when its time has come, with as
// many on the way as the delay needs: latency does not cost throughput.
package link

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Client is the party of every dialler that is no registered process.
const Client = "client"

// Shape is what a link adds to the machine's own network. The zero value adds
// nothing.
//
// It is not TCP's congestion control and loses no packet. What is sent is delayed,
// the end of a connection comes right behind it; a new connection's handshake and
// a reset are not. At most 64 MiB are on the way on one connection and way.
type Shape struct {
	// RTT is the round-trip time: half of it is added each way.
	RTT time.Duration
	// Jitter is drawn anew for each chunk and way, evenly from -Jitter/2 to
	// +Jitter/2, so that a round trip takes RTT ± Jitter. A delay is never below
	// zero, and no chunk overtakes one before it on its connection: where they are
	// dense, the late ones set the pace.
	Jitter time.Duration
	// Bandwidth is in bytes a second, each way for itself; 0 is unlimited. All
	// connections between two parties share it, whoever dialled, as long as both
	// links of the pair have the same. Up to 10 ms of bytes queue, beyond that a
	// sender is not read from.
	Bandwidth int64
}

func (s Shape) check() error {
	if s.RTT < 0 || s.Jitter < 0 || s.Bandwidth < 0 {
		return fmt.Errorf("the shape %+v has a part below zero", s)
	}
	return nil
}

// Network knows the parties and the links between them. Goroutines may share it.
type Network struct {
	mu    sync.Mutex // guards the maps
	pids  map[string]int
	links map[pair]*link
	lines map[pair]*line

	buffers sync.Pool // of *buffer
}

// pair is two parties: who dialled and who is dialled for a link, who sends and
// who receives for a line.
type pair struct{ from, to string }

// NewNetwork returns a network of links without a shape. It holds nothing that
// must be closed; its proxies do.
func NewNetwork() *Network {
	return &Network{
		pids:  map[string]int{},
		links: map[pair]*link{},
		lines: map[pair]*line{},
		buffers: sync.Pool{
			New: func() any { return new(buffer) },
		},
	}
}

// Register says which process a party is, now; a later call replaces it, and 0
// forgets it. What the process dialled before is the client's. The pid must be of
// a process whose descriptors this one may see, such as a child.
func (n *Network) Register(party string, pid int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if pid == 0 {
		delete(n.pids, party)
		return
	}
	n.pids[party] = pid
}

// SetShape gives a shape to the connections that from dials to to, open ones
// included. What is under way keeps the delay that it has. It is an error when a
// part of the shape is below zero.
func (n *Network) SetShape(from, to string, s Shape) error {
	if err := s.check(); err != nil {
		return fmt.Errorf("the link from %s to %s: %w", from, to, err)
	}
	n.link(pair{from, to}).change(func(now *state) { now.shape = s })
	return nil
}

// Cut makes all connections between two parties, whoever dialled, black holes:
// they stay open, new ones are accepted, and nothing passes until Heal.
func (n *Network) Cut(a, b string) {
	n.CutWay(a, b)
	n.CutWay(b, a)
}

// Heal undoes Cut: what was sent meanwhile is delivered.
func (n *Network) Heal(a, b string) {
	n.HealWay(a, b)
	n.HealWay(b, a)
}

// CutWay is Cut for what one party sends to another only: the other way goes on,
// over the same connections, whoever dialled them.
func (n *Network) CutWay(from, to string) { n.setCut(from, to, true) }

// HealWay undoes CutWay.
func (n *Network) HealWay(from, to string) { n.setCut(from, to, false) }

func (n *Network) setCut(from, to string, cut bool) {
	n.link(pair{from, to}).change(func(now *state) { now.cut[outward] = cut })
	n.link(pair{to, from}).change(func(now *state) { now.cut[homeward] = cut })
}

func (n *Network) link(p pair) *link {
	n.mu.Lock()
	defer n.mu.Unlock()
	l, ok := n.links[p]
	if !ok {
		l = &link{flows: map[*flow]struct{}{}}
		l.state.Store(&state{changed: make(chan struct{})})
		n.links[p] = l
	}
	return l
}

func (n *Network) line(p pair) *line {
	n.mu.Lock()
	defer n.mu.Unlock()
	l, ok := n.lines[p]
	if !ok {
		l = &line{}
		n.lines[p] = l
	}
	return l
}

// link is what the connections from one party to another have in common.
type link struct {
	state atomic.Pointer[state]
	mu    sync.Mutex // guards flows, and changes of state
	flows map[*flow]struct{}
}

// state is never changed, only replaced; then changed is closed.
type state struct {
	shape   Shape
	cut     [2]bool // by direction
	changed chan struct{}
}

// direction is which way bytes go on a connection.
type direction int

// The directions, as the one who dialled sees them.
const (
	outward direction = iota
	homeward
)

func (l *link) change(with func(*state)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.state.Load()
	now := *old
	with(&now)
	now.changed = make(chan struct{})
	l.state.Store(&now)
	close(old.changed)
	for f := range l.flows {
		f.interrupt()
	}
}

func (l *link) join(f *flow) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flows[f] = struct{}{}
}

func (l *link) leave(f *flow) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.flows, f)
}
