package history

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// nightsWith makes a history of so many nights with 2 % noise, and of as many that are slower by a share after them.
func nightsWith(t *testing.T, before, after int, slower float64) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 9))
	var all []Record
	for n := range before + after {
		effect := 0.02 * rng.NormFloat64()
		if n >= before {
			effect += slower
		}
		all = append(all, measured(n, effect))
	}
	return stored(t, all...)
}

func gating(h *History) func(Series) bool { return h.Gating() }

func check(t *testing.T, path string, night int) News {
	t.Helper()
	var told News
	if err := Check(path, day(night), gating, func(n News) error { told = n; return nil }); err != nil {
		t.Fatal(err)
	}
	return told
}

// A night that is slower is suspected, and told once it was measured again: once, with
// its interval and what was measured on both sides.
func TestTold(t *testing.T) {
	path := nightsWith(t, 20, 0, 0)
	if n := check(t, path, 20); len(n.Told)+len(n.Suspected)+len(n.Open) > 0 {
		t.Fatalf("an unchanged history tells %+v", n)
	}
	again := func(r *Record) { r.Again, r.Source = r.Source, "again" }
	for i, r := range []Record{measured(20, 0.12), measured(20, 0.11, again), measured(20, 0.13, again)} {
		r.At = r.At.Add(time.Duration(i) * time.Minute)
		if _, err := Add(path, day(21).Add(time.Duration(i)*time.Hour), r); err != nil {
			t.Fatal(err)
		}
		n := check(t, path, 21)
		if i < 2 {
			if len(n.Suspected) != 1 || len(n.Told) > 0 || !n.Suspected[0].Worse {
				t.Fatalf("measure %d: %+v", i, n)
			}
			continue
		}
		if len(n.Told) != 1 || len(n.Suspected) > 0 || !n.Worse() {
			t.Fatalf("measure %d: %+v", i, n)
		}
		c := n.Told[0]
		before, _ := mustRead(t, path).Record(c.Before)
		from, _ := mustRead(t, path).Record(c.From)
		if before.At != day(19) || from.At != day(20) || from.Again != "" || c.Low > 0.12 || c.High < 0.12 || c.Low < 0.08 || c.High > 0.16 || c.P > maxP || c.BeforeCount != 20 || c.AfterCount != 3 {
			t.Errorf("%+v", c)
		}
	}
	for night := 21; night < 60; night++ {
		if _, err := Add(path, day(night).Add(time.Hour), measured(night, 0.12+0.01*float64(night%3-1))); err != nil {
			t.Fatal(err)
		}
		if n := check(t, path, night); len(n.Told)+len(n.Suspected) > 0 || len(n.Open) != 1 {
			t.Fatalf("night %d: it is told again: %+v", night, n)
		}
	}
	id := mustRead(t, path).Told[0].ID
	if unknown, err := Accept(path, day(60), "etcd 3.7.4", id, "no-such"); err != nil || len(unknown) != 1 || len(mustRead(t, path).Acks) > 0 {
		t.Errorf("unknown %v, %v: all or none", unknown, err)
	}
	if unknown, err := Accept(path, day(60), "etcd 3.7.4", id); err != nil || len(unknown) > 0 {
		t.Errorf("unknown %v, %v", unknown, err)
	}
	if n := check(t, path, 60); len(n.Open) > 0 {
		t.Errorf("it is open after its ack: %+v", n)
	}
	// A second change on top of it is another one.
	for night := 60; night < 66; night++ {
		if _, err := Add(path, day(night).Add(time.Hour), measured(night, 0.30+0.01*float64(night%3-1))); err != nil {
			t.Fatal(err)
		}
		check(t, path, night)
	}
	if h := mustRead(t, path); len(h.Told) != 2 || h.Told[0].ID == h.Told[1].ID || len(h.Look(h.Gating(), day(66)).Open) != 1 {
		t.Errorf("%+v", h.Told)
	}
}

// One night that is far out, and is not when measured again, is not told, and soon not suspected.
func TestOutlier(t *testing.T) {
	path := nightsWith(t, 20, 0, 0)
	for i, effect := range []float64{0.40, 0.01, -0.01, 0.015} {
		if _, err := Add(path, day(20+i).Add(time.Hour), measured(20+i, effect)); err != nil {
			t.Fatal(err)
		}
		n := check(t, path, 20+i)
		if len(n.Told) > 0 || i != 1 && (len(n.Suspected) > 0) != (i == 0) {
			t.Errorf("measure %d: %+v", i, n)
		}
	}
}

// One night that was very strange does not hide what comes after it.
func TestSpike(t *testing.T) {
	for _, strange := range []float64{0.3, 1, 3, 10} {
		for _, seed := range []uint64{1, 2, 3, 4, 5} {
			rng := rand.New(rand.NewPCG(seed, 1))
			var all []Record
			for n := range 60 {
				effect := 0.025 * rng.NormFloat64()
				switch {
				case n == 33:
					effect = strange
				case n >= 45:
					effect += 0.1
				}
				all = append(all, measured(n, effect))
			}
			path := stored(t, all[:44]...)
			var told []Told
			for _, r := range all[44:] {
				if _, err := Add(path, r.At.Add(time.Hour), r); err != nil {
					t.Fatal(err)
				}
				told = append(told, check(t, path, 60).Told...)
			}
			if len(told) != 1 || told[0].Effect < 0.06 || told[0].Effect > 0.16 {
				t.Errorf("a night of %v, seed %d: told %+v", strange, seed, told)
			}
		}
	}
}

// What gets better is told too, and is nothing worse; of a rate less is worse.
func TestDirection(t *testing.T) {
	higher := func(r *Record) { r.Metrics[0].Better = "higher" }
	for _, test := range []struct {
		change []func(*Record)
		by     float64
		worse  bool
	}{{nil, 0.2, true}, {nil, -0.2, false}, {[]func(*Record){higher}, -0.2, true}, {[]func(*Record){higher}, 0.2, false}} {
		var all []Record
		for n := range 24 {
			effect := 0.01 * float64(n%3-1)
			if n >= 20 {
				effect += test.by
			}
			all = append(all, measured(n, effect, test.change...))
		}
		if n := check(t, stored(t, all...), 24); len(n.Told) != 1 || n.Told[0].Worse != test.worse || n.Worse() != test.worse || (n.Told[0].Effect > 0) != (test.by > 0) {
			t.Errorf("%+v of %+v", n.Told, test)
		}
	}
}

// Below ten measures nothing is predicted, and nothing told.
func TestYoung(t *testing.T) {
	path := nightsWith(t, Settled-1, 5, 0.5)
	if n := check(t, path, 20); len(n.Told)+len(n.Suspected) > 0 {
		t.Errorf("%+v", n)
	}
}

// What is judged of a metric by itself is the logarithm where it is a ratio's, else the difference.
func TestValues(t *testing.T) {
	alone := func(r *Record) { r.Control = nil }
	share := func(r *Record) { r.Metrics[0].Relative, r.Metrics[0].Least = false, 0.001 }
	lost := func(r *Record) { r.Metrics[0].Effect = nil }
	for name, test := range map[string]struct {
		r     Record
		want  float64
		known bool
	}{
		"ratio":               {measured(0, 0.1), 0.09531, true},
		"difference":          {measured(0, 0.1, share), 0.1, true},
		"alone":               {measured(0, 0.1, alone), 0.78846, true}, // ln 2.2
		"alone, and absolute": {measured(0, 0.1, alone, share), 2.2, true},
		"not known":           {measured(0, 0.1, lost), 0, false},
	} {
		if got, ok := valueOf(test.r, test.r.Metrics[0]); ok != test.known || ok && (got-test.want > 1e-4 || test.want-got > 1e-4) {
			t.Errorf("%s: %v, %v; want %v", name, got, ok, test.want)
		}
	}
}

// Where nothing gates, all is watched.
func TestGating(t *testing.T) {
	free := func(r *Record) { r.Metrics[0].Gates = false }
	other := func(r *Record) {
		m := r.Metrics[0]
		m.Metric, m.Gates = "churn.create.response.p99", false
		r.Metrics = append(r.Metrics, m)
	}
	for _, test := range []struct {
		changes []func(*Record)
		want    string
	}{
		{[]func(*Record){other}, "churn.bind.response.p50"},
		{[]func(*Record){free, other}, "churn.bind.response.p50 churn.create.response.p99"},
	} {
		var names []string
		for _, w := range check(t, stored(t, measured(0, 0, test.changes...)), 1).Watched {
			names = append(names, w.Metric)
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("watched %s, want %s", got, test.want)
		}
	}
}
