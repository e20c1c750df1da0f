package report

import (
	"slices"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results/history"
)

// looked is a history with all that is said of it.
type looked struct {
	page   HistoryPage
	axes   map[string]*recordAxis
	series []*judgedSeries
	told   map[string]history.Told
	// full are the series that are drawn in full, and little those in little.
	full, little map[*judgedSeries]bool
}

// judgedSeries is a series with what is said of each of its segments.
type judgedSeries struct {
	history.Series

	axis   *recordAxis
	judged []history.Judgement
	// watched tells that its changes are told.
	watched bool
	// anchor is what its chart is found by in the page; empty where it has none.
	anchor string
}

// recordAxis are the records of which a series is made, those that are not valid included.
type recordAxis struct {
	records []history.Record
	step    map[string]int
}

func (a *recordAxis) nights() []time.Time {
	all := make([]time.Time, len(a.records))
	for i, r := range a.records {
		all[i] = r.At
	}
	return all
}

// look judges all series of a history. Those that gate are watched, and all where none does.
func look(page HistoryPage) looked {
	of := looked{page: page, axes: map[string]*recordAxis{}, told: map[string]history.Told{}}
	for _, r := range page.History.Records {
		a := of.axes[r.Of()]
		if a == nil {
			a = &recordAxis{step: map[string]int{}}
			of.axes[r.Of()] = a
		}
		a.step[r.ID] = len(a.records)
		a.records = append(a.records, r)
	}
	for _, t := range page.History.Told {
		of.told[t.ID] = t
	}
	watched := page.History.Gating()
	for _, s := range page.History.Series() {
		j := &judgedSeries{Series: s, axis: of.axes[s.Of()], watched: watched(s)}
		for i := range s.Segments {
			at := s
			at.Current = i
			j.judged = append(j.judged, at.Judge(page.History.Told))
		}
		of.series = append(of.series, j)
	}
	of.room()
	return of
}

// now is what is said of the segment that is going on.
func (j *judgedSeries) now() history.Judgement { return j.judged[j.Current] }

// points are those of the segment that is going on.
func (j *judgedSeries) points() []history.Point { return j.Segments[j.Current].Points }

// last is the last measure.
func (j *judgedSeries) last() history.Point { return j.points()[len(j.points())-1] }

// of is the series of that key; nil where there is none any more.
func (of looked) of(k history.Key) *judgedSeries {
	at := slices.IndexFunc(of.series, func(j *judgedSeries) bool { return j.Key == k })
	if at < 0 {
		return nil
	}
	return of.series[at]
}
