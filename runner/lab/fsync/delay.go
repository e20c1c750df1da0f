package fsync

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// longest bounds what one fsync can be delayed by, stalls apart.
const longest = time.Hour

// z99 is the 99th percentile of the standard normal distribution.
const z99 = 2.3263478740408408

// Delay is how much longer each fsync takes than it would. The zero Delay adds
// nothing.
type Delay struct {
	// P50 and P99 are the median and the 99th percentile of what is added to one
	// fsync, up to an hour. Where they are equal every fsync is delayed by just
	// that, otherwise the distribution is log-normal.
	P50, P99 time.Duration
	// Stall is when the disk stands still.
	Stall Stall
}

// Stall makes the disk stand still for the last For of each Every, counted from
// the moment at which it was set; the zero Stall never does. A delay makes no
// progress meanwhile, and an fsync that would end in a stall ends with it.
type Stall struct {
	Every, For time.Duration
}

// Check says what is wrong with d, if anything.
func (d Delay) Check() error {
	switch s := d.Stall; {
	case d.P50 < 0:
		return fmt.Errorf("a median delay of %v is negative", d.P50)
	case d.P99 < d.P50:
		return fmt.Errorf("the 99th percentile of a delay, %v, is below its median, %v", d.P99, d.P50)
	case d.P99 > longest:
		return fmt.Errorf("the 99th percentile of a delay, %v, is above %v", d.P99, longest)
	case d.P50 == 0 && d.P99 > 0:
		return errors.New("a delay that varies needs a median above 0")
	case s == Stall{}:
		return nil
	case s.For <= 0 || s.Every <= s.For:
		return fmt.Errorf("a stall of %v in every %v: it must be above 0 and below the time from one to the next", s.For, s.Every)
	}
	return nil
}

// of is what is added to the fsync that drew z from the standard normal distribution.
func (d Delay) of(z float64) time.Duration {
	if d.P50 == d.P99 {
		return d.P50
	}
	sigma := math.Log(float64(d.P99)/float64(d.P50)) / z99
	return time.Duration(min(float64(d.P50)*math.Exp(sigma*z), float64(longest)))
}

// end is when work ends that begins at from; both count from when the stall was set.
func (s Stall) end(from, work time.Duration) time.Duration {
	if s.For == 0 {
		return from + work
	}
	good := s.Every - s.For
	// progress is how long the disk has worked, not stood still, at the end.
	progress := from/s.Every*good + min(from%s.Every, good) + work
	return progress/good*s.Every + progress%good
}
