package runner

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// beatsWatched has some 20 updates of as many keys.
const beatsWatched = `
name = "proof"
[phases]
warmup = "0s"
measure = "500ms"
drain = "10s"
[workload.writes]
kind = "node-heartbeat"
nodes = 20
period = "500ms"
status_period = "1h"
[workload.informers]
kind = "watch"
resource = "leases"
watchers = 3
`

// podsWatched has creations, updates and deletions, and deletions that fail.
const podsWatched = `
name = "proof"
[phases]
warmup = "0s"
measure = "2s"
drain = "10s"
[setup.pods]
count = 20
[workload.writes]
kind = "pod-churn"
arrival = { rate = "10/s" }
[workload.informers]
kind = "watch"
resource = "pods"
watchers = 3
`

// watchCounts is what watchers see that is not as etcd promises, or not of the run.
type watchCounts struct{ missing, duplicated, outOfOrder, unmatched int64 }

// What etcd does that is within its promises is called nothing, and each event
// that a proxy drops, doubles or moves is found, no other with it.
func TestWatchProof(t *testing.T) {
	t.Parallel()
	etcd := startEtcd(t)
	for _, tc := range []struct {
		name string
		// quiet tells that nothing is to be counted but what was expected and delivered.
		quiet    bool
		resource string // that is written and watched
		sets     []string
		// plant says what is to happen, and writes into the stage what of it must be counted.
		plant func(s *stage) plan
		// also is asserted of the run, where there is more to say than the counts.
		also func(t *testing.T, s *stage, run *results.Run)
	}{
		{name: "as etcd does it", quiet: true, resource: "leases", plant: (*stage).nothing},
		{name: "events overtake their replies", quiet: true, resource: "leases", plant: (*stage).overtaking, also: hasOvertaken},
		{name: "events of pods overtake their replies", quiet: true, resource: "pods", plant: (*stage).overtaking, also: hasOvertaken},
		{name: "a write that times out after its event", resource: "leases", sets: []string{`workload.writes.timeout="1s"`}, plant: (*stage).timedOut, also: hasTimedOut},
		{name: "a write that times out before its event", resource: "leases", sets: []string{`workload.writes.timeout="1s"`}, plant: (*stage).timedOutFirst, also: hasTimedOut},
		{name: "two foreign writes at one revision", resource: "leases", plant: (*stage).foreignPair},
		{name: "a value of the run, written again by another", resource: "leases", plant: (*stage).foreignCopy},
		{name: "a foreign lease with two keys expires", resource: "leases", sets: []string{`phases.measure="1m"`}, plant: (*stage).expiry},
		{name: "a watch cancelled", quiet: true, resource: "leases", sets: []string{`phases.measure="1500ms"`}, plant: (*stage).cancelled, also: hasBroken},
		{name: "one of three watches on a stream cancelled", quiet: true, resource: "leases", sets: []string{`phases.measure="1500ms"`, "workload.informers.connections=1"}, plant: (*stage).cancelled, also: hasBroken},
		{name: "a stream broken off", quiet: true, resource: "leases", plant: (*stage).brokenOff, also: hasReopened},
		{name: "a stream of three watches refused", quiet: true, resource: "leases", sets: []string{`phases.measure="1500ms"`, "workload.informers.connections=1"}, plant: (*stage).refused, also: hasBroken},
		{name: "a watch cancelled, and compacted under it", resource: "leases", sets: []string{`phases.measure="2500ms"`}, plant: (*stage).compacted, also: hasCompacted},
		{name: "an event dropped", resource: "leases", plant: (*stage).dropped},
		{name: "an event dropped of one of three watches on a stream", resource: "leases", sets: []string{"workload.informers.connections=1"}, plant: (*stage).dropped},
		{name: "a deletion dropped", resource: "pods", sets: []string{`phases.measure="3s"`}, plant: (*stage).deletionDropped},
		{name: "all events from one on dropped", resource: "leases", plant: (*stage).tailDropped},
		{name: "an event duplicated", resource: "leases", plant: (*stage).duplicated},
		{name: "an event duplicated later", resource: "leases", plant: (*stage).duplicatedLater},
		{name: "events out of order", resource: "leases", plant: (*stage).swapped},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.also == nil || tc.resource == "pods" {
				notUnderRace(t) // what those do at once that break off or come late, these do too
			}
			ctx, finish := context.WithCancel(t.Context())
			defer finish()
			s := &stage{etcd: etcd, prefix: "/etcd-dyno/proof/registry/" + tc.resource + "/", finish: finish, seen: map[watcherID][]int64{}}
			proxied := startProxy(t, strings.TrimPrefix(etcd.Endpoints()[0], "http://"), tc.plant(s))
			scenario := map[string]string{"leases": beatsWatched, "pods": podsWatched}[tc.resource]
			folder, err := Run(ctx, t.Context(), jobOf(t, scenario, `endpoints = ["`+proxied+`"]`, tc.sets...))
			if err != nil {
				t.Fatal(err)
			}
			run, result := load(t, folder)
			c := countedIn(t, run, tc.resource)
			s.judge(t, c, run, result)
			if quiet := s.want == (watchCounts{}); quiet != tc.quiet {
				t.Errorf("planted: %+v", s.want)
			}
			if tc.also != nil {
				tc.also(t, s, run)
			}
		})
	}
}

// startEtcd starts a lab of one member and returns a client of it.
func startEtcd(tb testing.TB) *clientv3.Client {
	tb.Helper()
	single, err := scenarios.LoadConfiguration("single", nil)
	if err != nil {
		tb.Fatal(err)
	}
	return clientOf(tb, startLab(tb, single).Endpoints())
}

// startLab starts a lab that lives as long as the test.
func startLab(tb testing.TB, c scenarios.Configuration) *lab.Lab {
	tb.Helper()
	l, err := lab.Start(tb.Context(), lab.Spec{Run: tb.TempDir(), Configuration: c})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := l.Stop(context.WithoutCancel(tb.Context())); err != nil {
			tb.Error(err)
		}
	})
	return l
}

// clientOf is a client of endpoints.
func clientOf(tb testing.TB, endpoints []string) *clientv3.Client {
	tb.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: endpoints, Logger: zap.NewNop()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = client.Close() })
	return client
}

// proofWatchers is how many watchers each of these runs has.
const proofWatchers = 3

// nth is the event of a watcher, or the write of the run, that things happen at.
const nth = 5

// stage is one run and what is planted between it and etcd.
type stage struct {
	etcd   *clientv3.Client // goes past the proxy
	prefix string           // of what is watched
	finish func()           // ends the load
	mu     sync.Mutex
	// All below are guarded by mu.
	want   watchCounts
	victim *watcherID
	later  int                   // responses to the victim since things happened to it
	seen   map[watcherID][]int64 // the revisions of the events that etcd sent
	opened int                   // watches
	writes int                   // acknowledged ones
	// settle completes want after the run; may be nil.
	settle func(c counted)
}

// watcherID is a watch on a stream.
type watcherID struct {
	stream int
	id     int64
}

// counted is what a run has counted, in all phases.
type counted struct {
	watch  results.WatchInterval
	writes results.Counts // of what is watched
}

// countedIn sums up a run's journal.
func countedIn(t *testing.T, run *results.Run, resource string) (c counted) {
	t.Helper()
	f, err := os.Open(filepath.Join(run.Folder, results.JournalFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lost, err := results.ReadJournal(f, func(r results.Record) error {
		if r.Interval == nil {
			return nil
		}
		for _, row := range r.Interval.Watches {
			c.watch.Expected += row.Expected
			c.watch.Delivered += row.Delivered
			c.watch.Late += row.Late
			c.watch.Missing += row.Missing
			c.watch.Duplicated += row.Duplicated
			c.watch.OutOfOrder += row.OutOfOrder
			c.watch.Unmatched += row.Unmatched
		}
		for _, row := range r.Interval.Operations {
			if row.Resource == resource && row.Operation != "get" && !row.Chain {
				c.writes = c.writes.Add(row.Counts)
			}
		}
		return nil
	})
	if err != nil || lost > 0 {
		t.Fatalf("reading the journal: %v, %d lines lost", err, lost)
	}
	return c
}

// judge compares what was counted with what was planted.
func (s *stage) judge(t *testing.T, c counted, run *results.Run, result results.Result) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.settle != nil {
		s.settle(c)
	}
	if got := (watchCounts{c.watch.Missing, c.watch.Duplicated, c.watch.OutOfOrder, c.watch.Unmatched}); got != s.want {
		t.Errorf("counted %+v, want %+v", got, s.want)
	}
	if c.watch.Expected != proofWatchers*c.writes.Succeeded || c.watch.Delivered+c.watch.Late != c.watch.Expected-s.want.missing || c.writes.Succeeded < 2*nth {
		t.Errorf("%d writes acknowledged: %d events expected, %d delivered, %d late", c.writes.Succeeded, c.watch.Expected, c.watch.Delivered, c.watch.Late)
	}
	if !run.Watches[0].Sealed {
		t.Errorf("the watch is not sealed; events: %+v", run.Events)
	}
	status := results.Pass
	if s.want.missing > 0 {
		status = results.Fail
	}
	i := slices.IndexFunc(result.Checks, func(c results.Check) bool { return c.Name == "watch-completeness informers" })
	if i < 0 || result.Checks[i].Status != status {
		t.Errorf("checks %+v, want completeness to %s", result.Checks, status)
	}
}

// hasOvertaken asserts that at least half of the events came before their reply.
func hasOvertaken(t *testing.T, _ *stage, run *results.Run) {
	t.Helper()
	if p50 := run.Watches[0].Quantities[results.DeliveryFromAck].ValueAtPercentile(50); p50 > 0 {
		t.Errorf("the median event came %d µs after the reply", p50)
	}
}

func hasTimedOut(t *testing.T, _ *stage, run *results.Run) {
	t.Helper()
	if o := operationOf(t, run, "writes", "renew-lease"); o.Errors["DeadlineExceeded"] == 0 {
		t.Errorf("nothing timed out: %+v", o.Counts)
	}
}

// hasBroken asserts that the journal says that a watch broke off.
func hasBroken(t *testing.T, _ *stage, run *results.Run) {
	t.Helper()
	if !slices.ContainsFunc(run.Events, func(e results.Event) bool { return strings.Contains(e.Detail, "a watch broke off") }) {
		t.Errorf("no word of a broken watch: %+v", run.Events)
	}
}

func hasCompacted(t *testing.T, s *stage, run *results.Run) {
	t.Helper()
	hasBroken(t, s, run)
	if !slices.ContainsFunc(run.Events, func(e results.Event) bool { return strings.Contains(e.Detail, "were compacted") }) {
		t.Errorf("no word of the compaction: %+v", run.Events)
	}
}

// hasReopened asserts that a stream was opened once more, by the etcd client itself.
func hasReopened(t *testing.T, s *stage, _ *results.Run) {
	t.Helper()
	if s.opened <= proofWatchers {
		t.Errorf("%d watches were opened", s.opened)
	}
}

// await polls until a condition holds under the lock. Where it does not before
// ctx ends, what the test counts tells.
func (s *stage) await(ctx context.Context, holds func() bool) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		s.mu.Lock()
		ok := holds()
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// settleDown is enough for the run to have noticed, on a machine that is not
// busy, what was sent to it; nothing that is counted hangs on it.
const settleDown = 60 * time.Millisecond

func (*stage) pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// isUpdate reports whether a Txn updates an object of what is watched, as the run does after setup.
func (s *stage) isUpdate(r *pb.TxnRequest) bool {
	return len(r.Compare) == 1 && r.Compare[0].GetModRevision() > 0 && bytes.HasPrefix(r.Compare[0].Key, []byte(s.prefix)) &&
		len(r.Success) == 1 && r.Success[0].GetRequestPut() != nil
}

type txn = func(ctx context.Context, r *pb.TxnRequest, next func() (*pb.TxnResponse, error)) (*pb.TxnResponse, error)

// atUpdate hands the nth update to f, and lets all others pass.
func (s *stage) atUpdate(f txn) txn {
	return func(ctx context.Context, r *pb.TxnRequest, next func() (*pb.TxnResponse, error)) (*pb.TxnResponse, error) {
		if !s.isUpdate(r) {
			return next()
		}
		s.mu.Lock()
		s.writes++
		chosen := s.writes == nth
		s.mu.Unlock()
		if chosen {
			return f(ctx, r, next)
		}
		return next()
	}
}

type watched = func(ctx context.Context, stream int, r *pb.WatchResponse) ([]*pb.WatchResponse, error)

// toVictim hands f what etcd sends to one watcher from its nth event on that is
// chosen, with a number that begins at 0; the lock is held. All else passes.
func (s *stage) toVictim(chosen func(*mvccpb.Event) bool, f func(i int, r *pb.WatchResponse) ([]*pb.WatchResponse, error)) watched {
	return func(_ context.Context, stream int, r *pb.WatchResponse) ([]*pb.WatchResponse, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		w := watcherID{stream, r.WatchId}
		for _, ev := range r.Events {
			if chosen(ev) {
				s.seen[w] = append(s.seen[w], ev.Kv.ModRevision)
			}
		}
		if len(r.Events) > 0 && s.victim == nil && len(s.seen[w]) >= nth {
			s.victim = &w
		}
		if len(r.Events) == 0 || s.victim == nil || *s.victim != w {
			return []*pb.WatchResponse{r}, nil
		}
		s.later++
		return f(s.later-1, r)
	}
}

func anyEvent(*mvccpb.Event) bool { return true }

func isDeletion(ev *mvccpb.Event) bool { return ev.Type == mvccpb.Event_DELETE }

// passOn leaves out responses that have become empty: they would tell progress.
func passOn(all ...*pb.WatchResponse) ([]*pb.WatchResponse, error) {
	return slices.DeleteFunc(all, func(r *pb.WatchResponse) bool { return len(r.Events) == 0 && !r.Canceled }), nil
}

func (s *stage) nothing() plan { return plan{} }

// overtaking holds the reply of each write until its event has been sent to all watchers.
func (s *stage) overtaking() plan {
	sent := map[watcherID]int64{}
	return plan{
		txn: func(ctx context.Context, r *pb.TxnRequest, next func() (*pb.TxnResponse, error)) (*pb.TxnResponse, error) {
			reply, err := next()
			if err != nil || !reply.Succeeded || len(r.Compare) == 0 || !bytes.HasPrefix(r.Compare[0].Key, []byte(s.prefix)) {
				return reply, err
			}
			s.await(ctx, func() bool {
				for _, revision := range sent {
					if revision < reply.Header.Revision {
						return false
					}
				}
				return true
			})
			s.pause(ctx, settleDown)
			return reply, nil
		},
		watched: func(_ context.Context, stream int, r *pb.WatchResponse) ([]*pb.WatchResponse, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			w := watcherID{stream, r.WatchId}
			if r.Created {
				sent[w] = r.Header.Revision
			}
			if n := len(r.Events); n > 0 {
				sent[w] = r.Events[n-1].Kv.ModRevision
			}
			return []*pb.WatchResponse{r}, nil
		},
	}
}

// unknownOutcomes is what must be counted where writes time out that etcd
// commits: on a busy machine more than the one that is held.
func unknownOutcomes(s *stage) {
	s.settle = func(c counted) { s.want.unmatched = proofWatchers * c.writes.ErrorCount() }
}

// timedOut holds the reply of a write until after the run has given up.
func (s *stage) timedOut() plan {
	unknownOutcomes(s)
	return plan{txn: s.atUpdate(func(ctx context.Context, _ *pb.TxnRequest, next func() (*pb.TxnResponse, error)) (*pb.TxnResponse, error) {
		reply, err := next()
		<-ctx.Done()
		s.pause(context.WithoutCancel(ctx), settleDown)
		return reply, err
	})}
}

// timedOutFirst holds the events of the write too, until after the run has given up.
func (s *stage) timedOutFirst() plan {
	unknownOutcomes(s)
	var held []byte // the key
	gaveUp := false
	return plan{
		txn: s.atUpdate(func(ctx context.Context, r *pb.TxnRequest, next func() (*pb.TxnResponse, error)) (*pb.TxnResponse, error) {
			s.mu.Lock()
			held = r.Compare[0].Key
			s.mu.Unlock()
			reply, err := next()
			<-ctx.Done()
			s.pause(context.WithoutCancel(ctx), settleDown)
			s.mu.Lock()
			gaveUp = true
			s.mu.Unlock()
			return reply, err
		}),
		watched: func(ctx context.Context, _ int, r *pb.WatchResponse) ([]*pb.WatchResponse, error) {
			s.await(ctx, func() bool {
				return gaveUp || !slices.ContainsFunc(r.Events, func(ev *mvccpb.Event) bool { return bytes.Equal(ev.Kv.Key, held) })
			})
			return []*pb.WatchResponse{r}, nil
		},
	}
}

// foreignPair writes two keys of its own in one Txn, and deletes them in another.
func (s *stage) foreignPair() plan {
	return plan{txn: s.atUpdate(func(ctx context.Context, _ *pb.TxnRequest, next func() (*pb.TxnResponse, error)) (*pb.TxnResponse, error) {
		a, b := s.prefix+"foreign/b", s.prefix+"foreign/a"
		if _, err := s.etcd.Txn(ctx).Then(clientv3.OpPut(a, "1"), clientv3.OpPut(b, "2")).Commit(); err != nil {
			return nil, err
		}
		if _, err := s.etcd.Txn(ctx).Then(clientv3.OpDelete(a), clientv3.OpDelete(b)).Commit(); err != nil {
			return nil, err
		}
		s.mu.Lock()
		s.want.unmatched = 4 * proofWatchers
		s.mu.Unlock()
		return next()
	})}
}

// foreignCopy writes what the run has written once more, before the run has its reply.
func (s *stage) foreignCopy() plan {
	return plan{txn: s.atUpdate(func(ctx context.Context, r *pb.TxnRequest, next func() (*pb.TxnResponse, error)) (*pb.TxnResponse, error) {
		reply, err := next()
		if err != nil {
			return nil, err
		}
		put := r.Success[0].GetRequestPut()
		if _, err := s.etcd.Put(ctx, string(put.Key), string(put.Value)); err != nil {
			return nil, err
		}
		s.mu.Lock()
		s.want.unmatched = proofWatchers
		s.mu.Unlock()
		return reply, nil
	})}
}

// expiry lets a lease with two keys expire, and ends the load with the first write after it.
func (s *stage) expiry() plan {
	s.want.unmatched = 4 * proofWatchers
	expired := int64(0)
	return plan{
		open: func(ctx context.Context, _ int, _ *pb.WatchCreateRequest) {
			s.mu.Lock()
			s.opened++
			first := s.opened == 1
			s.mu.Unlock()
			if !first {
				return
			}
			lease, err := s.etcd.Grant(ctx, 1)
			if err != nil {
				return // the counts tell
			}
			for _, key := range []string{"foreign/a", "foreign/b"} {
				_, _ = s.etcd.Put(ctx, s.prefix+key, "mortal", clientv3.WithLease(lease.ID)) // the counts tell
			}
		},
		watched: func(_ context.Context, _ int, r *pb.WatchResponse) ([]*pb.WatchResponse, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, ev := range r.Events {
				if isDeletion(ev) {
					expired = ev.Kv.ModRevision
				}
			}
			return []*pb.WatchResponse{r}, nil
		},
		txn: func(_ context.Context, r *pb.TxnRequest, next func() (*pb.TxnResponse, error)) (*pb.TxnResponse, error) {
			reply, err := next()
			s.mu.Lock()
			defer s.mu.Unlock()
			// All watchers must come to this write before the run ends.
			if err == nil && reply.Succeeded && s.isUpdate(r) && expired > 0 && reply.Header.Revision > expired {
				s.finish()
			}
			return reply, err
		},
	}
}

// cancel is what etcd says where it ends a watch.
func cancel(r *pb.WatchResponse) *pb.WatchResponse {
	return &pb.WatchResponse{Header: r.Header, WatchId: r.WatchId, Canceled: true, CancelReason: "planted"}
}

func (s *stage) cancelled() plan {
	return plan{watched: s.toVictim(anyEvent, func(i int, r *pb.WatchResponse) ([]*pb.WatchResponse, error) {
		if i > 0 {
			return nil, nil // etcd does not know yet that it has ended
		}
		return passOn(r, cancel(r))
	})}
}

func (s *stage) brokenOff() plan {
	p := plan{open: func(context.Context, int, *pb.WatchCreateRequest) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.opened++
	}}
	p.watched = s.toVictim(anyEvent, func(i int, r *pb.WatchResponse) ([]*pb.WatchResponse, error) {
		if i > 0 {
			return passOn(r)
		}
		return []*pb.WatchResponse{r}, brokenStream()
	})
	return p
}

func (s *stage) refused() plan {
	return plan{watched: s.toVictim(anyEvent, func(i int, r *pb.WatchResponse) ([]*pb.WatchResponse, error) {
		if i > 0 {
			return passOn(r)
		}
		return []*pb.WatchResponse{r}, refusedStream()
	})}
}

// compacted cancels a watch, and compacts before it is opened again, so that it
// begins anew where etcd's history begins. What the others saw in between is
// missing for it, and nothing else.
func (s *stage) compacted() plan {
	p := s.cancelled()
	var from, to int64
	p.open = func(ctx context.Context, _ int, r *pb.WatchCreateRequest) {
		s.mu.Lock()
		s.opened++
		again := s.opened == proofWatchers+1
		s.mu.Unlock()
		if !again {
			return
		}
		revision := int64(0)
		s.await(ctx, func() bool {
			now, err := s.etcd.Get(ctx, s.prefix, clientv3.WithCountOnly())
			if err == nil {
				revision = now.Header.Revision
			}
			return revision >= r.StartRevision+nth
		})
		if _, err := s.etcd.Compact(ctx, revision); err != nil {
			return // the counts tell
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		from, to = r.StartRevision, revision
	}
	s.settle = func(counted) {
		for w, revisions := range s.seen {
			if w == *s.victim {
				continue
			}
			if n := count(revisions, from, to); n > 0 {
				s.want.missing = n
				return
			}
		}
	}
	return p
}

// count is how many revisions lie between from, inclusive, and to, exclusive.
func count(revisions []int64, from, to int64) (n int64) {
	for _, r := range revisions {
		if r >= from && r < to {
			n++
		}
	}
	return n
}

func (s *stage) dropped() plan { return plan{watched: s.toVictim(anyEvent, s.dropOne(anyEvent))} }

func (s *stage) deletionDropped() plan {
	return plan{watched: s.toVictim(isDeletion, s.dropOne(isDeletion))}
}

// dropOne drops one of the chosen events of the first response.
func (s *stage) dropOne(chosen func(*mvccpb.Event) bool) func(int, *pb.WatchResponse) ([]*pb.WatchResponse, error) {
	return func(i int, r *pb.WatchResponse) ([]*pb.WatchResponse, error) {
		if i == 0 {
			at := slices.IndexFunc(r.Events, chosen)
			r.Events = slices.Delete(r.Events, at, at+1)
			s.want.missing = 1
		}
		return passOn(r)
	}
}

func (s *stage) tailDropped() plan {
	return plan{watched: s.toVictim(anyEvent, func(_ int, r *pb.WatchResponse) ([]*pb.WatchResponse, error) {
		s.want.missing += int64(len(r.Events))
		return nil, nil
	})}
}

func (s *stage) duplicated() plan {
	return plan{watched: s.toVictim(anyEvent, func(i int, r *pb.WatchResponse) ([]*pb.WatchResponse, error) {
		if i == 0 {
			r.Events = append(r.Events, r.Events[len(r.Events)-1])
			s.want.duplicated = 1
		}
		return passOn(r)
	})}
}

func (s *stage) duplicatedLater() plan {
	var kept *pb.WatchResponse
	return plan{watched: s.toVictim(anyEvent, func(i int, r *pb.WatchResponse) ([]*pb.WatchResponse, error) {
		switch i {
		case 0:
			kept = r
		case 2:
			s.want.duplicated = int64(len(kept.Events))
			return passOn(r, kept)
		}
		return passOn(r)
	})}
}

func (s *stage) swapped() plan {
	var kept *pb.WatchResponse
	return plan{watched: s.toVictim(anyEvent, func(i int, r *pb.WatchResponse) ([]*pb.WatchResponse, error) {
		switch i {
		case 0:
			kept = r
			return nil, nil
		case 1:
			s.want.outOfOrder = int64(len(kept.Events))
			return passOn(r, kept)
		}
		return passOn(r)
	})}
}

// Watchers that share connections see all, each for itself.
func TestSharedStreams(t *testing.T) {
	run, _ := runJob(t, jobOf(t, beatsWatched, "", "workload.informers.watchers=200", "workload.informers.connections=4"))
	allDelivered(t, run.Watches[0], 200, operationOf(t, run, "writes", "renew-lease"))
}

// allDelivered asserts that each of so many watchers saw each write once.
func allDelivered(t *testing.T, w results.WatchRecord, watchers int64, writes results.OperationRecord) {
	t.Helper()
	if writes.Succeeded < 2*nth || w.Expected != watchers*writes.Succeeded || w.Delivered+w.Late != w.Expected || w.Missing+w.Duplicated+w.OutOfOrder+w.Unmatched > 0 || !w.Sealed {
		t.Errorf("%d writes to %d watchers: %+v", writes.Succeeded, watchers, w.WatchInterval)
	}
}

// Where watchers must be asked how far they are, those of a connection are asked together.
func TestProgressIsAskedOnceAConnection(t *testing.T) {
	const watchers, connections = 200, 4
	var asked, missing atomic.Int64
	var cut atomic.Int64 // the revision from which on nobody sees an event
	s := &stage{prefix: "/etcd-dyno/proof/registry/leases/"}
	p := plan{
		progress: func() { asked.Add(1) },
		txn: s.atUpdate(func(_ context.Context, _ *pb.TxnRequest, next func() (*pb.TxnResponse, error)) (*pb.TxnResponse, error) {
			now, err := next()
			if err == nil {
				cut.Store(now.Header.Revision + 1)
			}
			return now, err
		}),
		watched: func(_ context.Context, _ int, r *pb.WatchResponse) ([]*pb.WatchResponse, error) {
			from := cut.Load()
			before := len(r.Events)
			if before == 0 {
				return []*pb.WatchResponse{r}, nil
			}
			r.Events = slices.DeleteFunc(r.Events, func(ev *mvccpb.Event) bool { return from > 0 && ev.Kv.ModRevision >= from })
			missing.Add(int64(before - len(r.Events)))
			return passOn(r)
		},
	}
	proxied := startProxy(t, strings.TrimPrefix(startEtcd(t).Endpoints()[0], "http://"), p)
	run, _ := runJob(t, jobOf(t, beatsWatched, `endpoints = ["`+proxied+`"]`,
		fmt.Sprintf("workload.informers.watchers=%d", watchers), fmt.Sprintf("workload.informers.connections=%d", connections)))
	w := run.Watches[0]
	if !w.Sealed || w.Missing == 0 || w.Missing != missing.Load() || w.Delivered+w.Late != w.Expected-w.Missing {
		t.Errorf("%d events dropped: %+v", missing.Load(), w.WatchInterval)
	}
	// Once each tenth of a second, and the answer should come at once.
	if n := asked.Load(); n < connections || n > 10*connections {
		t.Errorf("progress was asked for %d times on %d connections", n, connections)
	}
}
