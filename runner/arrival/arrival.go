// Package arrival says when chains are due: pure sequences, no clock.
//
// A sequence is a function of its parameters and its seed alone, so that the
// same run can be made again and a part of it by somebody else (Share). Times are
// offsets from the start of the arrivals, never below the one before.
package arrival

import (
	"math"
	"math/rand/v2"
	"time"
)

// Arrival is one due chain.
type Arrival struct {
	// Due is the offset from the start of the arrivals.
	Due time.Duration
	// Index counts the arrivals of a sequence from 0. In a Periodic sequence it
	// is the subject: which of the n.
	Index int
}

// Sequence returns the next arrival at each call; it never ends. It is used by
// one goroutine at a time.
type Sequence func() Arrival

// Constant has arrival i at i/rate seconds. rate is above 0.
func Constant(rate float64) Sequence {
	i := 0
	return func() Arrival {
		a := Arrival{Due: seconds(float64(i) / rate), Index: i}
		i++
		return a
	}
}

// Poisson has independent gaps, exponentially distributed with mean 1/rate
// seconds, the one before the first arrival included. rate is above 0.
func Poisson(rate float64, seed uint64) Sequence {
	rng := rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))
	i, at := 0, 0.0
	return func() Arrival {
		at += rng.ExpFloat64() / rate
		a := Arrival{Due: seconds(at), Index: i}
		i++
		return a
	}
}

// Periodic is the union of n subjects that each come again and again, as
// kubelets do: the first time at a random instant of the first period, then
// after period × (1 … 1+jitter), drawn anew each time. n is at least 1, period
// positive, jitter at least 0.
func Periodic(n int, period time.Duration, jitter float64, seed uint64) Sequence {
	return Gathered(n, period, period, jitter, seed)
}

// Gathered is Periodic whose subjects all come for the first time within a
// spread of time, as after an outage that made all of them wait. spread is positive.
func Gathered(n int, spread, period time.Duration, jitter float64, seed uint64) Sequence {
	rng := rand.New(rand.NewPCG(seed, 0xd1b54a32d192ed03))
	due := make(subjects, n)
	for i := range due {
		due[i] = Arrival{Due: time.Duration(rng.Int64N(int64(spread))), Index: i}
	}
	due.order()
	return func() Arrival {
		first := due[0]
		due[0].Due += time.Duration(float64(period) * (1 + jitter*rng.Float64()))
		due.sink(0)
		return first
	}
}

// Share is part i of n of a sequence: the arrivals i, i+n, i+2n, … All n parts
// together are the whole, without gap or double. 0 ≤ i < n.
func Share(s Sequence, i, n int) Sequence {
	k := 0
	return func() Arrival {
		for ; k%n != i; k++ {
			s()
		}
		k++
		return s()
	}
}

// subjects is a heap by due time.
type subjects []Arrival

func (s subjects) order() {
	for i := len(s)/2 - 1; i >= 0; i-- {
		s.sink(i)
	}
}

func (s subjects) sink(i int) {
	for {
		least := i
		for _, child := range [...]int{2*i + 1, 2*i + 2} {
			if child < len(s) && s[child].before(s[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		s[i], s[least] = s[least], s[i]
		i = least
	}
}

func (a Arrival) before(b Arrival) bool {
	return a.Due < b.Due || a.Due == b.Due && a.Index < b.Index
}

// seconds turns a number of seconds into a duration, rounded to the nearest nanosecond.
func seconds(s float64) time.Duration {
	return time.Duration(math.Round(s * float64(time.Second)))
}
