package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/history"
)

// nightly is a job that measures and remembers night by night, as a fixture.
type nightly struct {
	path string
	rng  *rand.Rand
	// metrics are measured, the first of them gates, and a share that is not relative comes last.
	metrics []string
	gating  int
	// effects are by how much the candidate is slower, in logarithms, of a metric in a night.
	effects func(metric string, night, again int) float64
	// alter changes a night's record before it is added.
	alter func(night int, r *history.Record)
	// ack accepts what is told in a night, with a reason.
	ack map[int]string
	// reruns is how often a night is measured again at most.
	reruns int
	// alone has no control.
	alone bool
}

func aNightly(t testing.TB) nightly {
	t.Helper()
	return nightly{
		path: filepath.Join(t.TempDir(), "history.jsonl"), rng: rand.New(rand.NewPCG(2026, 3)), gating: 2, reruns: history.Reruns,
		metrics: []string{"churn.create.response.p95", "churn.bind.service.p50", "churn.create.response.p50", "churn.get.response.p99", "churn.pod-start.achieved_rate", "relist.list.response.p50", "server.etcd.rss_bytes", "churn.create.error_rate"},
		effects: func(string, int, int) float64 { return 0 },
		alter:   func(int, *history.Record) {},
	}
}

// firstNight is when fixtures begin.
func firstNight() time.Time { return time.Date(2026, 1, 5, 2, 0, 0, 0, time.UTC) }

// run measures so many nights; what is suspected is measured again, at most twice, and what is confirmed is told.
func (n nightly) run(t testing.TB, nights int) *history.History {
	t.Helper()
	machine := 0.0
	for night := range nights {
		machine = 0.7*machine + 0.04*n.rng.NormFloat64()
		before := ""
		for again := 0; again <= n.reruns; again++ {
			r := n.record(night, again, machine)
			if again > 0 {
				r.Again = before // the first of the night
			}
			added, err := history.Add(n.path, r.At.Add(time.Hour), r)
			if err != nil {
				t.Fatal(err)
			}
			if before == "" {
				before = added[0].Record.Source
			}
			if !n.tell(t, night, r.At) {
				break
			}
		}
	}
	return n.read(t)
}

func (n nightly) read(t testing.TB) *history.History {
	t.Helper()
	h, err := history.Read(n.path)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// tell tells what is new, and reports whether anything is suspected.
func (n nightly) tell(t testing.TB, night int, at time.Time) (suspected bool) {
	t.Helper()
	var news history.News
	if err := history.Check(n.path, at, (*history.History).Gating, func(told history.News) error { news = told; return nil }); err != nil {
		t.Fatal(err)
	}
	for _, told := range news.Told {
		if reason, acked := n.ack[night]; acked {
			if _, err := history.Accept(n.path, at.Add(9*time.Hour), reason, told.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	return len(news.Suspected) > 0
}

// record is what a night measures.
func (n nightly) record(night, again int, machine float64) history.Record {
	at := firstNight().AddDate(0, 0, night).Add(time.Duration(again) * 40 * time.Minute)
	r := history.Record{
		At: at, Name: "nightly", Scenario: results.ScenarioRef{Name: "pod-churn", SHA256: strings.Repeat("5c", 32)},
		Candidate: history.Party{Name: "main", SHA256: strings.Repeat("ab", 32), Etcd: "3.7.0-alpha.0", Build: fmt.Sprintf("%064x", night/9+1)},
		Machine:   history.Machine{OS: "linux", Kernel: "6.18", CPUModel: "AMD EPYC 7B13", CPUs: 4, MemoryGiB: 16, Filesystem: "ext4"},
		Source:    at.Format("20060102T150405Z") + "-nightly-experiment", Tool: "v0.4.0", Pairs: 16, Valid: true, Folder: "runs/" + at.Format("20060102T150405Z") + "-nightly-experiment",
	}
	if !n.alone {
		r.Control = &history.Party{Name: "release-3.6", SHA256: strings.Repeat("cd", 32), Etcd: "3.6.16", Build: "go1.25.1"}
	}
	for i, name := range n.metrics {
		r.Metrics = append(r.Metrics, n.metric(name, i, night, again, machine))
	}
	n.alter(night, &r)
	return r
}

func (n nightly) metric(name string, i, night, again int, machine float64) history.Metric {
	const noise = 0.025
	effect := n.effects(name, night, again) + noise*n.rng.NormFloat64()
	base := 4 * (1 + float64(i)) * math.Exp(machine)
	m := history.Metric{Metric: name, Better: "lower", Gates: i < n.gating, Relative: true}
	switch metricUnit(name) {
	case "/s":
		m.Better, base = "higher", 50
	case "MiB":
		base = 180 * (1 << 20)
	case "%":
		m.Relative, m.Least, base = false, 0.001, 0.002
		m.Value = base + 0.0003*n.rng.NormFloat64()
		effect = m.Value - base
	default:
	}
	if m.Relative {
		m.Value, effect = base*math.Exp(effect), math.Expm1(effect)
	}
	if n.alone {
		return m
	}
	half := 0.03 + 0.01*n.rng.Float64()
	if !m.Relative {
		half = 0.0004
	}
	low, high := effect-half, effect+half
	m.Control, m.Effect, m.Low, m.High = &base, &effect, &low, &high
	return m
}

// eventful is a history of sixty nights in which there is all that there can be.
func eventful(t testing.TB) HistoryPage {
	t.Helper()
	n := aNightly(t)
	n.effects = func(metric string, night, again int) float64 {
		e := 0.0
		at := func(name string, from int, by float64) {
			if metric == name && night >= from {
				e += by
			}
		}
		at("churn.create.response.p95", 45, math.Log(1.10))
		at("churn.bind.service.p50", 28, math.Log(1.08))
		at("churn.bind.service.p50", 50, math.Log(0.85))
		at("relist.list.response.p50", 35, math.Log(1.2))
		if metric == "churn.create.response.p95" && night == 33 && again == 0 {
			e += math.Log(1.35)
		}
		if metric == "churn.bind.service.p50" && night == 20 && again == 0 {
			e += math.Log(1.18)
		}
		return e
	}
	n.alter = func(night int, r *history.Record) {
		if night < 12 {
			r.Machine.CPUs, r.Machine.MemoryGiB = 2, 8
		}
		if night == 24 {
			r.Valid, r.Reasons = false, []string{"the generator was late: lag p99 is 31 ms"}
		}
		if night >= 40 {
			r.Tool = "v0.5.0"
		}
	}
	n.ack = map[int]string{}
	for night := 28; night < 36; night++ {
		n.ack[night] = "etcd #19999: the check of bindings is wanted"
	}
	return pageOf(n.run(t, 60))
}

// pageOf is a page whose older reports are gone.
func pageOf(h *history.History) HistoryPage {
	p := HistoryPage{File: "ci/history.jsonl", Made: firstNight().AddDate(0, 0, 60), History: h, Reports: map[string]string{}, Ack: "etcd-dyno history ack --history ci/history.jsonl"}
	for i, r := range h.Records {
		if i > 15 {
			p.Reports[r.ID] = r.Folder + "/comparison.html"
		}
	}
	return p
}

func renderHistory(t testing.TB, p HistoryPage) string {
	t.Helper()
	var b strings.Builder
	if err := HTMLHistory(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
