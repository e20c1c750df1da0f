package telemetry

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// A log is read as it grows: a line that is half written counts once, when it is whole.
func TestLog(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "m1.log")
	zero := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l := Log{Member: "m1", Path: path, Zero: zero}
	read := func() (got []string) {
		t.Helper()
		notes, err := l.Read()
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range notes {
			got = append(got, fmt.Sprintf("%v %s %d", n.AtMS, n.Class, n.Count))
		}
		return got
	}
	if got := read(); got != nil {
		t.Errorf("a log that is not there: %v", got)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	write := func(s string) {
		t.Helper()
		if _, err := f.WriteString(s); err != nil {
			t.Fatal(err)
		}
	}
	const slow = `{"level":"warn","ts":"2026-01-02T03:04:06.5Z","caller":"txn/util.go:93","msg":"apply request took too long","took":"120ms"}` + "\n"
	write(slow + slow[:40])
	if diff := cmp.Diff([]string{"1500 slow-apply 1"}, read()); diff != "" {
		t.Error(diff)
	}
	write(slow[40:] + `{"level":"info","ts":"2026-01-02T03:04:07Z","msg":"8e9e05c52164694d became leader at term 2"}` + "\n" +
		"{\"level\":\"warn\",\"ts\":\"2026-01-02T03:04:08Z\",\"msg\":\"slow fdatasync\"}\n\napply request took too long, says somebody else\nfatal error: all goroutines are asleep\n" +
		`{"level":"warn","ts":"2026-01-02T03:04:09Z","msg":"leader failed to send out heartbeat on time; took too long, leader is overloaded likely from slow disk"}` + "\n" + slow)
	if diff := cmp.Diff([]string{"2000 election 1", "4000 overloaded-network 1", "1500 slow-apply 2", "3000 slow-fdatasync 1"}, read()); diff != "" {
		t.Error(diff)
	}
	if got := read(); got != nil {
		t.Errorf("nothing new: %v", got)
	}
}

// What is told is what was added, also where a process began anew.
func TestSince(t *testing.T) {
	t.Parallel()
	before := page{counters: map[string]float64{"a": 5, "b": 7}, histograms: map[string][]bucket{"h": {{1, 2}, {2, 5}, {4, 5}}}, sums: map[string]float64{"h": 8}}
	now := page{counters: map[string]float64{"a": 9, "b": 7}, histograms: map[string][]bucket{"h": {{1, 3}, {2, 6}, {4, 9}}}, sums: map[string]float64{"h": 20}}
	c, h := now.since(before)
	if diff := cmp.Diff(map[string]float64{"a": 4, "b": 0}, c); diff != "" {
		t.Error(diff)
	}
	want := map[string]results.ServerHistogram{"h": {SumMS: 12, Buckets: []results.ServerBucket{{FromMS: 0, ToMS: 1, Count: 1}, {FromMS: 2, ToMS: 4, Count: 3}}}}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Error(diff)
	}
	c, h = now.since(page{})
	if c["a"] != 9 || h["h"].Count() != 9 || h["h"].SumMS != 20 {
		t.Errorf("anew: %v %v", c, h)
	}
}
