package kube

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The errors by which requests end.
var (
	errLost    = status.Error(codes.Unavailable, "etcdserver: request timed out")
	errDialing = status.Error(codes.Unavailable, `last connection error: connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:1: connect: connection refused"`)
	errRefused = status.Error(codes.InvalidArgument, "etcdserver: key is not provided")
)

// story sends requests through the books' interceptor, each with the reply that etcd gave.
type story struct {
	t     *testing.T
	books *Books
	now   time.Time
	wait  map[string]func() // what ends a request that has been sent
}

func newStory(t *testing.T) *story {
	t.Helper()
	return &story{t: t, books: NewBooks(), now: time.Now(), wait: map[string]func(){}}
}

// do sends a request whose reply fill fills at once.
func (s *story) do(request, reply any, err error) {
	got := s.books.intercept(s.t.Context(), "", request, reply, nil, func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return err })
	if got != err { //nolint:errorlint // the very same
		s.t.Errorf("the interceptor made %v of %v", got, err)
	}
}

// send sends a request whose reply comes with answer of the same name.
func (s *story) send(name string, request, reply any, err error) {
	sent, answer, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		_ = s.books.intercept(s.t.Context(), "", request, reply, nil, func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
			close(sent)
			<-answer
			return err
		})
	}()
	<-sent
	s.wait[name] = func() { close(answer); <-done }
}

func (s *story) answer(name string) { s.wait[name]() }

func header(revision int64) *pb.ResponseHeader { return &pb.ResponseHeader{Revision: revision} }

func (s *story) put(key string, revision, lease int64, err error) {
	s.do(&pb.PutRequest{Key: []byte(key), Lease: lease}, &pb.PutResponse{Header: header(revision)}, err)
}

func (s *story) remove(key string, revision int64, err error) {
	s.do(&pb.DeleteRangeRequest{Key: []byte(key)}, &pb.DeleteRangeResponse{Header: header(revision)}, err)
}

func putOp(key string) *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestPut{RequestPut: &pb.PutRequest{Key: []byte(key)}}}
}

func removeOp(key string) *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestDeleteRange{RequestDeleteRange: &pb.DeleteRangeRequest{Key: []byte(key)}}}
}

func getOp(key string) *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestRange{RequestRange: &pb.RangeRequest{Key: []byte(key)}}}
}

// txnIf is Txn{if MOD(key)=expected then op else get(key)}.
func txnIf(key string, expected int64, op *pb.RequestOp) *pb.TxnRequest {
	return &pb.TxnRequest{
		Compare: []*pb.Compare{{Target: pb.Compare_MOD, Result: pb.Compare_EQUAL, Key: []byte(key), TargetUnion: &pb.Compare_ModRevision{ModRevision: expected}}},
		Success: []*pb.RequestOp{op}, Failure: []*pb.RequestOp{getOp(key)},
	}
}

func committed(revision int64, succeeded bool) *pb.TxnResponse {
	return &pb.TxnResponse{Header: header(revision), Succeeded: succeeded}
}

func (s *story) grant(id, ttl int64) {
	s.do(&pb.LeaseGrantRequest{}, &pb.LeaseGrantResponse{ID: id, TTL: ttl}, nil)
}

// revoke revokes the lease 1.
func (s *story) revoke(err error) {
	s.do(&pb.LeaseRevokeRequest{ID: 1}, &pb.LeaseRevokeResponse{}, err)
}

// TestBooks tells what must be there after a story.
func TestBooks(t *testing.T) {
	lost := errLost
	for _, tc := range []struct {
		name            string
		tell            func(s *story)
		lowest, highest int64
		after           time.Duration // how long after the story they are asked
		// want are of the sample: "k@5" is there since revision 5, "k-5" deleted at it; + may have been put since, - deleted.
		want []string
	}{
		{name: "nothing", tell: func(*story) {}},
		{name: "a put", tell: func(s *story) { s.put("k", 5, 0, nil) }, lowest: 1, highest: 1, want: []string{"k@5"}},
		{name: "puts of one key are one key", tell: func(s *story) { s.put("k", 5, 0, nil); s.put("k", 6, 0, nil) }, lowest: 1, highest: 1, want: []string{"k@6"}},
		{name: "put and deleted", tell: func(s *story) { s.put("k", 5, 0, nil); s.remove("k", 6, nil) }, want: []string{"k-6"}},
		{name: "a deletion of nothing", tell: func(s *story) { s.remove("k", 6, nil) }, want: []string{"k-6"}},
		{name: "created and deleted by Txn", tell: func(s *story) {
			s.do(txnIf("k", 0, putOp("k")), committed(5, true), nil)
			s.do(txnIf("k", 5, removeOp("k")), committed(6, true), nil)
		}, want: []string{"k-6"}},
		{name: "a conflict tells nothing", tell: func(s *story) {
			s.do(txnIf("k", 0, putOp("k")), committed(5, true), nil)
			s.do(txnIf("k", 4, removeOp("k")), committed(9, false), nil)
			s.do(txnIf("j", 4, putOp("j")), committed(9, false), nil)
		}, lowest: 1, highest: 1, want: []string{"k@5"}},
		{name: "the other side of a Txn writes", tell: func(s *story) {
			q := txnIf("k", 3, putOp("k"))
			q.Failure = []*pb.RequestOp{putOp("j")}
			s.do(q, committed(9, false), nil)
		}, lowest: 1, highest: 1, want: []string{"j@9"}},
		{name: "a Txn of many", tell: func(s *story) {
			s.do(&pb.TxnRequest{Success: []*pb.RequestOp{putOp("a"), putOp("b"), removeOp("c")}}, committed(9, true), nil)
		}, lowest: 2, highest: 2, want: []string{"a@9", "b@9", "c-9"}},
		{name: "a reply of an older write comes last", tell: func(s *story) {
			s.send("put", &pb.PutRequest{Key: []byte("k")}, &pb.PutResponse{Header: header(5)}, nil)
			s.remove("k", 6, nil)
			s.answer("put")
		}, want: []string{"k-6"}},
		{name: "a reply of an older deletion comes last", tell: func(s *story) {
			s.send("delete", &pb.DeleteRangeRequest{Key: []byte("k")}, &pb.DeleteRangeResponse{Header: header(5)}, nil)
			s.put("k", 6, 0, nil)
			s.answer("delete")
		}, lowest: 1, highest: 1, want: []string{"k@6"}},
		{name: "a write under way may come or not", tell: func(s *story) {
			s.put("k", 5, 0, nil)
			s.send("delete", &pb.DeleteRangeRequest{Key: []byte("k")}, &pb.DeleteRangeResponse{Header: header(6)}, nil)
			s.t.Cleanup(func() { s.answer("delete") })
		}, lowest: 0, highest: 1, want: []string{"k@5+-"}},
		{name: "refused", tell: func(s *story) { s.put("k", 0, 0, errRefused); s.put("j", 0, 0, errDialing) }},
		{name: "no space: it may have been applied", tell: func(s *story) { s.put("k", 0, 0, rpctypes.ErrGRPCNoSpace) }, highest: 1},
		{name: "a put of unknown outcome", tell: func(s *story) { s.put("k", 0, 0, lost) }, highest: 1},
		{name: "a put of unknown outcome on what is there", tell: func(s *story) { s.put("k", 5, 0, nil); s.put("k", 0, 0, lost) }, lowest: 1, highest: 1, want: []string{"k@5+"}},
		{name: "a deletion of unknown outcome", tell: func(s *story) { s.put("k", 5, 0, nil); s.remove("k", 0, lost) }, lowest: 0, highest: 1, want: []string{"k@5-"}},
		{name: "a bare deletion may come later than what was acknowledged", tell: func(s *story) {
			s.put("k", 5, 0, nil)
			s.remove("k", 0, lost)
			s.put("k", 7, 0, nil)
		}, lowest: 0, highest: 1, want: []string{"k@7-"}},
		{name: "a conditional deletion may not", tell: func(s *story) {
			s.put("k", 5, 0, nil)
			s.do(txnIf("k", 5, removeOp("k")), &pb.TxnResponse{}, lost)
			s.put("k", 7, 0, nil)
		}, lowest: 1, highest: 1, want: []string{"k@7"}},
		{name: "nor one that is told of after it", tell: func(s *story) {
			s.put("k", 5, 0, nil)
			s.send("delete", txnIf("k", 5, removeOp("k")), &pb.TxnResponse{}, lost)
			s.put("k", 7, 0, nil)
			s.answer("delete")
		}, lowest: 1, highest: 1, want: []string{"k@7"}},
		{name: "a conditional update of unknown outcome", tell: func(s *story) {
			s.put("k", 5, 0, nil)
			s.do(txnIf("k", 5, putOp("k")), &pb.TxnResponse{}, lost)
		}, lowest: 1, highest: 1, want: []string{"k@5+"}},
		{name: "one that became known by its successor", tell: func(s *story) {
			s.put("k", 5, 0, nil)
			s.do(txnIf("k", 5, putOp("k")), &pb.TxnResponse{}, lost)
			s.do(txnIf("k", 6, removeOp("k")), committed(7, true), nil)
		}, want: []string{"k-7"}},
		{name: "a create of unknown outcome comes whenever the key is absent", tell: func(s *story) {
			s.do(txnIf("k", 0, putOp("k")), &pb.TxnResponse{}, lost)
			s.put("k", 5, 0, nil)
			s.remove("k", 6, nil)
		}, highest: 1, want: []string{"k-6+"}},
		{name: "a compare of the version says nothing of the revision", tell: func(s *story) {
			s.put("k", 5, 0, nil)
			q := txnIf("k", 5, removeOp("k"))
			q.Compare[0] = &pb.Compare{Target: pb.Compare_VERSION, Key: []byte("k"), TargetUnion: &pb.Compare_Version{Version: 1}}
			s.do(q, &pb.TxnResponse{}, lost)
			s.put("k", 7, 0, nil)
		}, lowest: 0, highest: 1, want: []string{"k@7-"}},
		{name: "a lease that lives", tell: func(s *story) { s.grant(1, 60); s.put("k", 5, 1, nil) }, lowest: 1, highest: 1, want: []string{"k@5"}},
		{name: "a lease that may be over", tell: func(s *story) { s.grant(1, 60); s.put("k", 5, 1, nil) }, after: time.Minute, highest: 1, want: []string{"k@5-"}},
		{name: "a lease that was renewed", tell: func(s *story) {
			s.grant(1, 60)
			s.put("k", 5, 1, nil)
			s.books.renewed(1, time.Minute, s.now.Add(30*time.Second))
		}, after: time.Minute, lowest: 1, highest: 1, want: []string{"k@5"}},
		{name: "a lease that nobody here was granted", tell: func(s *story) { s.put("k", 5, 1, nil) }, after: time.Second, highest: 1, want: []string{"k@5-"}},
		{name: "revoked", tell: func(s *story) { s.grant(1, 60); s.put("k", 5, 1, nil); s.put("j", 6, 1, nil); s.revoke(nil) }, want: []string{"j-6", "k-5"}},
		{name: "put with a lease by a Txn, and revoked", tell: func(s *story) {
			s.grant(1, 60)
			q := txnIf("k", 0, putOp("k"))
			q.Success[0].GetRequestPut().Lease = 1
			s.do(q, committed(5, true), nil)
			s.revoke(nil)
		}, want: []string{"k-5"}},
		{name: "revoked, and the reply of a put comes last", tell: func(s *story) {
			s.grant(1, 60)
			s.send("put", &pb.PutRequest{Key: []byte("k"), Lease: 1}, &pb.PutResponse{Header: header(5)}, nil)
			s.revoke(nil)
			s.answer("put")
		}, want: []string{"k-5"}},
		{name: "perhaps revoked", tell: func(s *story) {
			s.grant(1, 60)
			s.put("k", 5, 1, nil)
			s.revoke(lost)
			s.books.renewed(1, time.Minute, s.now.Add(30*time.Second))
		}, after: time.Second, highest: 1, want: []string{"k@5-"}},
		{name: "revoked at the second attempt", tell: func(s *story) { s.grant(1, 60); s.put("k", 5, 1, nil); s.revoke(lost); s.revoke(nil) }, want: []string{"k-5"}},
		{name: "moved to another lease before it was revoked", tell: func(s *story) {
			s.grant(1, 60)
			s.grant(2, 60)
			s.put("k", 5, 1, nil)
			s.put("k", 6, 2, nil)
			s.revoke(nil)
		}, lowest: 1, highest: 1, want: []string{"k@6"}},
		{name: "moved to another lease, which is told of after the revocation", tell: func(s *story) {
			s.grant(1, 60)
			s.grant(2, 60)
			s.put("k", 5, 1, nil)
			s.send("put", &pb.PutRequest{Key: []byte("k"), Lease: 2}, &pb.PutResponse{Header: header(6)}, nil)
			s.revoke(nil)
			s.answer("put")
		}, lowest: 1, highest: 1, want: []string{"k@6"}},
		{name: "put without the lease, which is over", tell: func(s *story) { s.grant(1, 60); s.put("k", 5, 1, nil); s.put("k", 6, 0, nil) }, after: time.Hour, lowest: 1, highest: 1, want: []string{"k@6"}},
		{name: "over, and etcd has no such lease", tell: func(s *story) {
			s.grant(1, 60)
			s.grant(2, 300)
			s.put("k", 5, 1, nil)
			s.put("j", 6, 2, nil)
			s.books.Alive([]int64{2}, s.now.Add(2*time.Minute))
		}, after: 2 * time.Minute, lowest: 1, highest: 1, want: []string{"j@6", "k-5"}},
		{name: "a lease that is gone before its time excuses nothing", tell: func(s *story) {
			s.grant(1, 60)
			s.put("k", 5, 1, nil)
			s.books.Alive(nil, s.now)
		}, lowest: 1, highest: 1, want: []string{"k@5"}},
		{name: "over, and etcd still has the lease", tell: func(s *story) {
			s.grant(1, 60)
			s.put("k", 5, 1, nil)
			s.books.Alive([]int64{1}, s.now.Add(2*time.Minute))
		}, after: 2 * time.Minute, highest: 1, want: []string{"k@5-"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newStory(t)
			tc.tell(s)
			at := s.now.Add(tc.after)
			if got := s.books.Balance(at, nil); got != (Balance{tc.lowest, tc.highest}) {
				t.Errorf("balance %+v, want from %d to %d", got, tc.lowest, tc.highest)
			}
			if got := told(s.books.Sample(at)); !slices.Equal(got, tc.want) {
				t.Errorf("sample %v, want %v", got, tc.want)
			}
			if s.books.Unbooked() {
				t.Error("something was not booked")
			}
		})
	}
}

// told prints a sample.
func told(all []Expected) (texts []string) {
	for _, x := range all {
		mark, may := "-", ""
		if x.Present {
			mark = "@"
		}
		if x.MayPut {
			may = "+"
		}
		if x.MayDelete {
			may += "-"
		}
		texts = append(texts, fmt.Sprintf("%s%s%d%s", x.Key, mark, x.Revision, may))
	}
	slices.Sort(texts)
	return texts
}

func TestRangesAreNotBooked(t *testing.T) {
	for name, request := range map[string]any{
		"deletion of a range": &pb.DeleteRangeRequest{Key: []byte("a"), RangeEnd: []byte("b")},
		"in a Txn":            &pb.TxnRequest{Failure: []*pb.RequestOp{{Request: &pb.RequestOp_RequestDeleteRange{RequestDeleteRange: &pb.DeleteRangeRequest{Key: []byte("a"), RangeEnd: []byte("b")}}}}},
		"a Txn in a Txn":      &pb.TxnRequest{Success: []*pb.RequestOp{{Request: &pb.RequestOp_RequestTxn{RequestTxn: &pb.TxnRequest{}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t)
			s.do(request, &pb.TxnResponse{}, nil)
			if !s.books.Unbooked() {
				t.Error("the books pretend to know which keys were written")
			}
		})
	}
}

// A key is forgotten once it is known to be absent and is in no sample: memory
// does not tell of the length of a run.
func TestBooksForgetWhatIsAbsent(t *testing.T) {
	s := newStory(t)
	const live, turns = 5000, 8
	for turn := range turns {
		for i := range live {
			key := fmt.Sprintf("k%d-%d", turn, i)
			s.put(key, int64(turn+1), 0, nil)
			if turn < turns-1 {
				s.remove(key, int64(turn+2), nil)
			}
		}
	}
	if got := s.books.Balance(s.now, nil); got != (Balance{live, live}) {
		t.Errorf("balance %+v, want %d", got, live)
	}
	entries, sampled := 0, map[bool]int{}
	for i := range s.books.shards {
		entries += len(s.books.shards[i].keys)
	}
	for _, x := range s.books.Sample(s.now) {
		sampled[x.Present]++
	}
	if most := bookShards * shardSample; sampled[true] < most/4 || sampled[true] > most || sampled[false] < most/4 || sampled[false] > most {
		t.Errorf("%d keys of the sample are there and %d are not, want at most %d and no less than a quarter", sampled[true], sampled[false], most)
	}
	if entries != live+sampled[false] {
		t.Errorf("%d entries for %d keys that are there and %d of the sample that are not", entries, live, sampled[false])
	}
}

// Leases that are over for long are forgotten, and their keys are in doubt
// until etcd tells that it has no lease but those that are known.
func TestBooksForgetLeases(t *testing.T) {
	s := newStory(t)
	for i := range int64(100) {
		s.books.granted(i+1, time.Second, s.now.Add(time.Duration(i)*10*time.Second))
		s.put(fmt.Sprintf("k%d", i), i+1, i+1, nil)
	}
	at := s.now.Add(1001 * time.Second)
	if n := len(s.books.leases.of); n > 20 {
		t.Errorf("%d leases are known, though all but the last few are over for longer than %v", n, lingering)
	}
	if got := s.books.Balance(at, nil); got.Lowest != 0 || got.Highest != 100 {
		t.Errorf("balance %+v, want from 0 to 100", got)
	}
	s.books.Alive([]int64{1, 100}, at)
	if got := s.books.Balance(at, nil); got.Highest < 80 {
		t.Errorf("balance %+v though a lease of old lives", got)
	}
	s.books.Alive([]int64{100}, at)
	if got := s.books.Balance(at, []int64{100}); got != (Balance{1, 1}) {
		t.Errorf("balance %+v, want the one key whose lease lives after it was counted", got)
	}
	if got := s.books.Balance(at, nil); got != (Balance{0, 1}) {
		t.Errorf("balance %+v, want at most the one key whose lease lives", got)
	}
}

// A million keys take at most 60 MB.
func TestBooksAreSmall(t *testing.T) {
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	books := NewBooks()
	const keys = 250_000
	for i := range keys {
		key := fmt.Appendf(nil, "/registry/pods/ns-%02d/churn-0123456789-%09d", i%20, i)
		books.begin(key)
		books.acknowledged(key, int64(i), true, 0)
	}
	each := float64(heap()-before) / keys
	t.Logf("%.1f bytes a key", each)
	if each > 60 {
		t.Errorf("%.1f bytes a key, want at most 60", each)
	}
	runtime.KeepAlive(books)
}

func TestExpectedFault(t *testing.T) {
	at := func(revision int64) *mvccpb.KeyValue { return &mvccpb.KeyValue{ModRevision: revision} }
	for _, tc := range []struct {
		name  string
		want  Expected
		found *mvccpb.KeyValue
		fault bool
	}{
		{"as written", Expected{Revision: 5, Present: true}, at(5), false},
		{"lost", Expected{Revision: 5, Present: true}, nil, true},
		{"lost, it seems, but it may have been deleted", Expected{Revision: 5, Present: true, MayDelete: true}, nil, false},
		{"older than acknowledged", Expected{Revision: 5, Present: true, MayPut: true, MayDelete: true}, at(4), true},
		{"written by someone else", Expected{Revision: 5, Present: true}, at(6), true},
		{"perhaps written here", Expected{Revision: 5, Present: true, MayPut: true}, at(6), false},
		{"deleted", Expected{Revision: 5}, nil, false},
		{"the deletion is lost", Expected{Revision: 5, MayPut: true}, at(4), true},
		{"deleted, and put by someone else", Expected{Revision: 5}, at(6), true},
		{"deleted, and perhaps put here", Expected{Revision: 5, MayPut: true}, at(6), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if fault := tc.want.Fault(tc.found); (fault != "") != tc.fault {
				t.Errorf("fault %q", fault)
			}
		})
	}
}

// Many write the same keys at once, and are told of it in any order.
func TestBooksAtOnce(t *testing.T) {
	s := newStory(t)
	truth := struct {
		sync.Mutex
		revision int64
		keys     map[string]int64
	}{keys: map[string]int64{}}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(worker)))
			for range 5000 {
				key := fmt.Sprintf("k%d", rng.IntN(50))
				apply := func(put bool) int64 {
					truth.Lock()
					defer truth.Unlock()
					truth.revision++
					if delete(truth.keys, key); put {
						truth.keys[key] = truth.revision
					}
					return truth.revision
				}
				put := rng.IntN(2) == 0
				reply := &pb.PutResponse{Header: &pb.ResponseHeader{}}
				request := any(&pb.PutRequest{Key: []byte(key)})
				if !put {
					request = &pb.DeleteRangeRequest{Key: []byte(key)}
				}
				_ = s.books.intercept(t.Context(), "", request, reply, nil, func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
					reply.Header.Revision = apply(put)
					return nil
				})
			}
		})
	}
	wg.Wait()
	n := int64(len(truth.keys))
	if got := s.books.Balance(s.now, nil); got != (Balance{n, n}) {
		t.Errorf("balance %+v, want %d", got, n)
	}
	for _, x := range s.books.Sample(s.now) {
		revision, present := truth.keys[x.Key]
		if present != x.Present || present && revision != x.Revision {
			t.Errorf("%+v, but in truth it is there: %v, at %d", x, present, revision)
		}
	}
}

// BenchmarkBooks is what an update costs beside the request itself.
func BenchmarkBooks(b *testing.B) {
	books := NewBooks()
	const keys = 1_000_000
	requests := make([]*pb.TxnRequest, 4096)
	invoke := func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return nil }
	reply := &pb.TxnResponse{Header: &pb.ResponseHeader{}, Succeeded: true}
	name := func(i int) string { return fmt.Sprintf("/registry/pods/ns-%02d/churn-0123456789-%09d", i%20, i) }
	for i := range keys {
		key := []byte(name(i))
		books.begin(key)
		books.acknowledged(key, int64(i), true, 0)
	}
	for i := range requests {
		key := name(i * (keys / len(requests)))
		requests[i] = txnIf(key, int64(i), putOp(key))
	}
	b.Run("update", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			reply.Header.Revision = int64(keys + i)
			_ = books.intercept(b.Context(), "", requests[i%len(requests)], reply, nil, invoke)
		}
	})
	b.Run("range", func(b *testing.B) {
		b.ReportAllocs()
		request, reply := any(&pb.RangeRequest{}), any(&pb.RangeResponse{})
		for b.Loop() {
			_ = books.intercept(b.Context(), "", request, reply, nil, invoke)
		}
	})
	b.Run("create-delete", func(b *testing.B) {
		b.ReportAllocs()
		request, gone := &pb.PutRequest{}, &pb.DeleteRangeRequest{}
		put, deleted := &pb.PutResponse{Header: &pb.ResponseHeader{}}, &pb.DeleteRangeResponse{Header: &pb.ResponseHeader{}}
		key := []byte(name(keys))
		for i := 0; b.Loop(); i++ {
			for k, n := len(key)-1, i; k > len(key)-9; k, n = k-1, n/10 {
				key[k] = byte('0' + n%10)
			}
			request.Key, gone.Key = key, key
			put.Header.Revision, deleted.Header.Revision = int64(3*keys+2*i), int64(3*keys+2*i+1)
			_ = books.intercept(b.Context(), "", request, put, nil, invoke)
			_ = books.intercept(b.Context(), "", gone, deleted, nil, invoke)
		}
	})
}
