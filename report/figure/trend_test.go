package figure

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// night is a day of a year that is not a leap year.
func night(n int) time.Time { return time.Date(2026, 1, 5+n, 2, 0, 0, 0, time.UTC) }

// aTrend has twenty steps, and all that there can be.
func aTrend() Trend {
	t := Trend{Unit: Percent, Signed: true}
	for i := range 20 {
		t.Nights = append(t.Nights, night(i))
		p := TrendPoint{Step: i, Value: float64(i % 3), Low: float64(i%3) - 1, High: float64(i%3) + 1, Past: i < 4, Title: "<i>" + night(i).Format(time.DateOnly)}
		if i >= 12 {
			p.Value += 10
			p.Low, p.High = math.NaN(), math.NaN()
		}
		if i == 8 {
			p.Value = 900
		}
		if i == 9 {
			p.Value = -900
		}
		if p.Again = i == 13; i > 5 {
			p.Link = `./a"b/` + p.Title[len("<i>"):]
		}
		t.Points = append(t.Points, p)
	}
	t.Levels = []TrendLevel{{From: 0, To: 3, Value: 1, Past: true}, {From: 4, To: 11, Value: 1}, {From: 12, To: 19, Value: 11}}
	t.Expected = &TrendRange{From: 12, To: 19, Low: 8, High: 14}
	t.Changes = []TrendChange{{Step: 12, Mark: MarkWorse, Label: "+10 %<", Title: "<b>", Link: "#change"}, {Step: 13, Mark: MarkOpen, Label: "?"}, {Step: 14, Quiet: true, Label: "a label that is far too long to find any room in a narrow chart, in either row of labels"}}
	t.Borders = []TrendBorder{{Step: 4, Label: "another <machine>", Title: "&"}}
	t.Asides = []TrendAside{{Step: 6, Title: "<tool>"}, {Step: 7, Cross: true, Title: "not valid"}}
	return t
}

// Each measure is found by a pointer, leads where it should, and stands where it is; what lies far outside stands at the edge.
func TestTrendSpots(t *testing.T) {
	svg, err := TrendChart("all", Wide, aTrend()).SVG()
	if err != nil {
		t.Fatal(err)
	}
	for want, times := range map[string]int{
		`<a href="./a&#34;b/2026-01-`:   14,
		`<title>&lt;i&gt;2026-01-`:      20,
		`<a href="#change"`:             1,
		`role="group"`:                  1,
		`<title>&lt;tool&gt;</title>`:   1,
		`<title>not valid</title>`:      1,
		`m0,-4l4,7h-8z`:                 1, // above
		`m0,4l4,-7h-8z`:                 1, // below
		`<circle class="s-blue f-page"`: 1, // measured again
		`<circle class="f-axis" fill=`:  4, // not comparable
		`<circle class="f-blue" fill=`:  13,
	} {
		if got := strings.Count(svg, want); got != times {
			t.Errorf("%q is there %d times, want %d", want, got, times)
		}
	}
}

// As a picture it shows its measures too.
func TestTrendPNG(t *testing.T) {
	with, without := aTrend(), aTrend()
	without.Points = nil
	without.Levels = append(without.Levels, TrendLevel{}) // the same range is shown
	var a, b bytes.Buffer
	if err := TrendChart("", Narrow, with).WritePNG(&a, 1); err != nil {
		t.Fatal(err)
	}
	if err := TrendChart("", Narrow, without).WritePNG(&b, 1); err != nil {
		t.Fatal(err)
	}
	if a.Len() <= b.Len() {
		t.Errorf("with measures it has %d bytes, without %d", a.Len(), b.Len())
	}
}

func TestTrendSpan(t *testing.T) {
	points := func(values ...float64) (all []TrendPoint) {
		for i, v := range values {
			all = append(all, TrendPoint{Step: i, Value: v, Low: math.NaN(), High: math.NaN()})
		}
		return all
	}
	for _, test := range []struct {
		name string
		of   Trend
		want span
	}{
		{"nothing", Trend{}, span{0, 1}},
		{"zero", Trend{Points: points(0)}, span{-0.56, 0.56}},
		{"one", Trend{Unit: Millis, Points: points(100)}, span{97.76, 102.24}},
		{"a difference", Trend{Unit: Percent, Signed: true, Points: points(1)}, span{-1.74, 2.74}},
		{"few are all shown", Trend{Points: points(0, 100)}, span{-6, 106}},
		{"one far outside", Trend{Points: points(0, 10, 1000, 10, 0, 10, 0, 10, 0, 10, 0)}, span{-0.6, 10.6}},
		{"the last one far outside", Trend{Points: points(0, 10, 0, 10, 0, 10, 0, 10, 0, 10, 1000)}, span{-60, 1060}},
		{"room for labels", Trend{Points: points(0, 100), Borders: []TrendBorder{{}}}, span{-6, 122.8}},
	} {
		got := test.of.span()
		if math.Abs(got.min-test.want.min) > 1e-9 || math.Abs(got.max-test.want.max) > 1e-9 {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestTrendTicks(t *testing.T) {
	labels := func(all []string) string { return strings.Join(all, ", ") }
	dates := func(nights, perDay int) string {
		var of Trend
		for i := range nights {
			of.Nights = append(of.Nights, night(i/perDay))
		}
		var all []string
		for _, tick := range of.dates(-0.5, float64(max(nights, leastSteps))-0.5) {
			all = append(all, tick.Label)
		}
		return labels(all)
	}
	amounts := func(lo, hi float64, unit Unit, signed bool) string {
		var all []string
		for _, tick := range amountTicks(unit, signed)(lo, hi) {
			all = append(all, tick.Label)
		}
		return labels(all)
	}
	for _, test := range []struct{ name, got, want string }{
		{"no night", dates(0, 1), ""},
		{"one", dates(1, 1), "5 Jan"},
		{"a week", dates(7, 1), "5 Jan, 7 Jan, 9 Jan, 11 Jan"},
		{"two months", dates(60, 1), "5 Jan, 19 Jan, 2 Feb, 16 Feb, 2 Mar"},
		{"more than a year", dates(400, 1), "5 Jan, 27 Apr, 17 Aug, 7 Dec"},
		{"several a day", dates(10, 4), "5 Jan, , 6 Jan, , 7 Jan"},
		{"percent", amounts(-11, 12, Percent, true), "−10 %, −5 %, 0 %, +5 %, +10 %"},
		{"points", amounts(-0.11, 0.12, Points, true), "−0.1 pp, −0.05 pp, 0 pp, +0.05 pp, +0.1 pp"},
		{"thousands", amounts(900, 3100, Number, false), "1,000, 1,500, 2,000, 2,500, 3,000"},
		{"a rate", amounts(48, 52, PerSecond, false), "48/s, 49/s, 50/s, 51/s, 52/s"},
		{"equal", amounts(3, 3, Millis, false), "3 ms"},
	} {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
