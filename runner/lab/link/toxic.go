package link

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
)

// delay is the toxic that holds each chunk for its share of the round trip. It
// is the last of its chain and writes to the connection itself: another goroutine
// behind it would cost a fifth more processor time for each small message.
//
// Note: of toxiproxy only the seam is used, the stub with its channel of stamped
// chunks. Its latency toxic counts whole milliseconds and waits with a timer of
// the Go runtime, its bandwidth toxic is one for each connection, and its Proxy
// gives all connections the same toxics without telling a toxic which connection
// it sits on, dials its one upstream for a probe too, and answers a half-close by
// closing. Nothing interrupts this toxic: it looks at the link for every chunk.
type delay struct {
	ctx   context.Context //nolint:containedctx // Pipe's signature is toxiproxy's.
	flow  *flow
	timer *timer
	err   error // the first error of writing; read it after Pipe has returned
}

var _ toxics.Toxic = (*delay)(nil)

// Pipe writes chunks in their order, each when it is due, until the input is
// closed. The stamp of a chunk is when it has passed the line. After an error of
// writing, or when the context has ended, it only takes what still comes.
func (d *delay) Pipe(stub *toxics.ToxicStub) {
	defer stub.Close()
	var last time.Time
	for c := range stub.Input {
		due := c.Timestamp.Add(d.flow.link.state.Load().shape.oneWay())
		if due.Before(last) {
			due = last
		}
		last = due
		// An error is that the connection has ended: what is left need not wait.
		_ = d.timer.until(due)
		_ = d.flow.link.open(d.ctx, d.flow.way)
		d.write(c)
	}
}

func (d *delay) write(c *stream.StreamChunk) {
	if d.err == nil {
		if _, d.err = d.flow.dst.Write(c.Data); d.err != nil {
			d.flow.abort()
		}
	}
	d.flow.release(c.Data)
}

// oneWay draws the delay of a chunk.
func (s Shape) oneWay() time.Duration {
	d := s.RTT / 2
	if s.Jitter > 0 {
		d += time.Duration(rand.Int64N(int64(s.Jitter)+1)) - s.Jitter/2
	}
	return max(d, 0)
}

// open waits until the link is not cut that way.
func (l *link) open(ctx context.Context, way direction) error {
	for {
		now := l.state.Load()
		if !now.cut[way] {
			return nil
		}
		select {
		case <-now.changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
