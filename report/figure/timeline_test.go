package figure

import (
	"math"
	"testing"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// aRun has a setup of 2 s, a warm-up of 5 s, a measure phase and a drain of 1 s. In second i
// of it churn.create has i+1 operations, of which the first failed.
func aRun(seconds int) *results.Run {
	end := float64(7+seconds) * 1000
	run := &results.Run{Phases: []results.PhaseSpan{
		{Name: results.PhaseSetup, StartMS: 0, EndMS: 2000},
		{Name: results.PhaseWarmup, StartMS: 2000, EndMS: 7000},
		{Name: results.PhaseMeasure, StartMS: 7000, EndMS: end},
		{Name: results.PhaseDrain, StartMS: end, EndMS: end + 1000},
	}}
	for i := range seconds + 8 {
		m := results.Moment{StartMS: float64(i) * 1000, EndMS: float64(i+1) * 1000, Generator: results.Usage{CPUCores: float64(i), RSSBytes: int64(i) << 20}}
		if i >= 7 && i < 7+seconds {
			n := int64(i - 7 + 1)
			m.Operations = []results.OperationMoment{{
				Workload: "churn", Operation: "create",
				Counts:   results.Counts{Intended: n, Succeeded: n - 1, Errors: map[string]int64{"Unavailable": 1}},
				Response: results.Tail{Count: n, P50: float64(n), P99: 2 * float64(n), Max: 3 * float64(n)},
			}}
			m.Watches = []results.WatchMoment{{Workload: "informers", Delivered: 10 * n, Delivery: results.Tail{Count: 10 * n, P50: 1, P99: 2, Max: 3}}}
		}
		run.Timeline = append(run.Timeline, m)
	}
	return run
}

var nearly = cmpopts.EquateApprox(0, 1e-9)

func TestTimeline(t *testing.T) {
	line := NewTimeline(aRun(3))
	want := []Band{{results.PhaseWarmup, -5, 0}, {results.PhaseMeasure, 0, 3}, {results.PhaseDrain, 3, 4}}
	if diff := cmp.Diff(want, line.Bands); diff != "" {
		t.Errorf("bands (-want +got):\n%s", diff)
	}
	if line.From != -5 || line.To != 4 || line.PerColumn != 1 || line.ColumnSeconds() != 1 || len(line.columns) != 9 {
		t.Errorf("got %v to %v in %d columns of %d", line.From, line.To, len(line.columns), line.PerColumn)
	}
}

// What happened to the cluster is marked, a warning of ours is not.
func TestTimelineMarks(t *testing.T) {
	run := &results.Run{
		Phases: []results.PhaseSpan{{Name: results.PhaseSetup, EndMS: 2000}, {Name: results.PhaseMeasure, StartMS: 2000, EndMS: 9000}},
		Events: []results.Event{
			{AtMS: 1000, Kind: results.EventMember}, {AtMS: 3000, Kind: results.EventLeader}, {AtMS: 4000, Kind: results.EventWarning}, {AtMS: 5500, Kind: results.EventConnection},
		},
	}
	if diff := cmp.Diff([]float64{1, 3.5}, NewTimeline(run).Marks); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
}

func TestTimelineOfAnHour(t *testing.T) {
	line := NewTimeline(aRun(3600))
	if len(line.columns) > columns || line.PerColumn != 19 {
		t.Errorf("got %d columns of %d intervals, want at most %d", len(line.columns), line.PerColumn, columns)
	}
	points := LatencyOf(line, "churn", "create")
	var count int64
	highest := 0.0
	for _, p := range points {
		count += p.Count
		highest = max(highest, p.Max)
	}
	if count != 3600*3601/2 || highest != 3*3600 {
		t.Errorf("columns lose something: %d operations with a maximum of %v ms", count, highest)
	}
}

func TestTimelineOfARunCutShort(t *testing.T) {
	run := aRun(3)
	for name, phases := range map[string][]results.PhaseSpan{"in setup": run.Phases[:1], "before any phase": nil} {
		run.Phases = phases
		if line := NewTimeline(run); len(line.columns) != 0 || line.ColumnSeconds() != 0 {
			t.Errorf("%s: got %d columns, want none", name, len(line.columns))
		}
	}
	run = aRun(3)
	run.Phases = run.Phases[:2]
	if line := NewTimeline(run); line.From != 0 {
		t.Errorf("without a measure phase time begins at %v, want 0", line.From)
	}
}

func TestLatencyOf(t *testing.T) {
	points := LatencyOf(NewTimeline(aRun(2)), "churn", "create")
	want := []LatencyPoint{{Second: -0.5}, {Second: 0.5, Count: 1, P50: 1, P99: 2, Max: 3}, {Second: 1.5, Count: 2, P50: 2, P99: 4, Max: 6}, {Second: 2.5}}
	if diff := cmp.Diff(want, points[4:], nearly); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTellsP99(t *testing.T) {
	for _, test := range []struct {
		name      string
		perColumn int
		counts    []int64
		want      bool
	}{
		{"nothing", 1, []int64{0, 0}, false},
		{"a hundred", 1, []int64{0, 95, 105, 0}, true},
		{"fewer", 1, []int64{99, 100}, false},
		{"columns of four", 4, []int64{400, 400}, true},
		{"columns of four, fewer", 4, []int64{399, 400}, false},
	} {
		var points []LatencyPoint
		for _, n := range test.counts {
			points = append(points, LatencyPoint{Count: n})
		}
		if got := tellsP99(Timeline{PerColumn: test.perColumn}, points); got != test.want {
			t.Errorf("%s: got %v", test.name, got)
		}
	}
}

func TestRateOf(t *testing.T) {
	points := RateOf(NewTimeline(aRun(2)), "churn", "create")
	want := []RatePoint{{Second: -0.5}, {Second: 0.5, Intended: 1, Failed: 1}, {Second: 1.5, Intended: 2, Achieved: 1, Failed: 1}, {Second: 2.5}}
	if diff := cmp.Diff(want, points[4:], nearly); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDeliveryOf(t *testing.T) {
	line := NewTimeline(aRun(2))
	if diff := cmp.Diff([]Point{{0.5, 10}, {1.5, 20}}, DeliveredOf(line, "informers")[5:7], nearly); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]LatencyPoint{{Second: 0.5, Count: 10, P50: 1, P99: 2, Max: 3}}, DeliveryOf(line, "informers")[5:6], nearly); diff != "" {
		t.Errorf("delivery (-want +got):\n%s", diff)
	}
}

func TestUsageOf(t *testing.T) {
	want := UsagePoint{Second: 0.5, CPUCores: 7, RSSBytes: 7 << 20}
	if diff := cmp.Diff(want, UsageOf(NewTimeline(aRun(2)))[5], nearly); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// uniform has one value at each of 1 ms to n ms.
func uniform(n int64) *hdr.Histogram {
	h := results.NewHistogram(results.Figures)
	for i := range n {
		if h.RecordValue((i+1)*1000) != nil {
			panic("a value beyond the histogram")
		}
	}
	return h
}

func TestPercentiles(t *testing.T) {
	if got := Percentiles(nil); got != nil {
		t.Errorf("no histogram: got %v", got)
	}
	if got := Percentiles(results.NewHistogram(results.Figures)); got != nil {
		t.Errorf("no samples: got %v", got)
	}
	for _, n := range []int64{1, 3, 19, 20, 100, 1000, 20_000} {
		curve := Percentiles(uniform(n))
		last := curve[len(curve)-1]
		if math.Abs(last.Millis-float64(n)) > float64(n)/1000 || math.Abs(last.Percentile-100*(1-1/float64(n))) > 1e-9 || last.Enough {
			t.Errorf("n=%d: the curve ends with %+v, want the maximum", n, last)
		}
		for i, p := range curve {
			if p.Enough != results.Enough(n, p.Percentile) {
				t.Errorf("n=%d: %+v is wrong about its samples", n, p)
			}
			if i > 0 && (p.Millis < curve[i-1].Millis || p.Percentile <= curve[i-1].Percentile && n > 1) {
				t.Errorf("n=%d: the curve falls from %+v to %+v", n, curve[i-1], p)
			}
			if exact := p.Percentile / 100 * float64(n); n >= 1000 && math.Abs(p.Millis-exact) > float64(n)/500+1 {
				t.Errorf("n=%d: p%.3f is %.1f ms, want %.1f", n, p.Percentile, p.Millis, exact)
			}
		}
	}
}

func TestSplitSharesAPoint(t *testing.T) {
	enough, few := split(Percentiles(uniform(100)))
	if len(enough) == 0 || len(few) < 2 || enough[len(enough)-1] != few[0] {
		t.Errorf("the parts do not meet: %v and %v", enough, few)
	}
	enough, few = split(Percentiles(uniform(3)))
	if len(enough) != 0 || len(few) == 0 {
		t.Errorf("three samples: got %v and %v, want nothing that is certain", enough, few)
	}
}

// An interval that an action has cut short stands with the one before it.
func TestShortIntervalsStandWithOthers(t *testing.T) {
	var moments []results.Moment
	for _, m := range [][2]float64{{0, 1000}, {1000, 1004}, {1004, 2000}, {2000, 3000}, {3000, 3100}} {
		moments = append(moments, results.Moment{StartMS: m[0], EndMS: m[1]})
	}
	var got []int
	for _, column := range columnsOf(moments, 1) {
		got = append(got, len(column.moments))
	}
	if diff := cmp.Diff([]int{2, 1, 2}, got); diff != "" {
		t.Errorf("intervals in each column (-want +got):\n%s", diff)
	}
}

// overloaded has six seconds of measuring, in each of which ten operations are due; etcd
// stands still in the third and fourth, and an expiry and a chain are beside it all.
func overloaded() *results.Run {
	run := &results.Run{Phases: []results.PhaseSpan{{Name: results.PhaseMeasure, EndMS: 6000}}}
	for i, done := range []int64{10, 10, 0, 0, 25, 10} {
		o := results.OperationMoment{Workload: "churn", Operation: "create", Counts: results.Counts{Intended: 10, Succeeded: done}}
		if i == 4 {
			o.Succeeded, o.Errors, o.Dropped = done-6, map[string]int64{"Unavailable": 3, "DeadlineExceeded": 1}, 2
		}
		m := results.Moment{StartMS: float64(i) * 1000, EndMS: float64(i+1) * 1000, Operations: []results.OperationMoment{
			o,
			{Workload: "churn", Operation: "pod-start", Chain: true, Counts: results.Counts{Intended: 99}},
			{Workload: "leases", Operation: "expire", Expiry: true, Counts: results.Counts{Intended: 5, Succeeded: 5}},
		}}
		if done == 0 {
			m.Backlog = map[string]int64{"churn": int64(i)}
		}
		m.All.Spread = results.Spread{{Number: 36, Count: uint32(done)}}
		run.Timeline = append(run.Timeline, m)
	}
	return run
}

func valuesOf(points []Point) (all []float64) {
	for _, p := range points {
		all = append(all, p.Value)
	}
	return all
}

func TestOpenAndBacklog(t *testing.T) {
	line := NewTimeline(overloaded())
	for name, test := range map[string]struct{ got, want []float64 }{
		"open":         {valuesOf(OpenOf(line, "churn")), []float64{0, 0, 10, 20, 5, 5}},
		"open expiry":  {valuesOf(OpenOf(line, "leases")), []float64{0, 0, 0, 0, 0, 0}},
		"backlog":      {valuesOf(BacklogOf(line, "churn")), []float64{0, 0, 2, 3, 0, 0}},
		"other's":      {valuesOf(BacklogOf(line, "leases")), []float64{0, 0, 0, 0, 0, 0}},
		"errors":       {valuesOf(ErrorsOf(line)[1].Points), []float64{0, 0, 0, 0, 3, 0}},
		"dropped":      {valuesOf(ErrorsOf(line)[2].Points), []float64{0, 0, 0, 0, 2, 0}},
		"all achieved": {achieved(AllRates(line)), []float64{10, 10, 0, 0, 19, 10}},
	} {
		if diff := cmp.Diff(test.want, test.got, nearly); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if lines := ErrorsOf(line); len(lines) != 3 || lines[0].Name != "DeadlineExceeded" || lines[2].Name != "dropped" {
		t.Errorf("kinds of errors: %v", lines)
	}
	if lines := ErrorsOf(NewTimeline(aRun(0))); lines != nil {
		t.Errorf("without errors: %v", lines)
	}
}

func achieved(points []RatePoint) (all []float64) {
	for _, p := range points {
		all = append(all, p.Achieved)
	}
	return all
}

// What a lost second held is not drawn as nothing, and what is open after it is not known.
func TestLostIntervals(t *testing.T) {
	run := overloaded()
	run.Timeline = append(run.Timeline[:2], run.Timeline[3:]...)
	line := NewTimeline(run)
	nan := math.NaN()
	for name, test := range map[string]struct{ got, want []float64 }{
		"open":     {valuesOf(OpenOf(line, "churn")), []float64{0, 0, nan, nan, nan, nan}},
		"backlog":  {valuesOf(BacklogOf(line, "churn")), []float64{0, 0, nan, 3, 0, 0}},
		"errors":   {valuesOf(ErrorsOf(line)[0].Points), []float64{0, 0, nan, 0, 1, 0}},
		"achieved": {achieved(AllRates(line)), []float64{10, 10, nan, 0, 19, 10}},
	} {
		if diff := cmp.Diff(test.want, test.got, nearly, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	heat := AllHeat(line)
	if got := heat[2]; got.From != 2 || got.To != 3 || len(got.Spread) != 0 {
		t.Errorf("the lost second is %+v", got)
	}
}

// Of several intervals in a column, heat has the sum, lines the worst, rates the mean, and each a column's place.
func TestColumnsOfSeveral(t *testing.T) {
	run := aRun(0)
	run.Phases, run.Timeline = []results.PhaseSpan{{Name: results.PhaseMeasure, EndMS: 400_000}}, nil
	for i := range 400 {
		run.Timeline = append(run.Timeline, results.Moment{
			StartMS: float64(i) * 1000, EndMS: float64(i+1) * 1000, Backlog: map[string]int64{"churn": int64(i)},
			Operations: []results.OperationMoment{{
				Workload: "churn", Operation: "create", Counts: results.Counts{Intended: int64(i), Succeeded: int64(i)},
				Response: results.Tail{Count: 1, P50: float64(i), P99: float64(i), Max: float64(i)}, Spread: results.Spread{{Number: uint8(i % 2), Count: 1}},
			}},
		})
	}
	line := NewTimeline(run)
	if line.PerColumn != 2 || len(line.columns) != 200 {
		t.Fatalf("%d columns of %d", len(line.columns), line.PerColumn)
	}
	if diff := cmp.Diff(HeatColumn{From: 20, To: 22, Spread: results.Spread{{Number: 0, Count: 1}, {Number: 1, Count: 1}}}, HeatOf(line, "churn", "create")[10]); diff != "" {
		t.Errorf("heat (-want +got):\n%s", diff)
	}
	if got := LatencyOf(line, "churn", "create")[10]; got.P50 != 21 || got.Second != 21 || got.Count != 2 {
		t.Errorf("latency: %+v", got)
	}
	if got := RateOf(line, "churn", "create")[10]; got.Intended != 20.5 {
		t.Errorf("rate: %+v", got)
	}
	if got := BacklogOf(line, "churn")[10]; got.Value != 21 {
		t.Errorf("backlog: %+v", got)
	}
}

// Journals that nobody has written do not keep us busy for ever.
func TestAxesOfTheImpossible(t *testing.T) {
	h := results.NewHistogram(results.Figures)
	if err := h.RecordValues(1000, 1<<60); err != nil {
		t.Fatal(err)
	}
	curve := Percentiles(h)
	if last := curve[len(curve)-1]; nines(last.Percentile) > mostNines+1 || math.IsInf(nines(last.Percentile), 0) {
		t.Errorf("the curve ends at %v", last)
	}
	if ticks := timeTicks(-1e20, 1e20); len(ticks) > mostTicks {
		t.Errorf("%d ticks", len(ticks))
	}
}

func TestHeatLevels(t *testing.T) {
	for _, test := range []struct {
		count, most uint32
		want        int
	}{{1, 1, 0}, {1, 1000, 0}, {1000, 1000, 5}, {32, 1000, 3}, {8, 8, 5}, {3, 3, 3}} {
		if got := heatLevel(test.count, test.most); got != test.want {
			t.Errorf("%d of at most %d: level %d, want %d", test.count, test.most, got, test.want)
		}
	}
}
