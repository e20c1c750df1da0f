package kube

import (
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/record"
	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

// scene is a ledger with two watchers.
type scene struct {
	t        *testing.T
	resource model.Resource
	recorder *record.Recorder
	ledger   *Ledger
	watchers [2]*Watcher
	values   *Values
}

type still struct{}

func (still) Now() time.Duration               { return 0 }
func (still) Phase(time.Duration) record.Phase { return record.Measure }

const testRun = 42

func newScene(t *testing.T, resource string) *scene {
	t.Helper()
	r, ok := model.ResourceNamed(resource)
	if !ok {
		t.Fatal(resource)
	}
	s := &scene{t: t, resource: r, recorder: record.New(), values: NewValues(NewFiller(1))}
	series := s.recorder.Watch("informers", 2)
	s.ledger = NewLedger(r, testRun, []*record.Series{series, series})
	for i := range s.watchers {
		s.watchers[i] = &Watcher{Number: i, store: &Store{Resource: r, Ledger: s.ledger}, clock: still{}}
	}
	return s
}

// put enters a put and returns its entry and the event that etcd would send of it.
func (s *scene) put(key string, revision int64, sent time.Duration) (Entry, *clientv3.Event) {
	value := s.values.Make(s.resource, 600, 7)
	e := s.ledger.Enter(key, value, record.Measure, sent)
	return e, &clientv3.Event{Type: mvccpb.PUT, Kv: &mvccpb.KeyValue{Key: []byte(key), Value: append([]byte(nil), value...), ModRevision: revision}}
}

// small is put with a value that has no room for a mark.
func (s *scene) small(key string, revision int64, sent time.Duration) (Entry, *clientv3.Event) {
	value := append([]byte(nil), s.values.Make(s.resource, MinValueSize-1, 7)...)
	e := s.ledger.Enter(key, value, record.Measure, sent)
	return e, &clientv3.Event{Type: mvccpb.PUT, Kv: &mvccpb.KeyValue{Key: []byte(key), Value: value, ModRevision: revision}}
}

func (s *scene) delete(key string, revision int64, sent time.Duration) (Entry, *clientv3.Event) {
	e := s.ledger.Enter(key, nil, record.Measure, sent)
	return e, deleted(key, revision)
}

// deleted is the event that etcd sends of a deletion, whoever's it is.
func deleted(key string, revision int64) *clientv3.Event {
	return &clientv3.Event{Type: mvccpb.DELETE, Kv: &mvccpb.KeyValue{Key: []byte(key), ModRevision: revision}}
}

func (s *scene) bothSee(ev *clientv3.Event, at time.Duration) {
	for _, w := range s.watchers {
		w.see(ev, at)
	}
}

// counted is what the watchers' series has, missing included.
func (s *scene) counted() results.WatchInterval {
	s.t.Helper()
	s.ledger.CountMissing(s.ledger.Highest())
	in, err := s.recorder.Swap().Interval(0, time.Second)
	if err != nil {
		s.t.Fatal(err)
	}
	sum := results.WatchInterval{}
	for _, row := range in.Watches {
		if sum.Workload != "" {
			s.t.Fatalf("rows of more than one phase: %+v", in.Watches)
		}
		sum = row
	}
	return sum
}

// kept is how many entries the ledger holds.
func (s *scene) kept() int {
	n := 0
	for i := range s.ledger.shards {
		n += len(s.ledger.shards[i].entries)
	}
	return n
}

func TestLedger(t *testing.T) {
	type counts struct{ expected, delivered, late, missing, duplicated, outOfOrder, unmatched int64 }
	for _, tc := range []struct {
		name string
		play func(s *scene)
		want counts
		kept int
	}{
		{"an event after its reply", func(s *scene) {
			e, ev := s.put("a", 5, 10)
			e.Acknowledge(0, 5, 20)
			s.bothSee(ev, 30)
		}, counts{expected: 2, delivered: 2}, 0},
		{"an event that overtakes its reply", func(s *scene) {
			e, ev := s.put("a", 5, 10)
			s.bothSee(ev, 15)
			e.Acknowledge(0, 5, 20)
		}, counts{expected: 2, delivered: 2}, 0},
		{"a delete, joined by its key", func(s *scene) {
			e, ev := s.delete("a", 6, 10)
			s.bothSee(ev, 15)
			e.Acknowledge(0, 6, 20)
		}, counts{expected: 2, delivered: 2}, 0},
		{"small values, which have no mark: two writes of a key, their events before and after the replies", func(s *scene) {
			a, evA := s.small("a", 5, 10)
			b, evB := s.small("a", 6, 11)
			s.bothSee(evA, 12)
			s.watchers[0].see(evB, 13)
			b.Acknowledge(0, 6, 20)
			a.Acknowledge(0, 5, 21)
			s.watchers[1].see(evB, 22)
		}, counts{expected: 4, delivered: 4}, 0},
		{"a small value beside a foreign one, and one that fails", func(s *scene) {
			a, evA := s.small("a", 7, 10)
			_, foreign := s.small("b", 6, 10)
			foreign.Kv.Key = []byte("a")
			failed, _ := s.small("a", 0, 10)
			s.bothSee(foreign, 12)
			s.bothSee(evA, 13)
			a.Acknowledge(0, 7, 20)
			failed.Fail(0, true)
		}, counts{expected: 2, delivered: 2, unmatched: 2}, 1},
		{"a delete whose compare failed, then one that succeeded", func(s *scene) {
			stale, _ := s.delete("a", 6, 10)
			stale.Fail(0, true)
			e, ev := s.delete("a", 7, 20)
			e.Acknowledge(0, 7, 30)
			s.bothSee(ev, 35)
		}, counts{expected: 2, delivered: 2}, 0},
		{"two events at one revision", func(s *scene) {
			a, evA := s.delete("a", 8, 10)
			b, evB := s.delete("b", 8, 10)
			a.Acknowledge(0, 8, 20)
			b.Acknowledge(0, 8, 20)
			s.bothSee(evA, 25)
			s.bothSee(evB, 25)
		}, counts{expected: 4, delivered: 4}, 0},
		{"a write that timed out but was committed", func(s *scene) {
			e, ev := s.put("a", 5, 10)
			e.Fail(0, false)
			s.bothSee(ev, 30)
		}, counts{unmatched: 2}, 0},
		{"the same, its event before the time-out", func(s *scene) {
			e, ev := s.put("a", 5, 10)
			s.bothSee(ev, 15)
			e.Fail(0, false)
		}, counts{unmatched: 2}, 0},
		{"the same of a delete, its event after the time-out", func(s *scene) {
			e, ev := s.delete("a", 5, 10)
			e.Fail(0, false)
			s.bothSee(ev, 30)
		}, counts{unmatched: 2}, 0},
		{"a write that timed out and was not committed", func(s *scene) {
			e, _ := s.put("a", 5, 10)
			e.Fail(0, false)
		}, counts{}, 0},
		{"a foreign delete while ours is on its way and fails", func(s *scene) {
			e, ev := s.delete("a", 5, 10)
			s.bothSee(ev, 15)
			e.Fail(0, true)
		}, counts{unmatched: 2}, 0},
		{"a foreign delete, seen late, while ours is on its way and succeeds", func(s *scene) {
			e, ev := s.delete("a", 7, 10)
			s.watchers[0].see(deleted("a", 5), 12)
			s.bothSee(ev, 15)
			e.Acknowledge(0, 7, 20)
			s.watchers[0].see(deleted("a", 9), 30)
		}, counts{expected: 2, delivered: 2, unmatched: 2}, 0},
		{"a value of ours that someone writes again", func(s *scene) {
			e, ev := s.put("a", 5, 10)
			again := &clientv3.Event{Type: mvccpb.PUT, Kv: &mvccpb.KeyValue{Key: []byte("a"), Value: ev.Kv.Value, ModRevision: 6}}
			s.watchers[0].see(ev, 12)
			s.watchers[0].see(again, 13)
			e.Acknowledge(0, 5, 20)
			s.watchers[1].see(ev, 30)
			s.watchers[1].see(again, 31)
		}, counts{expected: 2, delivered: 2, unmatched: 2}, 0},
		{"a foreign put", func(s *scene) {
			s.bothSee(&clientv3.Event{Type: mvccpb.PUT, Kv: &mvccpb.KeyValue{Key: []byte("x"), Value: []byte("not ours"), ModRevision: 9}}, 30)
		}, counts{unmatched: 2}, 0},
		{"a put of another run", func(s *scene) {
			value := append([]byte(nil), s.values.Make(s.resource, 600, 7)...)
			Stamp{Run: testRun + 1, Index: 1}.Put(s.resource, value)
			s.bothSee(&clientv3.Event{Type: mvccpb.PUT, Kv: &mvccpb.KeyValue{Key: []byte("x"), Value: value, ModRevision: 9}}, 30)
		}, counts{unmatched: 2}, 0},
		{"an expired key", func(s *scene) {
			s.bothSee(deleted("x", 9), 30)
		}, counts{unmatched: 2}, 0},
		{"a dropped event", func(s *scene) {
			e, ev := s.put("a", 5, 10)
			e.Acknowledge(0, 5, 20)
			s.watchers[0].see(ev, 30)
		}, counts{expected: 2, delivered: 1, missing: 1}, 1},
		{"a duplicated event", func(s *scene) {
			e, ev := s.put("a", 5, 10)
			e.Acknowledge(0, 5, 20)
			s.bothSee(ev, 30)
			s.watchers[1].see(ev, 31)
		}, counts{expected: 2, delivered: 2, duplicated: 1}, 0},
		{"a duplicated event before the other watcher's", func(s *scene) {
			e, ev := s.put("a", 5, 10)
			e.Acknowledge(0, 5, 20)
			s.watchers[0].see(ev, 30)
			s.watchers[0].see(ev, 31)
			s.watchers[1].see(ev, 32)
		}, counts{expected: 2, delivered: 2, duplicated: 1}, 0},
		{"a duplicated event before its reply", func(s *scene) {
			e, ev := s.put("a", 5, 10)
			s.bothSee(ev, 15)
			s.watchers[0].see(ev, 16)
			e.Acknowledge(0, 5, 20)
		}, counts{expected: 2, delivered: 2, duplicated: 1}, 0},
		{"two foreign events at one revision, both duplicated", func(s *scene) {
			for range 2 {
				s.bothSee(deleted("b", 5), 10)
				s.bothSee(deleted("a", 5), 10)
			}
		}, counts{unmatched: 4, duplicated: 4}, 0},
		{"a duplicated delete", func(s *scene) {
			e, ev := s.delete("a", 5, 10)
			e.Acknowledge(0, 5, 20)
			s.bothSee(ev, 30)
			s.watchers[0].see(ev, 31)
		}, counts{expected: 2, delivered: 2, duplicated: 1}, 0},
		{"two events in the wrong order", func(s *scene) {
			a, evA := s.put("a", 5, 10)
			b, evB := s.put("b", 6, 10)
			a.Acknowledge(0, 5, 20)
			b.Acknowledge(0, 6, 20)
			s.watchers[0].see(evB, 30)
			s.watchers[0].see(evA, 30)
			s.watchers[1].see(evA, 30)
			s.watchers[1].see(evB, 30)
		}, counts{expected: 4, delivered: 4, outOfOrder: 1}, 0},
		{"an event after the run's end", func(s *scene) {
			e, ev := s.put("a", 5, 10)
			e.Acknowledge(0, 5, 20)
			s.watchers[0].see(ev, 30)
			s.ledger.CallLate()
			s.watchers[1].see(ev, 40)
		}, counts{expected: 2, delivered: 1, late: 1}, 0},
	} {
		for _, resource := range []string{"pods", "example.com/widgets"} {
			t.Run(tc.name+" of "+resource, func(t *testing.T) {
				s := newScene(t, resource)
				tc.play(s)
				kept := s.kept()
				row := s.counted()
				got := counts{row.Expected, row.Delivered, row.Late, row.Missing, row.Duplicated, row.OutOfOrder, row.Unmatched}
				if got != tc.want {
					t.Errorf("counted %+v, want %+v", got, tc.want)
				}
				if kept != tc.kept {
					t.Errorf("%d entries are kept, want %d", kept, tc.kept)
				}
			})
		}
	}
}

// Delivery counts from when the write was sent, and from its reply, where that came before the event.
func TestDeliveryTimes(t *testing.T) {
	for _, tc := range []struct {
		name               string
		acked, seen        time.Duration
		delivery, sinceAck int64
	}{
		{"reply first", 3 * time.Millisecond, 5 * time.Millisecond, 4000, 2000},
		{"event first", 5 * time.Millisecond, 3 * time.Millisecond, 2000, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newScene(t, "pods")
			e, ev := s.put("a", 5, time.Millisecond)
			if tc.acked < tc.seen {
				e.Acknowledge(0, 5, tc.acked)
			}
			s.bothSee(ev, tc.seen)
			if tc.acked > tc.seen {
				e.Acknowledge(0, 5, tc.acked)
			}
			row := s.counted()
			for name, want := range map[string]int64{results.Delivery: tc.delivery, results.DeliveryFromAck: tc.sinceAck} {
				h, err := row.Quantities[name].Decode()
				if err != nil {
					t.Fatal(err)
				}
				if got := h.Max(); got < want || got > want+want/500 || h.TotalCount() != 2 {
					t.Errorf("%s: %d times %d µs, want 2 times %d", name, h.TotalCount(), got, want)
				}
			}
		})
	}
}

// A value has exactly the size that was asked for, and its stamp comes back from it.
func TestValues(t *testing.T) {
	values := NewValues(NewFiller(1))
	for _, name := range []string{"pods", "leases", "example.com/widgets"} {
		r, ok := model.ResourceNamed(name)
		if !ok {
			t.Fatal(name)
		}
		for _, size := range []int{1, 10, 62, MinValueSize - 1, MinValueSize, 303, 6787, 1 << 20} {
			v := values.Make(r, size, uint64(size)*7919)
			if len(v) != size {
				t.Fatalf("%s: %d bytes, want %d", name, len(v), size)
			}
			want := Stamp{Run: testRun, Index: 1 << 40, Sent: time.Hour}
			want.Put(r, v)
			got, found := StampOf(r, v, testRun)
			if found != (size >= MinValueSize) || found && got != want {
				t.Errorf("%s of %d bytes: stamp %+v (%v), want %+v", name, size, got, found, want)
			}
			if _, found := StampOf(r, v, testRun+1); found {
				t.Errorf("%s of %d bytes: its stamp passes for another run's", name, size)
			}
		}
	}
}

func BenchmarkValue(b *testing.B) {
	r, _ := model.ResourceNamed("pods")
	values := NewValues(NewFiller(1))
	b.ReportAllocs()
	pick := uint64(0)
	for b.Loop() {
		pick += 7919
		Stamp{Run: testRun, Index: pick}.Put(r, values.Make(r, 6787, pick))
	}
}

func BenchmarkLedger(b *testing.B) {
	r, _ := model.ResourceNamed("pods")
	series := record.New().Watch("w", 1)
	l := NewLedger(r, testRun, []*record.Series{series})
	value := append([]byte(nil), NewValues(NewFiller(1)).Make(r, 6787, 1)...)
	ev := &clientv3.Event{Type: mvccpb.PUT, Kv: &mvccpb.KeyValue{Key: []byte("a"), Value: value, ModRevision: 5}}
	b.ReportAllocs()
	for b.Loop() {
		e := l.Enter("a", value, record.Measure, 1)
		e.Acknowledge(0, 5, 2)
		l.see(ev, sighting{revision: 5, at: 3, phase: record.Measure})
	}
}

// What a cluster has lost that was acknowledged, nobody is owed any longer; what
// one watcher had seen by then stays counted.
func TestLedgerLose(t *testing.T) {
	s := newScene(t, "pods")
	seen, event := s.put("/a", 5, 0)
	seen.Acknowledge(0, 5, 0)
	s.watchers[0].see(event, 0)
	lost, _ := s.put("/b", 6, 0)
	lost.Acknowledge(0, 6, 0)
	s.ledger.Lose()
	after, event := s.put("/c", 1_000_000_007, 0)
	after.Acknowledge(0, 1_000_000_007, 0)
	s.bothSee(event, 0)
	s.ledger.CountMissing(1_000_000_007)
	if c := s.counted(); c.Expected != 3 || c.Delivered != 3 || c.Missing != 0 {
		t.Errorf("%d expected, %d delivered, %d missing; want 3, 3, 0", c.Expected, c.Delivered, c.Missing)
	}
	if n := s.kept(); n != 0 {
		t.Errorf("%d entries are kept", n)
	}
}
