package record

import (
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Whatever workers do at once, all of it is found again: the counts add up and
// each histogram holds each operation once.
func TestNothingIsLost(t *testing.T) {
	const workers, each = 8, 2000
	r := New()
	s := r.Operation("churn", "create", "pods")
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				o := Outcome{Phase: Phase(i % 2), DonePhase: Phase(i % 2), Sent: time.Millisecond, Done: time.Duration(i) * time.Microsecond * 10}
				switch i % 10 {
				case 0:
					o.Conflict = true
				case 1:
					o.Code = codes.Unavailable
				case 2:
					o.Code, o.Unfinished, o.NotSent = codes.DeadlineExceeded, true, true
				}
				s.Count(w, o.Phase, Intended, 1)
				s.Done(w, &o)
			}
		})
	}
	var sum results.Counts
	histograms := map[string]int64{}
	collect := func() {
		in, err := r.Swap().Interval(0, time.Second)
		if err != nil {
			t.Error(err)
			return
		}
		for _, row := range in.Operations {
			sum = sum.Add(row.Counts)
			for name, e := range row.Quantities {
				h, err := e.Decode()
				if err != nil {
					t.Error(err)
					return
				}
				histograms[name] += h.TotalCount()
			}
		}
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		collect()
	}
	const n = workers * each
	if sum.Intended != n || sum.Succeeded != n*7/10 || sum.Conflicts != n/10 || sum.Sent != n*9/10 || sum.Unfinished != n/10 {
		t.Errorf("counts of %d operations: %+v", n, sum)
	}
	if sum.Intended != sum.Succeeded+sum.Conflicts+sum.ErrorCount()+sum.Dropped {
		t.Errorf("intended is not the sum of the outcomes: %+v", sum)
	}
	for name, want := range map[string]int64{results.Response: n, results.Turnaround: n, results.Service: n * 9 / 10} {
		if histograms[name] != want {
			t.Errorf("%s holds %d operations, want %d", name, histograms[name], want)
		}
	}
}

func TestValues(t *testing.T) {
	for _, tc := range []struct {
		name    string
		d       time.Duration
		micros  int64
		clamped int64
	}{
		{"rounds to the nearest microsecond", 1499 * time.Nanosecond, 1, 0},
		{"and up", 1500 * time.Nanosecond, 2, 0},
		{"zero", 0, 0, 0},
		{"below zero", -time.Millisecond, 0, 1},
		{"above an hour", 2 * time.Hour, results.HighestMicros, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := New()
			s := r.Operation("w", "o", "")
			s.Done(0, &Outcome{Phase: Measure, DonePhase: Measure, Done: tc.d, NotSent: true})
			in, err := r.Swap().Interval(0, time.Second)
			if err != nil {
				t.Fatal(err)
			}
			row := in.Operations[0]
			h, err := row.Quantities[results.Response].Decode()
			if err != nil {
				t.Fatal(err)
			}
			if got := h.Max(); got < tc.micros || float64(got) > float64(tc.micros)*1.001 || row.Clamped != 2*tc.clamped {
				t.Errorf("%v is recorded as %d µs with %d clamped, want %d and %d (response and turnaround)", tc.d, got, row.Clamped, tc.micros, 2*tc.clamped)
			}
		})
	}
}

// A second interval starts from nothing: buffers that come back from the pool are empty.
func TestIntervalsAreApart(t *testing.T) {
	r := New()
	s, w, l := r.Operation("a", "b", "c"), r.Watch("watch", 3), r.Lag("a")
	for range 3 {
		s.Done(1, &Outcome{Phase: Measure, DonePhase: Measure, Done: time.Millisecond})
		w.Value(0, Measure, Delivered, Delivery, time.Millisecond)
		l.Time(0, Measure, Lag, time.Microsecond, 1)
		in, err := r.Swap().Interval(0, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if len(in.Operations) != 1 || in.Operations[0].Succeeded != 1 || len(in.Watches) != 1 || in.Watches[0].Delivered != 1 || in.Watches[0].Watchers != 3 || len(in.Lag) != 1 {
			t.Fatalf("interval: %+v", in)
		}
		h, err := in.Lag[0].Lag.Decode()
		if err != nil || h.TotalCount() != 1 {
			t.Fatalf("lag: %v, %v", h, err)
		}
	}
	if in, err := r.Swap().Interval(0, time.Second); err != nil || len(in.Operations)+len(in.Watches)+len(in.Lag) != 0 {
		t.Errorf("an interval in which nothing happened: %+v, %v", in, err)
	}
}

// The slowest operations of the measure phase are kept, whatever comes when,
// and each is told once.
func TestExemplars(t *testing.T) {
	r := New()
	s := r.Operation("a", "b", "c")
	tell := func() (told []results.Exemplar) {
		in, err := r.Swap().Interval(0, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range in.Operations {
			told = append(told, row.Exemplars...)
		}
		return told
	}
	slow := func(millis int) {
		s.Done(millis, &Outcome{Phase: Measure, DonePhase: Measure, Intended: time.Second, Sent: time.Second, Done: time.Second + time.Duration(millis)*time.Millisecond, Revision: 7})
	}
	s.Done(0, &Outcome{Phase: Warmup, Done: time.Hour}) // of no account
	for i := range 1000 {
		slow(1 + i*7919%1000) // 1 … 1000 in disorder
	}
	told := tell()
	var sum float64
	for _, e := range told {
		sum += e.ResponseMS
		if e.AtMS != 1000 || e.Code != "OK" || e.Revision != 7 || e.ServiceMS != e.ResponseMS {
			t.Errorf("an exemplar: %+v", e)
		}
	}
	if want := float64(981+1000) * 10; len(told) != results.Exemplars || sum != want {
		t.Errorf("%d exemplars told, together %v ms; want %d, %v ms", len(told), sum, results.Exemplars, want)
	}
	if again := tell(); len(again) > 0 {
		t.Errorf("told twice: %+v", again)
	}
	slow(900)
	slow(2000)
	if told := tell(); len(told) != 1 || told[0].ResponseMS != 2000 {
		t.Errorf("the next to be told: %+v", told)
	}
}

func BenchmarkDone(b *testing.B) {
	s := New().Operation("churn", "create", "pods")
	o := Outcome{Phase: Measure, DonePhase: Measure, Sent: time.Millisecond, Done: 3 * time.Millisecond}
	s.Done(0, &o)
	b.ReportAllocs()
	for b.Loop() {
		s.Count(0, Measure, Intended, 1)
		s.Done(0, &o)
	}
}

func BenchmarkDoneParallel(b *testing.B) {
	s := New().Operation("churn", "create", "pods")
	var mu sync.Mutex
	next := 0
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		mu.Lock()
		shard := next
		next++
		mu.Unlock()
		o := Outcome{Phase: Measure, DonePhase: Measure, Sent: time.Millisecond, Done: 3 * time.Millisecond}
		for pb.Next() {
			s.Done(shard, &o)
		}
	})
}

func BenchmarkInterval(b *testing.B) {
	r := New()
	var all []*Series
	for i := range 12 {
		all = append(all, r.Operation("w", string(rune('a'+i)), ""))
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, s := range all {
			for i := range 100 {
				s.Done(i, &Outcome{Phase: Measure, DonePhase: Measure, Done: time.Duration(i*i) * time.Microsecond})
			}
		}
		if _, err := r.Swap().Interval(0, time.Second); err != nil {
			b.Fatal(err)
		}
	}
}
