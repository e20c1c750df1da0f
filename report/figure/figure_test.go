package figure

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/png"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/plot"

	"github.com/etcd-dyno/etcd-dyno/results"
)

func TestSVG(t *testing.T) {
	run := aRun(30)
	line := NewTimeline(run)
	points := LatencyOf(line, "churn", "create")
	curve := Curve{Name: "a <b>", Points: Percentiles(uniform(1000))}
	for name, f := range map[string]Figure{
		"percentiles":    PercentilePanel(`"a" & <b>`, SpanOf([]Curve{curve}, points), curve, curve),
		"no percentiles": PercentilePanel("none", LatencySpan{}),
		"latency":        LatencyPanel("latency", line, SpanOf(nil, points), points),
		"rate":           RatePanel("rate", line, RateOf(line, "churn", "create")),
		"value":          ValuePanel("CPU", "CPU", line, Cores, []Point{{0, 1}, {1, 2}}),
		"no time":        RatePanel("rate", NewTimeline(&results.Run{}), nil),
		"overview":       Overview("all", Wide, []OverviewRow{{Workload: "<i>"}, {Workload: "w", Name: "<script>alert(1)</script>", P50: 1, Tail: 2, TailName: "p90", Max: 3, Service: 1}}),
		"no overview":    Overview("none", Narrow, nil),
		"trend":          TrendChart("a <b>", Wide, aTrend()),
		"narrow trend":   TrendChart("a <b>", Narrow, aTrend()),
		"small trend":    TrendPanel("a <b>", aTrend()),
		"no trend":       TrendChart("none", Wide, Trend{}),
		"no small trend": TrendPanel("none", Trend{}),
		"sides":          TrendSides("both", Wide, aTrend().Nights, Millis, Side{"<i>", aTrend().Points}, Side{"<script>", aTrend().Points[:1]}),
		"levels":         LevelPanels([]Levels{someLevels(), {Factor: "none", Ratio: true}})[0],
		"no levels":      LevelPanels([]Levels{someLevels(), {Message: "none", Ratio: true}})[1],
		"differences":    LevelPanels([]Levels{{Message: "all alike", Unit: Points, Of: []Level{{Name: "a", Baseline: true}, {Name: "b"}}}})[0],
		"no sides":       TrendSides("both", Narrow, nil, Millis, Side{}, Side{}),
	} {
		t.Run(name, func(t *testing.T) {
			svg, err := f.SVG()
			if err != nil {
				t.Fatal(err)
			}
			var parsed struct {
				Width  string `xml:"width,attr"`
				Height string `xml:"height,attr"`
				Box    string `xml:"viewBox,attr"`
				Title  string `xml:"title"`
			}
			if err := xml.Unmarshal([]byte(svg), &parsed); err != nil {
				t.Fatalf("not well-formed: %v\n%s", err, svg)
			}
			if want := fmt.Sprintf("0 0 %g %g", f.Width, f.Height); parsed.Box != want || parsed.Title != f.Message || parsed.Width == "" || parsed.Height == "" {
				t.Errorf("got %+v, want box %q and title %q", parsed, want, f.Message)
			}
			for _, never := range []string{"style=", "<script", "<i>", "NaN", "Inf", "<?xml", "xlink"} {
				if strings.Contains(svg, never) {
					t.Errorf("the figure has %q:\n%s", never, svg)
				}
			}
			uncoloured(t, svg)
		})
	}
}

// uncoloured holds that every colour comes with its class, so that a style sheet can change it.
func uncoloured(t *testing.T, svg string) {
	t.Helper()
	for line := range strings.Lines(svg) {
		if strings.Contains(line, "<path") || strings.Contains(line, "<text") {
			if !strings.Contains(line, `class="`) {
				t.Errorf("an element without a class: %s", line)
			}
		}
	}
}

// An SVG of its own is well-formed and has a white ground, since its colours are for one.
func TestWriteSVG(t *testing.T) {
	var b bytes.Buffer
	f := PercentilePanel("p50 <1 ms", LatencySpan{}, Curve{Name: "response", Points: Percentiles(uniform(100))})
	if err := f.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	var parsed struct {
		Title string `xml:"title"`
		Rect  struct {
			Width, Height float64 `xml:",attr"`
			Fill          string  `xml:"fill,attr"`
		} `xml:"rect"`
	}
	if err := xml.Unmarshal(b.Bytes(), &parsed); err != nil || parsed.Title != f.Message || parsed.Rect.Fill != "#FFFFFF" {
		t.Errorf("%v: got %+v", err, parsed)
	}
}

func TestWritePNG(t *testing.T) {
	var b bytes.Buffer
	f := PercentilePanel("all", LatencySpan{}, Curve{Name: "response", Points: Percentiles(uniform(100))})
	if err := f.WritePNG(&b, 2); err != nil {
		t.Fatal(err)
	}
	config, err := png.DecodeConfig(&b)
	if err != nil {
		t.Fatal(err)
	}
	if config.Width != 2*panelWidth || config.Height != 2*panelHeight {
		t.Errorf("got %d × %d pixels, want twice %d × %d", config.Width, config.Height, panelWidth, panelHeight)
	}
}

// TestInksContrast holds the colours of lines to 3:1 and those of text to 4.5:1 against white.
func TestInksContrast(t *testing.T) {
	for i, c := range light {
		want := 3.0
		switch ink(i) {
		case inkText, inkMuted:
			want = 4.5
		case inkGrid, inkBand, inkFault, inkPage, inkHeat1, inkHeat2, inkHeat3: // faint by design; a heat map's lines carry its message
			continue
		case inkSky: // beside inkBlue, which carries the figure
			want = 2.5
		default:
		}
		linear := func(v uint8) float64 {
			s := float64(v) / 255
			if s <= 0.04045 {
				return s / 12.92
			}
			return math.Pow((s+0.055)/1.055, 2.4)
		}
		luminance := 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
		if got := 1.05 / (luminance + 0.05); got < want {
			t.Errorf("ink %q has a contrast of %.2f to white, want %.1f", inkNames[i], got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for want, got := range map[string]string{
		"0 s":       Duration(0, " "),
		"7 µs":      Duration(0.007, " "),
		"412 µs":    Duration(0.4123, " "),
		"999 µs":    Duration(0.9994, " "),
		"1.00 ms":   Duration(0.9996, " "),
		"1.84 ms":   Duration(1.8449, " "),
		"9.99 ms":   Duration(9.994, " "),
		"10.0 ms":   Duration(9.996, " "),
		"99.9 ms":   Duration(99.94, " "),
		"100 ms":    Duration(99.96, " "),
		"1.00 s":    Duration(999.6, " "),
		"12.3s":     Duration(12_345, ""),
		"3,600 s":   Duration(3_600_000, " "),
		"n/a":       Duration(math.NaN(), " "),
		"5.00":      Rate(5),
		"1,234":     Rate(1234.4),
		"0":         Rate(0),
		"-1,234":    Count(-1234),
		"999":       Count(999),
		"1,000":     Count(1000),
		"1,234,567": Count(1234567),
		"512 B":     Bytes(512),
		"46.1 MiB":  Bytes(46.1 * (1 << 20)),
		"8.00 GiB":  Bytes(8 << 30),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestTicks(t *testing.T) {
	for _, test := range []struct {
		name  string
		ticks []plot.Tick
		want  string
	}{
		{"four decades", latencyTicks(logMillis(0.05), logMillis(2000)), "100 µs, 1 ms, 10 ms, 100 ms, 1 s"},
		{"one decade", latencyTicks(logMillis(0.9), logMillis(11)), "1 ms, 2 ms, 5 ms, 10 ms"},
		{"half a decade", latencyTicks(logMillis(0.9), logMillis(2.9)), "1 ms, 1.5 ms, 2 ms"},
		{"wide", fineLatencyTicks(logMillis(0.4), logMillis(12)), "500 µs, 1 ms, 2 ms, 5 ms, 10 ms"},
		{"nines", nineTicks(0, 2), "0, 50%, 90%, 99%"},
		{"many nines", nineTicks(0, 4.3), "50%, 90%, 99%, 99.9%, 99.99%"},
		{"seconds", timeTicks(-5, 22), "−5 s, 0 s, 5 s, 10 s, 15 s, 20 s"},
		{"an hour", timeTicks(-30, 3600), "0 min, 15 min, 30 min, 45 min, 60 min"},
		{"a day", timeTicks(0, 86400), "0 h, 6 h, 12 h, 18 h, 24 h"},
		{"a rate", linearTicks(PerSecond)(0, 8.3), "0/s, 2/s, 4/s, 6/s, 8/s"},
		{"a high rate", linearTicks(PerSecond)(0, 6000), "0/s, 2k/s, 4k/s, 6k/s"},
	} {
		var labels []string
		for _, tick := range test.ticks {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, ", "); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

func TestLatencySpanIsNeverNarrow(t *testing.T) {
	for _, values := range [][]float64{nil, {0}, {1}, {1, 1.01}, {0.001, 3_600_000}} {
		s := latencySpan(values...)
		if s.max-s.min < 0.5-1e-9 {
			t.Errorf("%v: got a span of %v", values, s)
		}
		for _, v := range values {
			if v > 0 && (logMillis(v) < s.min || logMillis(v) > s.max) {
				t.Errorf("%v lies outside %v", v, s)
			}
		}
	}
}

func TestOverviewRow(t *testing.T) {
	v := func(f float64) *float64 { return &f }
	for _, test := range []struct {
		name string
		d    results.Distribution
		want OverviewRow
	}{
		{"plenty", results.Distribution{P50: v(1), P90: v(2), P95: v(3), P99: v(4), Max: v(5)}, OverviewRow{Workload: "w", Name: "o", P50: 1, Tail: 4, TailName: "p99", Max: 5, Service: 1}},
		{"few", results.Distribution{P50: v(1), P90: v(2), Max: v(5)}, OverviewRow{Workload: "w", Name: "o", P50: 1, Tail: 2, TailName: "p90", Max: 5, Service: 1}},
		{"three", results.Distribution{Max: v(5)}, OverviewRow{Workload: "w", Name: "o", Max: 5}},
	} {
		if diff := cmp.Diff(test.want, NewOverviewRow("w", "o", test.d, test.d)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestShorten(t *testing.T) {
	if got := shorten("update-status"); got != "update-status" {
		t.Errorf("got %q, want it whole", got)
	}
	if got := shorten(strings.Repeat("é", 100)); !strings.HasSuffix(got, "é…") || len([]rune(got)) > 25 {
		t.Errorf("got %q, want it cut", got)
	}
}

func TestInksAreDistinct(t *testing.T) {
	names := Inks()
	slices.Sort(names)
	if len(slices.Compact(names)) != len(light) {
		t.Errorf("got %d names for %d colours", len(names), len(light))
	}
	seen := map[any]bool{}
	for _, c := range light {
		if seen[c] {
			t.Errorf("%v names two inks: the SVG could not tell them apart", c)
		}
		seen[c] = true
	}
}
