package live

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.uber.org/goleak"

	"github.com/etcd-dyno/etcd-dyno/results"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// of is an encoded histogram of milliseconds.
func of(tb testing.TB, values ...float64) results.Histogram {
	tb.Helper()
	h := results.NewHistogram(results.Figures)
	for _, v := range values {
		if err := h.RecordValue(int64(v * 1000)); err != nil {
			tb.Fatal(err)
		}
	}
	e, err := results.EncodeHistogram(h)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

func interval(tb testing.TB) *results.Interval {
	tb.Helper()
	return &results.Interval{
		Operations: []results.OperationInterval{{
			Workload: "churn", Operation: "create", Phase: results.PhaseMeasure,
			Counts:     results.Counts{Intended: 5, Succeeded: 3, Conflicts: 1, Errors: map[string]int64{"Unavailable": 1}, BytesSent: 700},
			Quantities: map[string]results.Histogram{results.Response: of(tb, 0, 1, 2, 4, 300), results.Service: of(tb, 1, 1, 2, 3)},
		}},
		Watches:   []results.WatchInterval{{Workload: "informers", Phase: results.PhaseMeasure, Expected: 9, Delivered: 8, Quantities: map[string]results.Histogram{results.Delivery: of(tb, 2)}}},
		Lag:       []results.LagInterval{{Workload: "churn", Phase: results.PhaseMeasure, Lag: of(tb, 0.1)}},
		Generator: results.Usage{CPUCores: 0.5, RSSBytes: 1 << 20, HostCPU: 0.25, Connections: 4},
	}
}

// serving serves what two intervals told, and returns a page of it in a format.
func serving(tb testing.TB) (page func(accept string) (string, io.Reader)) {
	tb.Helper()
	var e Exporter
	s, err := Listen(tb.Context(), "127.0.0.1:0", &e)
	if err != nil {
		tb.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	tb.Cleanup(func() {
		client.CloseIdleConnections()
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	for range 2 {
		e.Feed(Run{"pod-churn", "single"}, interval(tb))
	}
	return func(accept string) (string, io.Reader) {
		r, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, s.URL, nil)
		if err != nil {
			tb.Fatal(err)
		}
		r.Header.Set("Accept", accept)
		response, err := client.Do(r)
		if err != nil {
			tb.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusOK {
			tb.Fatal(response.Status, err)
		}
		return response.Header.Get("Content-Type"), strings.NewReader(string(text))
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	_, text := serving(t)("text/plain")
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(text)
	if err != nil {
		t.Fatal(err)
	}
	value := func(name string, labels ...string) float64 {
		t.Helper()
		for _, m := range families["etcd_dyno_"+name].GetMetric() {
			if has(m, labels) {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
		t.Errorf("no %s with %v", name, labels)
		return 0
	}
	for _, c := range []struct {
		want   float64
		name   string
		labels []string
	}{
		{10, "operations_intended_total", []string{"scenario", "pod-churn", "configuration", "single", "workload", "churn", "operation", "create", "chain", "false", "phase", "measure"}},
		{6, "operations_total", []string{"outcome", "succeeded"}},
		{2, "operations_total", []string{"outcome", "error"}},
		{2, "operation_errors_total", []string{"code", "Unavailable"}},
		{1400, "operation_sent_bytes_total", nil},
		{10, "operation_response_seconds", nil},
		{16, "watch_events_total", []string{"workload", "informers"}},
		{2, "lag_seconds", nil},
		{0.5, "generator_cpu_cores", nil},
		{1, "phase", []string{"phase", "measure"}},
		{0, "phase", []string{"phase", "drain"}},
	} {
		if got := value(c.name, c.labels...); got != c.want {
			t.Errorf("%s %v is %v, want %v", c.name, c.labels, got, c.want)
		}
	}
	if families["go_goroutines"] == nil || families["process_cpu_seconds_total"] == nil {
		t.Error("the process itself is not told of")
	}
	for name := range families {
		if strings.HasPrefix(name, "etcd_") && !strings.HasPrefix(name, "etcd_dyno_") {
			t.Errorf("%s of the etcd that is built in is told as ours", name)
		}
	}
}

func has(m *dto.Metric, labels []string) bool {
	for i := 0; i < len(labels); i += 2 {
		found := false
		for _, l := range m.GetLabel() {
			found = found || l.GetName() == labels[i] && l.GetValue() == labels[i+1]
		}
		if !found {
			return false
		}
	}
	return true
}

// A Prometheus that can gets native histograms, whose buckets hold what they should.
func TestNative(t *testing.T) {
	t.Parallel()
	kind, page := serving(t)(string(expfmt.NewFormat(expfmt.TypeProtoDelim)))
	decoder := expfmt.NewDecoder(page, expfmt.Format(kind))
	for {
		var f dto.MetricFamily
		if err := decoder.Decode(&f); err != nil {
			t.Fatal("no response among them: ", err)
		}
		if f.GetName() != "etcd_dyno_operation_response_seconds" {
			continue
		}
		h := f.GetMetric()[0].GetHistogram()
		if h.GetSchema() != schema || h.GetZeroCount() != 2 || h.GetSampleCount() != 10 {
			t.Errorf("%+v", h)
		}
		at, count, total, all := int32(0), int64(0), int64(0), map[int32]int64{}
		delta := h.GetPositiveDelta()
		for _, s := range h.GetPositiveSpan() {
			at += s.GetOffset()
			for range s.GetLength() {
				count, delta = count+delta[0], delta[1:]
				all[at], total = count, total+count
				at++
			}
		}
		if total != 8 || len(all) != 4 || len(delta) != 0 {
			t.Errorf("native buckets %v", all)
		}
		for _, v := range []float64{0.001, 0.002, 0.004, 0.3} {
			if i := int32(index(v)); all[i] != 2 && all[i+1] != 2 { // a bucket of HDR may lie across a bound
				t.Errorf("%v s is not in bucket %d of %v", v, i, all)
			}
		}
		if b := h.GetBucket(); len(b) != len(classic) || b[len(b)-1].GetCumulativeCount() != 10 || b[0].GetCumulativeCount() < 2 {
			t.Errorf("classic buckets %v", b)
		}
		return
	}
}

// The names are as Prometheus wants them.
func TestNames(t *testing.T) {
	t.Parallel()
	_, text := serving(t)("text/plain")
	problems, err := promlint.New(text).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "etcd_dyno_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

// What one run used is not shown any longer while the next is on; what it did is.
func TestRunAfterRun(t *testing.T) {
	t.Parallel()
	var e Exporter
	for _, configuration := range []string{"single", "three"} {
		e.Feed(Run{"pod-churn", configuration}, interval(t))
	}
	if n := len(e.families["etcd_dyno_"+cores].series); n != 1 {
		t.Errorf("%d generators use processors", n)
	}
	if n := len(e.families["etcd_dyno_"+intended].series); n != 2 {
		t.Errorf("%d runs have intended something", n)
	}
}

func TestCheckAddress(t *testing.T) {
	t.Parallel()
	for address, good := range map[string]bool{"127.0.0.1:9095": true, ":0": true, "[::1]:80": true, "9095": false, "host": false, "host:": false, "127.0.0.1:99999": false, ":abc": false} {
		if err := CheckAddress(address); (err == nil) != good {
			t.Errorf("%s: %v", address, err)
		}
	}
	var e Exporter
	if _, err := Listen(t.Context(), "256.0.0.1:1", &e); err == nil {
		t.Error("one can listen at 256.0.0.1")
	}
}

func BenchmarkFeed(b *testing.B) {
	var e Exporter
	in := interval(b)
	b.ReportAllocs()
	for b.Loop() {
		e.Feed(Run{"pod-churn", "single"}, in)
	}
}
