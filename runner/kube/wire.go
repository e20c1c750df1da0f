package kube

import (
	"context"
	"net"
	"sync/atomic"

	"google.golang.org/grpc/stats"
)

// Wire counts what one call put on the wire, the client's own retries included.
// It is read after the call has returned.
type Wire struct {
	attempts, sent, received atomic.Int64
	remote                   atomic.Pointer[stats.OutHeader]
}

// Retries is how often the etcd client sent the request again by itself.
func (w *Wire) Retries() int64 { return max(w.attempts.Load()-1, 0) }

// BytesSent is the size of the request messages in bytes, uncompressed, without gRPC's framing.
func (w *Wire) BytesSent() int64 { return w.sent.Load() }

// BytesReceived is the size of the reply messages in bytes.
func (w *Wire) BytesReceived() int64 { return w.received.Load() }

// Remote is the address of who was asked last; nil where nobody was.
func (w *Wire) Remote() net.Addr {
	if h := w.remote.Load(); h != nil {
		return h.RemoteAddr
	}
	return nil
}

// Reset makes w ready for the next call.
func (w *Wire) Reset() {
	w.attempts.Store(0)
	w.sent.Store(0)
	w.received.Store(0)
	w.remote.Store(nil)
}

type wireKey struct{}

// WithWire returns a context under which calls are counted in w.
func WithWire(ctx context.Context, w *Wire) context.Context {
	return context.WithValue(ctx, wireKey{}, w)
}

// wireStats is the gRPC stats handler that fills the Wire of a call's context and counts connections.
type wireStats struct{ connections *Connections }

// TagRPC leaves the context, which has the Wire already.
func (wireStats) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// HandleRPC counts what a call puts on the wire.
func (wireStats) HandleRPC(ctx context.Context, s stats.RPCStats) {
	w, ok := ctx.Value(wireKey{}).(*Wire)
	if !ok {
		return
	}
	switch s := s.(type) {
	case *stats.Begin:
		w.attempts.Add(1)
	case *stats.OutHeader:
		w.remote.Store(s)
	case *stats.OutPayload:
		w.sent.Add(int64(s.Length))
	case *stats.InPayload:
		w.received.Add(int64(s.Length))
	}
}
