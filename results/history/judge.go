package history

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"slices"

	"github.com/etcd-dyno/etcd-dyno/results/stats"
)

// The rules by which a history is judged. What they come to, in false alarms and in
// nights until a change is told, is simulated by TestAccuracyNightly.
const (
	// maxP is the highest p-value of a change, and suspectP of one that is suspected.
	maxP, suspectP = 0.0002, 0.005
	// Inside is with which probability the next measure lies inside the interval that is predicted for it.
	Inside = 0.95
	// Settled is how many measures a level has at least from which a next one is predicted.
	Settled = 10
	// LeastShare is by how much what is relative must change.
	LeastShare = 0.03
	// after is how many measures of its own a change has at least, and fresh how many
	// measures that came after the suspicion must agree with it.
	after, fresh = 2, 2
	// recent is how many measures back a change is looked for to be told; older ones are seen in hindsight alone.
	recent = 30
	// near is by how many measures the same change may be placed elsewhere as more become known.
	near = 9
	// Reruns is how often a night is measured again, at most, while a change is suspected.
	Reruns = 2
	// spike is by how many standard deviations a measure may be far from those around it.
	spike = 4
	// around is how many measures on each side tell how a measure lies among them.
	around = 10
	// window is how many measures are looked at together.
	window = 400
)

// Change is where a series took another level.
type Change struct {
	// ID stays the same when the history is judged again.
	ID string `json:"id"`
	Key
	// Before and From are the IDs of the last record of the old level, and of the first of the new one.
	Before string `json:"before"`
	From   string `json:"from"`
	// Relative tells that Effect, Low and High are shares (0.1 is a tenth more), else differences.
	Relative bool `json:"relative"`
	// Effect is by how much the level is higher than it was, with its 95 % confidence interval.
	Effect float64 `json:"effect"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	P      float64 `json:"p"`
	// Worse tells that it changed for the worse.
	Worse bool `json:"worse"`
	// BeforeCount and AfterCount are how many measures the two levels have.
	BeforeCount int `json:"before_count"`
	AfterCount  int `json:"after_count"`
}

// Level is the level that a series has had since its last change.
type Level struct {
	// From is the place of its first point in the segment, and Count how many it has.
	From, Count int
	// Mean and SD are of the values; SD is NaN of less than two.
	Mean, SD float64
	// Low and High are between which the next measure is expected with the probability Inside; infinite of less than Settled.
	Low, High float64
}

// Judgement is what is said of a series as it is now.
type Judgement struct {
	// Changes are all that are seen in the current segment, in order, with hindsight; those that were told have their ID.
	Changes []Change
	// Level is of the current segment without its last point, and so what that point was held against.
	Level Level
	// New is a change that is to be told: it was suspected, and measured again; nil where there is none.
	New *Change
	// Suspected is a change that is not certain: it is to be measured again; nil where there is none.
	Suspected *Change
}

// Judge says what has changed in a series. told is what was told of all series until now.
func (s Series) Judge(told []Told) Judgement {
	v := viewOf(s, told)
	found := v.changes(maxP)
	j := Judgement{Level: v.level()}
	for _, c := range found {
		j.Changes = append(j.Changes, v.change(c))
	}
	if c, ok := v.confirmed(found); ok {
		made := v.change(c)
		j.New = &made
		return j
	}
	if c, ok := v.suspected(j.Level); ok {
		made := v.change(c)
		j.Suspected = &made
	}
	return j
}

// view is the current segment of a series, and what was told of it.
type view struct {
	series Series
	points []Point
	values []float64
	least  float64
	told   []toldAt
}

// toldAt is a change that was told, by its place.
type toldAt struct {
	Told
	index int
}

func viewOf(s Series, told []Told) view {
	v := view{series: s, least: math.Log1p(LeastShare)}
	if len(s.Segments) == 0 {
		return v
	}
	v.points = s.Segments[s.Current].Points
	v.values = clipped(s.Segments[s.Current].Values())
	if n := len(v.points); n > 0 && !s.Relative {
		v.least = v.points[n-1].Metric.Least
	}
	for _, t := range told {
		at := slices.IndexFunc(v.points, func(p Point) bool { return p.Record.ID == t.From })
		if t.Key == s.Key && at >= 0 {
			v.told = append(v.told, toldAt{t, at})
		}
	}
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

// confirmed is a change that is to be told: one that was suspected, and that as many
// measures as are fresh agree with, which came after.
func (v view) confirmed(found []stats.ChangePoint) (stats.ChangePoint, bool) {
	n := len(v.values)
	c, ok := v.newest(found)
	if !ok || n-fresh <= c.Index {
		return c, false
	}
	for _, value := range v.values[n-fresh:] {
		if !agrees(value, c) {
			return c, false
		}
	}
	before := v.until(n - fresh)
	was, ok := before.suspected(before.level())
	return c, ok && sameWay(was, c) && far(was.Index, c.Index) <= near
}

// suspected is a change that may be one: of the level, or of the last measure alone, which lies outside of what was predicted.
func (v view) suspected(l Level) (stats.ChangePoint, bool) {
	if c, ok := v.newest(v.changes(suspectP)); ok {
		return c, true
	}
	n := len(v.values)
	if n == 0 {
		return stats.ChangePoint{}, false
	}
	last := v.values[n-1]
	c := stats.ChangePoint{Index: n - 1, Before: l.Mean, After: last, CountBefore: l.Count, CountAfter: 1, Low: last - l.High, High: last - l.Low, P: 1 - Inside}
	return c, (last < l.Low || last > l.High) && c.Size() >= v.least && !v.known(c)
}

// newest is the last change, if it is recent, has a settled level before it, and was not told.
func (v view) newest(all []stats.ChangePoint) (stats.ChangePoint, bool) {
	if len(all) == 0 {
		return stats.ChangePoint{}, false
	}
	c := all[len(all)-1]
	return c, c.Index >= len(v.values)-recent && c.Index >= Settled && c.CountBefore > after && !v.known(c)
}

// known reports whether a change was told.
func (v view) known(c stats.ChangePoint) bool {
	_, ok := v.toldOf(c)
	return ok
}

// toldOf is the telling of a change: of one of the same direction near it that is not much smaller.
func (v view) toldOf(c stats.ChangePoint) (Told, bool) {
	for _, t := range v.told {
		size := math.Abs(t.Effect)
		if t.Relative {
			size = math.Abs(math.Log1p(t.Effect))
		}
		if far(t.index, c.Index) <= near && (t.Effect > 0) == (c.After > c.Before) && c.Size() <= 1.5*size+v.least {
			return t.Told, true
		}
	}
	return Told{}, false
}

// change is a change point as it is told. The ID is that of the telling, where it was told.
func (v view) change(c stats.ChangePoint) Change {
	made := Change{
		Key: v.series.Key, From: v.points[c.Index].Record.ID, Relative: v.series.Relative,
		Effect: c.After - c.Before, Low: c.Low, High: c.High, P: c.P,
		Worse: v.series.worse(c.After - c.Before), BeforeCount: c.CountBefore, AfterCount: c.CountAfter,
	}
	if c.Index > 0 {
		made.Before = v.points[c.Index-1].Record.ID
	}
	if made.Relative {
		made.Effect, made.Low, made.High = math.Expm1(made.Effect), math.Expm1(made.Low), math.Expm1(made.High)
	}
	if told, ok := v.toldOf(c); ok {
		made.ID = told.ID
		return made
	}
	sum := sha256.Sum256([]byte(made.Key.String() + "\n" + made.From))
	made.ID = hex.EncodeToString(sum[:4])
	return made
}

// clipped are values among which none is a spike: one that lies far from those around
// it, and that the next does not follow, counts as far as spike. One night that was
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
		if followed := (values[i+1]-middle)/by > 0.5; math.Abs(by) > reach && reach > 0 && !followed {
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
