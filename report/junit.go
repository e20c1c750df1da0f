package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/history"
)

// junitSuites is a JUnit file as CI systems read it.
type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Name    string       `xml:"name,attr"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Timestamp  string          `xml:"timestamp,attr,omitempty"`
	Seconds    float64         `xml:"time,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Seconds float64       `xml:"time,attr"`
	Failure *junitFailure `xml:"failure"`
	Skipped *junitSkipped `xml:"skipped"`
	// Out is what a case that passed measured.
	Out string `xml:"system-out,omitempty"`
}

type junitFailure struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Detail  string `xml:",chardata"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

// JUnit writes a run as a test suite: whether it is valid and complete, its thresholds
// and its checks are the cases. A threshold with too few samples fails where it is a breach.
func JUnit(w io.Writer, page Page) error {
	r := page.Result
	name := r.Scenario.Name + " on " + r.Configuration.Name
	s := junitSuite{
		Name: name, Timestamp: r.Started.UTC().Format(time.RFC3339), Seconds: r.Ended.Sub(r.Started).Seconds(),
		Properties: []junitProperty{{"run", r.ID}, {"etcd", target(r.Configuration)}, {"verdict", judge(r).String()}, {"machine", machineLine(r.Environment)}},
	}
	valid := junitCase{Class: name, Name: "valid"}
	if !r.Valid {
		valid.Failure = &junitFailure{"invalid", validity(r), strings.Join(r.InvalidReasons, "\n")}
	}
	s.add(valid)
	whole := junitCase{Class: name, Name: "complete"}
	if !r.Complete && !aborted(r) { // a threshold that ended it has a case of its own
		whole.Failure = &junitFailure{"incomplete", completeness(r), strings.Join(r.Warnings, "\n")}
	}
	s.add(whole)
	for _, t := range r.Thresholds {
		s.add(judgedCase(name+": thresholds", t.Check, t.Value, t.Status, page.Run.Header.Strict))
	}
	for _, c := range r.Checks {
		s.add(judgedCase(name+": checks", c.Name, c.Detail, c.Status, false))
	}
	return writeJUnit(w, []junitSuite{s})
}

// judgedCase is a threshold or a check; strict makes too few samples fail.
func judgedCase(class, name, measured string, status results.Status, strict bool) junitCase {
	c := junitCase{Class: class, Name: name}
	text := measured
	if word := statusWord(status); !strings.HasPrefix(measured, word) {
		text = word + ": " + measured
	}
	switch {
	case status == results.Pass:
		c.Out = measured
	case status == results.Fail, status == results.TooFew && strict:
		c.Failure = &junitFailure{string(status), text, name + "\n" + text}
	default:
		c.Skipped = &junitSkipped{text}
	}
	return c
}

// JUnitComparison writes a comparison as a test suite for each contrast: whether the two
// are comparable, and the metrics that gate, are the cases. What is inconclusive is
// skipped where that passes, else it fails. A sweep is a suite of one case, which fails only where its runs may not be compared.
func JUnitComparison(w io.Writer, c results.Comparison, inconclusivePasses bool) error {
	return writeJUnit(w, comparisonSuites(c, func(s results.GateStatus) bool { return s == results.GateInconclusive && inconclusivePasses }))
}

// JUnitNight writes a comparison and what a history says of it. What is inconclusive is
// skipped, and so is a gate that fails where the history decides.
func JUnitNight(w io.Writer, c results.Comparison, n history.News, historyDecides bool) error {
	all := comparisonSuites(c, func(s results.GateStatus) bool {
		return s == results.GateInconclusive || s == results.GateFail && historyDecides
	})
	return writeJUnit(w, append(all, newsSuites(n, false)...))
}

// comparisonSuites are those of all contrasts. excused says which outcomes of gates do not count.
func comparisonSuites(c results.Comparison, excused func(results.GateStatus) bool) (all []junitSuite) {
	word, _, _ := outcomeOf(c)
	for _, x := range c.Contrasts {
		name := contrastTitle(x)
		s := junitSuite{Name: name, Properties: []junitProperty{{"outcome", word}, {"method", string(x.Method)}}}
		for _, d := range x.Differences {
			s.Properties = append(s.Properties, junitProperty{"differs: " + d.Key, orNothing(d.Baseline) + " → " + orNothing(d.Candidate)})
		}
		together := junitCase{Class: name, Name: "comparable"}
		switch reasons := strings.Join(x.Reasons, "\n"); {
		case x.Forced:
			together.Out = "compared all the same (forced):\n" + reasons
		case !x.Comparable:
			together.Failure = &junitFailure{"not-comparable", "not comparable", reasons}
		}
		s.add(together)
		for _, m := range x.Metrics {
			if g := gateOf(c, x, m); g.Status != "" {
				s.add(gateCase(c, x, m, g, excused(g.Status)))
			}
		}
		all = append(all, s)
	}
	for _, s := range c.Sweeps {
		all = append(all, sweepSuite(c, s))
	}
	return all
}

// gateCase is a metric that decides.
func gateCase(c results.Comparison, x results.Contrast, m results.MetricContrast, g results.Gate, excused bool) junitCase {
	figures := fmt.Sprintf("%s: %s (%s: %s), %s against %s", gateWords(g.Status), effectText(m), intervalHead(c, x), intervalText(m),
		medianText(m, m.Candidate, m.CandidateMedian), medianText(m, m.Baseline, m.BaselineMedian))
	each := junitCase{Class: contrastTitle(x) + ": gates", Name: g.Metric}
	switch {
	case g.Status == results.GatePass:
		each.Out = figures + "\n" + gateDetail(g)
	case excused:
		each.Skipped = &junitSkipped{figures + "; " + gateDetail(g)}
	default:
		each.Failure = &junitFailure{string(g.Status), figures, gateDetail(g)}
	}
	return each
}

// add adds a case and counts it.
func (s *junitSuite) add(c junitCase) {
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

// writeJUnit writes suites. What XML cannot hold, as control characters, the encoder replaces.
func writeJUnit(w io.Writer, all []junitSuite) error {
	b, err := xml.MarshalIndent(junitSuites{Name: "etcd-dyno", Suites: all}, "", "  ")
	if err == nil {
		_, err = io.WriteString(w, xml.Header+string(b)+"\n")
	}
	if err != nil {
		return fmt.Errorf("writing JUnit: %w", err)
	}
	return nil
}
