package runner

import (
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// service is an availability whose writes are told by a test.
func service(tb testing.TB) *availability {
	tb.Helper()
	return &availability{flying: map[int64]time.Duration{}, usual: hdr.New(1, time.Hour.Microseconds(), 2)}
}

// steady tells of writes of 5 ms, one each 20 ms, from one instant to another.
func (a *availability) steady(from, to time.Duration) {
	for at := from; at < to; at += writeEvery {
		n, _ := a.begin(at)
		a.end(n, at+5*time.Millisecond, true)
	}
}

func TestOutage(t *testing.T) {
	const second = time.Second
	for _, c := range []struct {
		name string
		// during tells what happens from 10 s on; the service is steady again when it returns.
		during     func(a *availability) time.Duration
		gap, until time.Duration // of the outage, until from 10 s on
	}{
		{"nothing", func(*availability) time.Duration { return 10 * second }, 20 * time.Millisecond, 0},
		{"a second of failures, each told at once", func(a *availability) time.Duration {
			for at := 10 * second; at < 11*second; at += writeEvery {
				n, _ := a.begin(at)
				a.end(n, at+time.Millisecond, false)
			}
			return 11 * second
		}, second + 20*time.Millisecond, second - 20*time.Millisecond + time.Millisecond},
		{"two seconds in which all wait", func(a *availability) time.Duration {
			var waiting []int64
			for at := 10 * second; at < 12*second; at += writeEvery {
				n, _ := a.begin(at)
				waiting = append(waiting, n)
			}
			for _, n := range waiting {
				a.end(n, 12*second, true)
			}
			return 12 * second
		}, 2*second + 15*time.Millisecond, 2 * second},
		{"two of fifty slow ones are no disturbance", func(a *availability) time.Duration {
			slow, _ := a.begin(10 * second)
			slower, _ := a.begin(10 * second)
			a.steady(10*second, 10*second+500*time.Millisecond)
			a.end(slow, 10*second+500*time.Millisecond, true)
			a.end(slower, 10*second+500*time.Millisecond, false)
			return 10*second + 500*time.Millisecond
		}, 40 * time.Millisecond, 0},
		{"those that were under way time out long after", func(a *availability) time.Duration {
			var lost []int64
			for at := 10 * second; at < 11*second; at += writeEvery {
				n, _ := a.begin(at)
				lost = append(lost, n)
			}
			a.steady(11*second, 17*second)
			for _, n := range lost {
				a.end(n, 17*second, false)
			}
			return 17 * second
		}, second + 20*time.Millisecond, second},
		{"a third fails, the others are served", func(a *availability) time.Duration {
			for i, at := 0, 10*second; at < 13*second; i, at = i+1, at+writeEvery {
				n, _ := a.begin(at)
				a.end(n, at+5*time.Millisecond, i%3 > 0)
			}
			return 13 * second
		}, 40 * time.Millisecond, 3*second - 35*time.Millisecond},
	} {
		a := service(t)
		a.steady(0, 10*second)
		o := a.watch(10 * second)
		from := c.during(a)
		a.steady(from, from+2*second)
		s := a.state(o, from+2*second)
		if s.until > 0 {
			s.until -= 10 * second
		}
		const near = 45 * time.Millisecond // two writes
		if s.disturbed || s.held || (s.gap-c.gap).Abs() > near || (s.until-c.until).Abs() > near {
			t.Errorf("%s: %+v; wanted a gap of %v until %v", c.name, s, c.gap, c.until)
		}
	}
}

// While nothing comes back, the service is disturbed, and the gap grows.
func TestOutageUnderWay(t *testing.T) {
	a := service(t)
	a.steady(0, time.Second)
	o := a.watch(time.Second)
	for at := time.Second; at < 4*time.Second; at += writeEvery {
		a.begin(at)
	}
	if s := a.state(o, 4*time.Second); !s.disturbed || !s.held || s.gap < 3*time.Second {
		t.Errorf("nothing comes back: %+v", s)
	}
	a.forget(o)
	if len(a.open) != 0 {
		t.Error("it is still followed")
	}
}

// What another action does is not laid to the one before, whose writes time out meanwhile.
func TestOutageClosed(t *testing.T) {
	const second = time.Second
	a := service(t)
	a.steady(0, second)
	first := a.watch(second)
	var lost []int64
	for at := second; at < 2*second; at += writeEvery {
		n, _ := a.begin(at)
		lost = append(lost, n)
	}
	a.steady(2*second, 4*second)
	a.over(first)
	another := a.watch(4 * second)
	for at := 4 * second; at < 6*second; at += writeEvery {
		n, _ := a.begin(at)
		a.end(n, at+time.Millisecond, false)
	}
	a.steady(6*second, 9*second)
	for _, n := range lost {
		a.end(n, 9*second, false)
	}
	one, two := a.state(first, 9*second), a.state(another, 9*second)
	if one.until > 2*second+writeEvery || one.gap > second+50*time.Millisecond || one.tail != 9*second || one.held {
		t.Errorf("the first: %+v", one)
	}
	if two.until < 5*second || two.gap < 2*second || two.tail > 7*second {
		t.Errorf("the second: %+v", two)
	}
}
