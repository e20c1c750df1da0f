package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
)

// flow is one way of one connection.
type flow struct {
	link     *link
	line     *line
	way      direction
	src, dst *net.TCPConn
	buffers  *sync.Pool
	abort    context.CancelFunc // ends both ways of the connection

	inFlight atomic.Int64  // bytes that were read and not written
	room     chan struct{} // has one element when inFlight has fallen
}

const (
	// chunkSize is the most that is read, and so delayed, at once.
	chunkSize = 64 << 10
	// maxInFlight bounds the bytes on the way: 1 GB/s at 60 ms one way. Beyond it
	// the sender is not read from, and its own TCP makes it wait.
	maxInFlight = 64 << 20
	// maxChunks bounds their number: what comes beyond it is stamped later than it
	// came, in bigger chunks.
	maxChunks = 8192
)

type buffer [chunkSize]byte

// run passes bytes until the source ends, then ends the destination's input, or
// until the connection is to be ended, which is an error.
func (f *flow) run(ctx context.Context) error {
	f.link.join(f)
	defer f.link.leave(f)
	for {
		var err error
		switch now := f.link.state.Load(); {
		case now.cut[f.way]:
			err = f.link.open(ctx, f.way)
		case now.shape == Shape{}:
			err = f.plain()
		default:
			err = f.shaped(ctx)
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			return f.dst.CloseWrite()
		case errors.Is(err, os.ErrDeadlineExceeded):
			if err := f.resume(); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

// interrupt makes run look at the link again; only reads have a deadline. The
// link's state is stored before it, and read after resume: so no change is missed.
func (f *flow) interrupt() { _ = f.src.SetReadDeadline(time.Unix(1, 0)) } // it fails on a connection that has ended

func (f *flow) resume() error {
	if err := f.src.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("going on after a change: %w", err)
	}
	return nil
}

// plain passes bytes as they come. When a read is interrupted none is left behind.
//
// Note: io.Copy alone would let the kernel move them from socket to socket
// (splice). Over loopback that took 2.1 to 2.7 s of processor time for a GiB,
// both ends included, this 1.7 to 2.0 s; for small messages they are alike.
func (f *flow) plain() error {
	b := f.buffers.Get().(*buffer)
	defer f.buffers.Put(b)
	if _, err := io.CopyBuffer(struct{ io.Writer }{f.dst}, struct{ io.Reader }{f.src}, b[:]); err != nil {
		return err
	}
	return io.EOF
}

// shaped passes bytes with the link's shape until it has none, and returns when
// all have arrived.
func (f *flow) shaped(ctx context.Context) error {
	timer, err := newTimer()
	if err != nil {
		return err
	}
	defer timer.close()
	defer context.AfterFunc(ctx, timer.close)()
	in := make(chan *stream.StreamChunk, maxChunks)
	toxic := &delay{ctx: ctx, flow: f, timer: timer}
	var passing sync.WaitGroup
	passing.Go(func() { toxic.Pipe(toxics.NewToxicStub(in, make(chan *stream.StreamChunk))) })
	err = f.read(ctx, in)
	close(in)
	passing.Wait()
	return errors.Join(toxic.err, err)
}

// read stamps what comes and hands it on, until the end of the source or an
// error, or with neither when the link has no shape any more. What an error
// leaves on the way is given up.
func (f *flow) read(ctx context.Context, in chan<- *stream.StreamChunk) error {
	b := f.buffers.Get().(*buffer)
	defer func() { f.buffers.Put(b) }()
	var came span
	for {
		now := f.link.state.Load()
		if now.shape == (Shape{}) {
			return nil
		}
		if err := f.link.open(ctx, f.way); err != nil {
			return err
		}
		begin := time.Now()
		n, err := f.src.Read(b[:portion(now.shape.Bandwidth)])
		if n > 0 {
			came = arrival(came, begin, time.Now())
			c := &stream.StreamChunk{Timestamp: f.line.pass(came, n, now.shape.Bandwidth)}
			c.Data, b = f.keep(b, n)
			f.inFlight.Add(int64(n))
			in <- c
			f.hold(ctx, now, c.Timestamp)
		}
		switch {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			if err := f.resume(); err != nil {
				return err
			}
		case errors.Is(err, io.EOF):
			return io.EOF
		default:
			f.abort()
			return err
		}
	}
}

// keep returns the first n bytes of b to be handed on, and a buffer to read into
// next: a copy where b would be mostly empty.
func (f *flow) keep(b *buffer, n int) ([]byte, *buffer) {
	if n < chunkSize/2 {
		return append([]byte(nil), b[:n]...), b
	}
	return b[:n], f.buffers.Get().(*buffer)
}

// hold waits while too much is on the way, or, until the link changes, on the
// line, which is free at free.
func (f *flow) hold(ctx context.Context, now *state, free time.Time) {
	for f.inFlight.Load() > maxInFlight {
		select {
		case <-f.room:
		case <-ctx.Done():
			return
		}
	}
	ahead := time.Until(free) - longestQueue
	if ahead <= 0 {
		return
	}
	enough := time.NewTimer(ahead)
	defer enough.Stop()
	select {
	case <-enough.C:
	case <-now.changed:
	case <-ctx.Done():
	}
}

// release is what follows when bytes that were on the way are no more.
func (f *flow) release(data []byte) {
	f.inFlight.Add(int64(-len(data)))
	select {
	case f.room <- struct{}{}:
	default:
	}
	if cap(data) == chunkSize {
		f.buffers.Put((*buffer)(data[:chunkSize]))
	}
}
