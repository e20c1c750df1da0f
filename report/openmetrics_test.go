package report

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// sampleForm is a line of OpenMetrics 1.0 as it is written here: a name, labels, a value and an instant.
var sampleForm = regexp.MustCompile(`^([a-z0-9_]+)(\{[a-zA-Z_]+="(?:[^"\\\n]|\\.)*"(?:,[a-zA-Z_]+="(?:[^"\\\n]|\\.)*")*\})? (\S+) (\S+)$`)

// Families and series come in one piece, time goes on, what counts never goes
// back, and the last values are the run's.
func TestOpenMetrics(t *testing.T) {
	t.Parallel()
	p := page(t, podChurn(20).journal(t))
	var b bytes.Buffer
	if err := OpenMetrics(&b, p.Run); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if !strings.HasSuffix(text, "\n# EOF\n") {
		t.Error("no # EOF at the end")
	}
	begun, seen, values, instants := map[string]bool{}, map[string]bool{}, map[string]float64{}, map[string]float64{}
	family, kind, series := "", "", ""
	for n, line := range strings.Split(strings.TrimSuffix(text, "# EOF\n"), "\n") {
		switch {
		case line == "", strings.HasPrefix(line, "# HELP "):
		case strings.HasPrefix(line, "# TYPE "):
			words := strings.Fields(line)
			family, kind = words[2], words[3]
			if begun[family] {
				t.Errorf("line %d: the family %s comes twice", n+1, family)
			}
			begun[family] = true
		default:
			m := sampleForm.FindStringSubmatch(line)
			if m == nil || !strings.HasPrefix(m[1], family) {
				t.Fatalf("line %d is no sample of %s: %s", n+1, family, line)
			}
			value, err1 := strconv.ParseFloat(m[3], 64)
			at, err2 := strconv.ParseFloat(m[4], 64)
			if err1 != nil || err2 != nil {
				t.Fatalf("line %d: %v %v", n+1, err1, err2)
			}
			key := m[1] + m[2]
			if kind == "counter" || kind == "gauge" {
				if key != series && seen[key] {
					t.Errorf("line %d: the series %s is broken off", n+1, key)
				}
				series, seen[key] = key, true
			}
			if at < instants[key] || kind != "gauge" && value < values[key] {
				t.Errorf("line %d: %s goes back", n+1, key)
			}
			values[key], instants[key] = value, at
		}
	}
	put := `etcd_dyno_operations_intended_total{workload="churn",operation="create"}`
	if got, least := values[put], p.Result.Operations[0].Intended; got < float64(least) {
		t.Errorf("%s is %v, of which %d were measured", put, got, least)
	}
	seconds := 29.0 // of the fixture
	for key, want := range map[string]float64{
		`etcd_dyno_member_cpu_seconds_total{member="m1"}`:               0.3 * seconds,
		`etcd_dyno_member_fsync_seconds_count{member="m1"}`:             200*seconds + 4,
		`etcd_dyno_member_fsync_seconds_bucket{member="m1",le="0.002"}`: 200 * seconds,
		`etcd_dyno_member_fsync_seconds_bucket{member="m1",le="+Inf"}`:  200*seconds + 4,
		`etcd_dyno_host_disk_flushes_total{device="vda"}`:               210 * seconds,
		`etcd_dyno_member_quota_bytes{member="m1"}`:                     2 << 30,
	} {
		if got := values[key]; fmt.Sprintf("%.6g", got) != fmt.Sprintf("%.6g", want) {
			t.Errorf("%s is %v, want %v", key, got, want)
		}
	}
}
