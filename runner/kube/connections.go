package kube

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/stats"
)

// Connections counts the connections of an API, and those that broke and came
// again. It may be shared by goroutines.
type Connections struct {
	open    atomic.Int64
	mu      sync.Mutex // guards changes
	changes map[string]*ConnectionChange
}

// ConnectionChange is what became of the connections to one address.
type ConnectionChange struct {
	Address string
	// Lost and Opened are how many ended and began.
	Lost, Opened int
}

// Open is how many connections there are now.
func (c *Connections) Open() int64 { return c.open.Load() }

// Take returns what has changed since it was called last, by address.
func (c *Connections) Take() []ConnectionChange {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]ConnectionChange, 0, len(c.changes))
	for _, change := range c.changes {
		all = append(all, *change)
	}
	clear(c.changes)
	slices.SortFunc(all, func(a, b ConnectionChange) int { return strings.Compare(a.Address, b.Address) })
	return all
}

// note counts a connection that began or ended.
func (c *Connections) note(ctx context.Context, began bool) {
	address, _ := ctx.Value(addressKey{}).(string)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes == nil {
		c.changes = map[string]*ConnectionChange{}
	}
	change := c.changes[address]
	if change == nil {
		change = &ConnectionChange{Address: address}
		c.changes[address] = change
	}
	if began {
		c.open.Add(1)
		change.Opened++
	} else {
		c.open.Add(-1)
		change.Lost++
	}
}

type addressKey struct{}

// TagConn keeps the address of a connection for HandleConn.
func (w wireStats) TagConn(ctx context.Context, i *stats.ConnTagInfo) context.Context {
	return context.WithValue(ctx, addressKey{}, addressOf(i.RemoteAddr))
}

// HandleConn counts connections, unless they are to end in the run.
func (w wireStats) HandleConn(ctx context.Context, s stats.ConnStats) {
	if w.connections == nil {
		return
	}
	switch s.(type) {
	case *stats.ConnBegin:
		w.connections.note(ctx, true)
	case *stats.ConnEnd:
		w.connections.note(ctx, false)
	}
}

func addressOf(a net.Addr) string {
	if a == nil {
		return ""
	}
	return a.String()
}
