package figure

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// RatePoint is a column of an operation's rates over time, per second: the mean
// over the column, not numbers where that is lost.
type RatePoint struct {
	Second float64
	// Achieved counts what succeeded and conflicts, Failed errors and what was dropped.
	Intended, Achieved, Failed float64
}

// RateOf is an operation's rates over time.
func RateOf(t Timeline, workload, operation string) []RatePoint {
	return t.rates(func(m results.Moment) results.Counts {
		return operationAt(m, workload, operation).Counts
	})
}

// AllRates are those of all requests together: neither chains nor expiries are in them.
func AllRates(t Timeline) []RatePoint {
	return t.rates(func(m results.Moment) results.Counts { return single(m, "") })
}

// single are the counts of a workload's requests, neither chains nor expiries, in an
// interval; of all workloads where it is empty.
func single(m results.Moment, workload string) (sum results.Counts) {
	for _, o := range m.Operations {
		if !o.Chain && !o.Expiry && (workload == "" || o.Workload == workload) {
			sum = sum.Add(o.Counts)
		}
	}
	return sum
}

// OpenOf is, over time, how many of a workload's operations were due and not done
// yet, in flight or in the backlog; of several intervals in a column the most.
// After a lost column it is not known any more.
func OpenOf(t Timeline, workload string) []Point {
	points := make([]Point, 0, len(t.columns))
	open := 0.0
	for _, column := range t.columns {
		p := Point{Second: t.middle(column)}
		if column.lost() || math.IsNaN(open) {
			open, p.Value = math.NaN(), math.NaN()
		}
		for _, m := range column.moments {
			c := single(m, workload)
			open += float64(c.Intended - c.Succeeded - c.Conflicts - c.ErrorCount() - c.Dropped)
			p.Value = max(p.Value, open)
		}
		points = append(points, p)
	}
	return points
}

// BacklogOf is, over time, how many of a workload's operations were due and waited
// for a worker; of several intervals in a column the most.
func BacklogOf(t Timeline, workload string) []Point {
	points := make([]Point, 0, len(t.columns))
	for _, column := range t.columns {
		p := Point{Second: t.middle(column)}
		if column.lost() {
			p.Value = math.NaN()
		}
		for _, m := range column.moments {
			p.Value = max(p.Value, float64(m.Backlog[workload]))
		}
		points = append(points, p)
	}
	return points
}

// ErrorsOf are the errors of all operations over time, per second: a line for
// each gRPC code, and one for what was dropped. It is empty where there were none.
func ErrorsOf(t Timeline) (lines []Line) {
	kinds := map[string]bool{}
	failed := func(m results.Moment) map[string]int64 {
		sum := single(m, "")
		all := maps.Clone(sum.Errors)
		if sum.Dropped > 0 {
			if all == nil {
				all = map[string]int64{}
			}
			all["dropped"] += sum.Dropped
		}
		return all
	}
	for _, column := range t.columns {
		for _, m := range column.moments {
			for kind := range failed(m) {
				kinds[kind] = true
			}
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		lines = append(lines, Line{kind, t.values(func(m results.Moment) float64 { return float64(failed(m)[kind]) })})
	}
	return lines
}

func (t Timeline) rates(of func(results.Moment) results.Counts) []RatePoint {
	points := make([]RatePoint, 0, len(t.columns))
	for _, column := range t.columns {
		var sum results.Counts
		var ms float64
		for _, m := range column.moments {
			ms += m.EndMS - m.StartMS
			sum = sum.Add(of(m))
		}
		perSecond := 1000 / cmp.Or(ms, math.Inf(1))
		if column.lost() {
			perSecond = math.NaN()
		}
		points = append(points, RatePoint{
			Second: t.middle(column), Intended: float64(sum.Intended) * perSecond,
			Achieved: float64(sum.Succeeded+sum.Conflicts) * perSecond, Failed: float64(sum.ErrorCount()+sum.Dropped) * perSecond,
		})
	}
	return points
}
