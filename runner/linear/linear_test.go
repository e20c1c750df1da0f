package linear

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/grpc"
)

// script sends requests through a history, one after the other, to a server that
// answers what it is told.
type script struct {
	tb testing.TB
	h  *History
}

var errLost = errors.New("nobody knows")

func newScript(tb testing.TB) script {
	tb.Helper()
	return script{tb, New(Options{Prefix: "/k/", Refused: func(err error) bool { return errors.Is(err, context.Canceled) }})}
}

// send sends one request that is answered so, or not at all.
func (s script) send(request, reply any, err error) {
	s.tb.Helper()
	got := s.h.Intercept(s.tb.Context(), "", request, reply, nil, func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return err })
	if !errors.Is(got, err) {
		s.tb.Fatalf("the interceptor returned %v, not %v", got, err)
	}
}

func at(revision int64) *pb.ResponseHeader { return &pb.ResponseHeader{Revision: revision} }

func (s script) put(value string, revision int64, err error) {
	s.tb.Helper()
	s.send(&pb.PutRequest{Key: []byte("/k/a"), Value: []byte(value)}, &pb.PutResponse{Header: at(revision)}, err)
}

func (s script) remove(deleted, revision int64) {
	s.tb.Helper()
	s.send(&pb.DeleteRangeRequest{Key: []byte("/k/a")}, &pb.DeleteRangeResponse{Header: at(revision), Deleted: deleted}, nil)
}

func (s script) get(value string, revision int64) {
	s.tb.Helper()
	s.send(&pb.RangeRequest{Key: []byte("/k/a")}, &pb.RangeResponse{Header: at(99), Kvs: kvs(value, revision)}, nil)
}

func kvs(value string, revision int64) []*mvccpb.KeyValue {
	if revision == 0 {
		return nil
	}
	return []*mvccpb.KeyValue{{Key: []byte("/k/a"), Value: []byte(value), ModRevision: revision}}
}

// update is the API server's Txn; where it is refused, it reads found at foundAt.
func (s script) update(guard int64, value string, revision int64, found string, foundAt int64, err error) {
	s.tb.Helper()
	q := &pb.TxnRequest{
		Compare: []*pb.Compare{{Key: []byte("/k/a"), Target: pb.Compare_MOD, Result: pb.Compare_EQUAL, TargetUnion: &pb.Compare_ModRevision{ModRevision: guard}}},
		Success: []*pb.RequestOp{{Request: &pb.RequestOp_RequestPut{RequestPut: &pb.PutRequest{Key: []byte("/k/a"), Value: []byte(value)}}}},
		Failure: []*pb.RequestOp{{Request: &pb.RequestOp_RequestRange{RequestRange: &pb.RangeRequest{Key: []byte("/k/a")}}}},
	}
	r := &pb.TxnResponse{Header: at(revision), Succeeded: revision > 0}
	if revision == 0 {
		r.Responses = []*pb.ResponseOp{{Response: &pb.ResponseOp_ResponseRange{ResponseRange: &pb.RangeResponse{Kvs: kvs(found, foundAt)}}}}
	}
	s.send(q, r, err)
}

func TestModel(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(s script)
		ok   bool
	}{
		{"what was before is not known", func(s script) { s.get("x", 7); s.get("x", 7); s.put("a", 9, nil); s.get("a", 9) }, true},
		{"a stale read", func(s script) { s.put("a", 3, nil); s.put("b", 4, nil); s.get("a", 3) }, false},
		{"a lost write", func(s script) { s.put("a", 3, nil); s.put("b", 4, nil); s.get("", 0) }, false},
		{"another value at the same revision", func(s script) { s.put("a", 3, nil); s.get("b", 3) }, false},
		{"a revision that goes back", func(s script) { s.put("a", 5, nil); s.put("b", 4, nil) }, false},
		{"unknown, and applied", func(s script) { s.put("a", 3, nil); s.put("b", 0, errLost); s.get("b", 4) }, true},
		{"unknown, and not applied", func(s script) { s.put("a", 3, nil); s.put("b", 0, errLost); s.get("a", 3) }, true},
		{"unknown, applied later", func(s script) { s.put("b", 0, errLost); s.put("a", 3, nil); s.get("a", 3); s.get("b", 6) }, true},
		{"unknown, applied and undone", func(s script) { s.put("a", 3, nil); s.put("b", 0, errLost); s.get("b", 4); s.get("a", 3) }, false},
		{"unknown, with a value that nobody put", func(s script) { s.put("a", 3, nil); s.put("b", 0, errLost); s.get("c", 4) }, false},
		{"refused is not applied", func(s script) { s.put("a", 3, nil); s.put("b", 0, context.Canceled); s.get("b", 4) }, false},
		{"an update", func(s script) { s.put("a", 3, nil); s.update(3, "b", 5, "", 0, nil); s.get("b", 5) }, true},
		{"two updates of one state", func(s script) {
			s.put("a", 3, nil)
			s.update(3, "b", 5, "", 0, nil)
			s.update(3, "c", 6, "", 0, nil)
		}, false},
		{"an update that is refused, rightly", func(s script) { s.put("a", 3, nil); s.update(2, "b", 0, "a", 3, nil); s.get("a", 3) }, true},
		{"an update that is refused, wrongly", func(s script) { s.put("a", 3, nil); s.update(3, "b", 0, "a", 3, nil) }, false},
		{"a creation where there is one", func(s script) { s.put("a", 3, nil); s.update(0, "b", 5, "", 0, nil) }, false},
		{"an unknown update, applied", func(s script) { s.put("a", 3, nil); s.update(3, "b", 0, "", 0, errLost); s.get("b", 8) }, true},
		{"an unknown update of an old state", func(s script) {
			s.put("a", 3, nil)
			s.put("c", 4, nil)
			s.update(3, "b", 0, "", 0, errLost)
			s.get("b", 8)
		}, false},
		{"deleted", func(s script) { s.put("a", 3, nil); s.remove(1, 4); s.get("", 0); s.put("b", 6, nil) }, true},
		{"deleted twice", func(s script) { s.put("a", 3, nil); s.remove(1, 4); s.remove(1, 5) }, false},
		{"deleted, and there again", func(s script) { s.put("a", 3, nil); s.remove(1, 4); s.get("a", 3) }, false},
		{"nothing to delete, although there was", func(s script) { s.put("a", 3, nil); s.remove(0, 4) }, false},
		{"a restored cluster may have lost", func(s script) { s.put("a", 3, nil); s.put("b", 4, nil); s.h.Break(); s.get("a", 3) }, true},
		{"one that waited is done by the restored cluster", func(s script) {
			s.put("a", 3, nil)
			q := &pb.PutRequest{Key: []byte("/k/a"), Value: []byte("waited")}
			_ = s.h.Intercept(s.tb.Context(), "", q, &pb.PutResponse{Header: at(1005)}, nil, func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
				s.h.Break()
				return nil
			})
			s.put("b", 1003, nil)
			s.get("waited", 1005)
		}, true},
		{"a lease may end", func(s script) {
			s.put("a", 3, nil)
			s.send(&pb.PutRequest{Key: []byte("/k/a"), Lease: 7}, &pb.PutResponse{Header: at(4)}, nil)
			s.get("", 0)
		}, true},
	} {
		s := newScript(t)
		c.do(s)
		v, err := s.h.Check(t.Context(), t.TempDir())
		if err != nil || v.Unknown > 0 {
			t.Errorf("%s: %+v, %v", c.name, v, err)
		}
		if ok := len(v.Faulty) == 0; ok != c.ok {
			t.Errorf("%s: linearizable %v, want %v", c.name, ok, c.ok)
		}
		if _, err := os.Stat(v.Picture); (v.Picture != "") == c.ok || !c.ok && err != nil {
			t.Errorf("%s: picture %q: %v", c.name, v.Picture, err)
		}
	}
}

// When there is no room for more, what is recorded is judged, and what begins later is not.
func TestFull(t *testing.T) {
	h := New(Options{Prefix: "/k/", Operations: 3})
	s := script{t, h}
	s.put("a", 3, nil)
	s.get("a", 3)
	s.put("b", 4, nil)
	s.put("c", 5, nil) // not recorded
	s.get("c", 5)      // not recorded
	if v, err := h.Check(t.Context(), t.TempDir()); err != nil || v.Operations != 3 || !v.Full || len(v.Faulty) > 0 {
		t.Errorf("%+v, %v", v, err)
	}
}

// Many clients on one register that is right: no false alarm, and no data race.
func TestConcurrent(t *testing.T) {
	h := New(Options{Prefix: "/k/"})
	var server struct {
		sync.Mutex
		revision, mod int64
		value         string
	}
	var clients sync.WaitGroup
	for c := range 4 {
		clients.Go(func() {
			for n := range 200 {
				if n%2 == 0 {
					value := fmt.Sprintf("%d-%d", c, n)
					_ = h.Intercept(t.Context(), "", &pb.PutRequest{Key: []byte("/k/a"), Value: []byte(value)}, &pb.PutResponse{}, nil, func(_ context.Context, _ string, _, reply any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
						server.Lock()
						defer server.Unlock()
						server.revision++
						server.mod, server.value = server.revision, value
						reply.(*pb.PutResponse).Header = at(server.revision)
						return nil
					})
					continue
				}
				_ = h.Intercept(t.Context(), "", &pb.RangeRequest{Key: []byte("/k/a")}, &pb.RangeResponse{}, nil, func(_ context.Context, _ string, _, reply any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
					server.Lock()
					defer server.Unlock()
					reply.(*pb.RangeResponse).Kvs = kvs(server.value, server.mod)
					return nil
				})
			}
		})
	}
	clients.Wait()
	if v, err := h.Check(t.Context(), t.TempDir()); err != nil || len(v.Faulty) > 0 || v.Unknown > 0 || v.Operations != 800 {
		t.Errorf("%+v, %v", v, err)
	}
}

func BenchmarkIntercept(b *testing.B) {
	for name, key := range map[string]string{"recorded": "/k/a", "not recorded": "/other/key/of/some/length"} {
		b.Run(name, func(b *testing.B) {
			h := New(Options{Prefix: "/k/", OneIn: 1 << 62, Operations: 1 << 30})
			q, r := &pb.RangeRequest{Key: []byte(key)}, &pb.RangeResponse{}
			done := func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return nil }
			b.ReportAllocs()
			for b.Loop() {
				_ = h.Intercept(b.Context(), "", q, r, nil, done)
			}
		})
	}
}
