package results

import (
	"encoding/json"
	"testing"
)

// split is sample with each operation's requests half at one and half at another
// endpoint, the second of which is known by its address only.
func split(tb testing.TB, seconds, operations int) [][]byte {
	tb.Helper()
	lines := sample(tb, seconds, operations)
	h := NewHistogram(LagFigures)
	if err := h.RecordValues(1000, 50); err != nil {
		tb.Fatal(err)
	}
	service, err := EncodeHistogram(h)
	if err != nil {
		tb.Fatal(err)
	}
	for i, line := range lines {
		var r Record
		if err := json.Unmarshal(line, &r); err != nil {
			tb.Fatal(err)
		}
		if r.Header != nil {
			r.Header.Configuration.Endpoints = []string{"http://b:2379", "http://a:2379"}
		}
		if in := r.Interval; in != nil {
			for i := range in.Operations {
				for _, endpoint := range []string{"10.0.0.9:2379", "http://b:2379"} {
					in.Operations[i].Endpoints = append(in.Operations[i].Endpoints, EndpointInterval{
						Endpoint: endpoint, Counts: Counts{Sent: 50, Succeeded: 50, Achieved: 50}, Service: service,
					})
				}
			}
		}
		if lines[i], err = json.Marshal(r); err != nil {
			tb.Fatal(err)
		}
	}
	return lines
}

// The rows by endpoint stand behind their whole, in the header's order, and are added to nothing.
func TestRowsByEndpoint(t *testing.T) {
	run, whole := loadLines(t, split(t, 10, 2)), loadLines(t, sample(t, 10, 2))
	if len(run.Operations) != 2 || run.Operations[0].Sent != whole.Operations[0].Sent {
		t.Errorf("the wholes: %+v", run.Operations)
	}
	if run.Timeline[3].Operations[0].Sent != whole.Timeline[3].Operations[0].Sent {
		t.Errorf("the time line: %+v", run.Timeline[3].Operations)
	}
	r := Summarize(run)
	if len(r.Operations) != 6 || len(r.Whole()) != 2 {
		t.Fatalf("%d rows, %d of wholes", len(r.Operations), len(r.Whole()))
	}
	for i, o := range r.Operations {
		want := []struct {
			endpoint string
			sent     int64
			rate     float64
		}{{"", 1000, 100}, {"http://b:2379", 500, 50}, {"10.0.0.9:2379", 500, 50}}[i%3]
		operation := []string{"a", "b"}[i/3]
		if o.Operation != operation || o.Endpoint != want.endpoint || o.Sent != want.sent || o.AchievedRate != want.rate || o.Service.Count != want.sent {
			t.Errorf("row %d: %s at %q: %d sent, %v/s, service of %d; want %s, %+v", i, o.Operation, o.Endpoint, o.Sent, o.AchievedRate, o.Service.Count, operation, want)
		}
		if part := o.Endpoint != ""; part && (o.Intended != 0 || o.Response.Count != 0) || !part && o.Response.Count != want.sent {
			t.Errorf("row %d: intended %d, response of %d", i, o.Intended, o.Response.Count)
		}
	}
}

// A live display counts each operation once.
func TestGlanceByEndpoint(t *testing.T) {
	var r Record
	if err := json.Unmarshal(split(t, 1, 3)[2], &r); err != nil {
		t.Fatal(err)
	}
	if done, p99 := Glance(r.Interval); len(r.Interval.Operations[0].Endpoints) == 0 || done != 300 || p99.Milliseconds() != 1 {
		t.Errorf("%d rows by endpoint, %d done, p99 %v", len(r.Interval.Operations[0].Endpoints), done, p99)
	}
}

// What is gathered while a run goes has its rows by endpoint once, however often it is looked at.
func TestGatheringByEndpoint(t *testing.T) {
	g := Gather(Header{}, 0)
	for _, line := range split(t, 3, 1)[2:5] {
		var r Record
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		g.Add(r.Interval)
		if n := len(g.Run().Endpoints); n != 2 {
			t.Errorf("%d rows by endpoint, want 2", n)
		}
	}
	if got := g.Run().Endpoints[0].Sent; got != 150 {
		t.Errorf("%d sent, want 150", got)
	}
}

// A histogram of an endpoint that cannot be read costs its line.
func TestCorruptEndpoint(t *testing.T) {
	lines := split(t, 3, 1)
	var r Record
	if err := json.Unmarshal(lines[3], &r); err != nil {
		t.Fatal(err)
	}
	r.Interval.Operations[0].Endpoints[0].Service = "HISTFAAA"
	var err error
	if lines[3], err = json.Marshal(r); err != nil {
		t.Fatal(err)
	}
	if run := loadLines(t, lines); run.Lost != 1 || run.Endpoints[0].Sent != 100 {
		t.Errorf("%d lost, %+v", run.Lost, run.Endpoints)
	}
}
