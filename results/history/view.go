package history

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"

	"github.com/etcd-dyno/etcd-dyno/results/stats"
)

// view is a segment of a series, and what was told of it.
type view struct {
	series Series
	points []Point
	values []float64
	least  float64
	told   []toldAt // by their places
}

// toldAt is a change that was told, by its place.
type toldAt struct {
	Told
	index int
}

func viewOf(s Series, segment int, told []Told) view {
	v := view{series: s, least: math.Log1p(LeastShare)}
	if len(s.Segments) == 0 {
		return v
	}
	v.points = s.Segments[segment].Points
	v.values = clipped(s.Segments[segment].Values())
	if n := len(v.points); n > 0 && !s.Segments[segment].Relative {
		v.least = v.points[n-1].Metric.Least
	}
	for _, t := range told {
		at := slices.IndexFunc(v.points, func(p Point) bool { return p.Record.ID == t.From })
		if t.Key == s.Key && at >= 0 {
			v.told = append(v.told, toldAt{t, at})
		}
	}
	slices.SortStableFunc(v.told, func(a, b toldAt) int { return cmp.Compare(a.index, b.index) })
	return v
}

// until is the view when only the first n points were there.
func (v view) until(n int) view {
	v.points, v.values = v.points[:n], v.values[:n]
	return v
}

func (v view) changes(p float64) []stats.ChangePoint {
	all := stats.ChangePoints(v.values, stats.ChangeRules{MaxP: p, MinSize: v.least, Window: window, Least: after})
	return slices.DeleteFunc(all, func(c stats.ChangePoint) bool { // a few measures that are far out move a mean, not a median
		before := stats.Median(v.values[c.Index-c.CountBefore : c.Index])
		moved := stats.Median(v.values[c.Index:c.Index+c.CountAfter]) - before
		return math.Abs(moved) < v.least || (moved > 0) != (c.After > c.Before)
	})
}

// level is that of the last stretch before the last point.
func (v view) level() Level {
	n := len(v.values)
	if n == 0 {
		return Level{Mean: math.NaN(), SD: math.NaN(), Low: math.Inf(-1), High: math.Inf(1)}
	}
	before := v.until(n - 1)
	l := Level{}
	if c := before.changes(maxP); len(c) > 0 {
		l.From = c[len(c)-1].Index
	}
	stretch := before.values[l.From:]
	l.Count = len(stretch)
	l.Mean, l.SD = stats.MeanAndSD(stretch)
	l.Low, l.High = math.Inf(-1), math.Inf(1)
	if l.Count >= Settled {
		l.Low, l.High = stats.Predicted(stretch, Inside)
	}
	return l
}

// certain reports whether the i-th of all changes is certain enough to be told: it is
// recent, has a settled series before it, differs from night to night too, and is either
// fresh or a level of its own between two changes.
func (v view) certain(found []stats.ChangePoint, i int) bool {
	c := found[i]
	if !v.recent(c) || !v.nightly(c) {
		return false
	}
	if i < len(found)-1 {
		return c.CountAfter > fresh
	}
	return v.fresh(c)
}

func (v view) recent(c stats.ChangePoint) bool {
	return c.Index >= len(v.values)-recent && c.Index >= Settled && c.CountBefore > after
}

// fresh reports whether the last change was suspected before, and as many measures as
// are fresh, which came after that, agree with it.
func (v view) fresh(c stats.ChangePoint) bool {
	n := len(v.values)
	if n-fresh <= c.Index {
		return false
	}
	for _, value := range v.values[n-fresh:] {
		if !agrees(value, c) {
			return false
		}
	}
	before := v.until(n - fresh)
	was, ok := before.suspected(before.level())
	return ok && sameWay(was, c) && far(was.Index, c.Index) <= near
}

// nightly reports whether a change is seen from night to night too, when all measures of
// a night are one: they may have in common what no other night has.
func (v view) nightly(c stats.ChangePoint) bool {
	before := v.nights(c.Index-c.CountBefore, c.Index)
	return stats.StudentP(before, v.nights(c.Index, c.Index+c.CountAfter)) <= nightP
}

// nights are the means of the nights between two places.
func (v view) nights(from, to int) (all []float64) {
	var of []float64
	for i := from; i < to; i++ {
		of = append(of, v.values[i])
		if i+1 == to || v.points[i+1].Record.night() != v.points[i].Record.night() {
			mean, _ := stats.MeanAndSD(of)
			all, of = append(all, mean), nil
		}
	}
	return all
}

// suspected is a change that may be one: of the level, or of the last measure alone, which lies outside of what was predicted.
func (v view) suspected(l Level) (stats.ChangePoint, bool) {
	weak := v.changes(suspectP)
	if i := len(weak) - 1; i >= 0 && v.recent(weak[i]) && v.tellings(weak)[i] == nil {
		return weak[i], true
	}
	n := len(v.values)
	if n == 0 {
		return stats.ChangePoint{}, false
	}
	last := v.values[n-1]
	c := stats.ChangePoint{Index: n - 1, Before: l.Mean, After: last, CountBefore: l.Count, CountAfter: 1, Low: last - l.High, High: last - l.Low, P: 1 - Inside}
	return c, (last < l.Low || last > l.High) && c.Size() >= v.least && v.tellings([]stats.ChangePoint{c})[0] == nil
}

// tellings are those of changes, nil for what was not told. Each telling is of one
// change at most: the nearest of the same direction that is not much larger. One that
// was told to have gone back since is of none that came after that.
func (v view) tellings(found []stats.ChangePoint) []*Told {
	of := make([]*Told, len(found))
	for k := range v.told {
		t, best := &v.told[k], -1
		for i, c := range found {
			if of[i] == nil && v.covers(k, c) && (best < 0 || far(t.index, c.Index) < far(t.index, found[best].Index)) {
				best = i
			}
		}
		if best >= 0 {
			of[best] = &t.Told
		}
	}
	return of
}

// covers reports whether the k-th telling can be of a change.
func (v view) covers(k int, c stats.ChangePoint) bool {
	t := v.told[k]
	size := math.Abs(t.Effect)
	if t.Relative {
		size = math.Abs(math.Log1p(t.Effect))
	}
	if far(t.index, c.Index) > near || (t.Effect > 0) != (c.After > c.Before) || c.Size() > 1.5*size+v.least {
		return false
	}
	return !slices.ContainsFunc(v.told[k+1:], func(back toldAt) bool {
		return back.index > t.index && back.index <= c.Index && (back.Effect > 0) != (t.Effect > 0)
	})
}

// change is a change point as it is told. The ID is that of the telling, where it was told.
func (v view) change(c stats.ChangePoint, told *Told) Change {
	made := Change{
		Key: v.series.Key, From: v.points[c.Index].Record.ID, Relative: v.points[c.Index].Metric.Relative,
		Effect: c.After - c.Before, Low: c.Low, High: c.High, P: c.P,
		Worse: v.series.worse(c.After - c.Before), BeforeCount: c.CountBefore, AfterCount: c.CountAfter,
	}
	if c.Index > 0 {
		made.Before = v.points[c.Index-1].Record.ID
	}
	if made.Relative {
		made.Effect, made.Low, made.High = math.Expm1(made.Effect), math.Expm1(made.Low), math.Expm1(made.High)
	}
	if told != nil {
		made.ID = told.ID
		return made
	}
	again := 0 // what grew after it was told is another change, also where it begins with the same record
	for _, t := range v.told {
		if t.From == made.From {
			again++
		}
	}
	sum := sha256.Sum256(fmt.Append(nil, made.Key.String(), "\n", made.From, "\n", again))
	made.ID = hex.EncodeToString(sum[:4])
	return made
}

// clipped are values among which none is a spike: one that lies far from those around
// it and has no neighbour like it counts as far as spike. One night that was
// strange would else make all others look alike.
func clipped(values []float64) []float64 {
	clipped := slices.Clone(values)
	for i := Settled; i < len(values)-1; i++ {
		near := slices.Concat(values[max(0, i-around):i], values[i+1:min(len(values), i+1+around)])
		middle := stats.Median(near)
		apart := make([]float64, len(near))
		for k, v := range near {
			apart[k] = math.Abs(v - middle)
		}
		reach := spike * 1.4826 * stats.Median(apart) // the standard deviation of what is normal, by its median
		by := values[i] - middle
		alone := (values[i-1]-middle)/by < 0.5 && (values[i+1]-middle)/by < 0.5
		if math.Abs(by) > reach && reach > 0 && alone {
			clipped[i] = middle + math.Copysign(reach, by)
		}
	}
	return clipped
}

// agrees reports whether a value is nearer to the new level than to the old one.
func agrees(value float64, c stats.ChangePoint) bool {
	return (value > (c.Before+c.After)/2) == (c.After > c.Before)
}

// worse reports whether a difference is one for the worse.
func (s Series) worse(by float64) bool {
	return by > 0 && s.Better == "lower" || by < 0 && s.Better == "higher"
}

func sameWay(a, b stats.ChangePoint) bool { return (a.After > a.Before) == (b.After > b.Before) }

func far(a, b int) int { return max(a-b, b-a) }
