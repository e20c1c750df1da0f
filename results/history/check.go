package history

import (
	"slices"
	"time"
)

// News is what a look at a history brings.
type News struct {
	// Watched are the series that were looked at, each with what is said of it.
	Watched []Watched
	// Told are changes that are told now, for the first time, and Open those that were
	// told before and that nobody has acked.
	Told, Open []Told
	// Suspected are changes that are to be measured again before they are told.
	Suspected []Change
	Faults    []Fault
	Warnings  []string
}

// Watched is a series with what is said of it.
type Watched struct {
	Series
	Judgement
	// Tonight tells that its last measure is of the last night of its experiment.
	Tonight bool
}

// Measures is how many the current segment has.
func (w Watched) Measures() int { return len(w.Segments[w.Current].Points) }

// Young reports whether the current segment has too few measures for a change to be told.
func (w Watched) Young() bool { return w.Measures() <= Settled }

// Worse reports whether a change is told now that is for the worse.
func (n News) Worse() bool {
	return slices.ContainsFunc(n.Told, func(t Told) bool { return t.Worse })
}

// Decides reports whether what was measured tonight is old enough to be judged by its
// history: each series has had more measures than it takes, on whatever machine.
func (n News) Decides() bool {
	some := false
	for _, w := range n.Watched {
		if !w.Tonight {
			continue
		}
		all := 0
		for _, s := range w.Segments {
			all += len(s.Points)
		}
		if some = true; all <= Settled {
			return false
		}
	}
	return some
}

// Gating chooses the series that gate, and all of an experiment none of whose does.
func (h *History) Gating() func(Series) bool {
	gates := map[string]bool{}
	for _, s := range h.Series() {
		gates[s.Name] = gates[s.Name] || s.Gates
	}
	return func(s Series) bool { return s.Gates || !gates[s.Name] }
}

// Look judges the series that are watched. What is neither better nor worse when it
// changes is left out. Suspected is only what was measured in the last night of its experiment.
func (h *History) Look(watch func(Series) bool, now time.Time) News {
	n := News{Faults: h.Faults, Warnings: h.Warnings}
	watched, last := map[Key]bool{}, map[string]string{}
	for _, r := range h.Records {
		last[r.Name] = r.night()
	}
	for _, s := range h.Series() {
		if s.Better != "lower" && s.Better != "higher" || !watch(s) {
			continue
		}
		watched[s.Key] = true
		points := s.Segments[s.Current].Points
		w := Watched{Series: s, Judgement: s.Judge(h.Told), Tonight: points[len(points)-1].Record.night() == last[s.Name]}
		n.Watched = append(n.Watched, w)
		for i := range s.Segments { // several machines may add to one history
			j := w.Judgement
			if i != s.Current {
				j = s.judge(i, h.Told)
			}
			for _, c := range j.New {
				n.Told = append(n.Told, Told{Change: c, At: now.UTC()})
			}
		}
		if w.Suspected != nil && w.Tonight {
			n.Suspected = append(n.Suspected, *w.Suspected)
		}
	}
	for _, t := range h.Told {
		if _, acked := h.Acked(t.ID); !acked && watched[t.Key] {
			n.Open = append(n.Open, t)
		}
	}
	return n
}

// Check looks at a history, has what is new written, and notes what was told in it, so
// that it is told once. choose says which series are watched. Where write fails nothing
// is noted; nobody else adds to the history meanwhile.
func Check(path string, now time.Time, choose func(*History) func(Series) bool, write func(News) error) error {
	return Update(path, func(h *History) (lines []Line, err error) {
		n := h.Look(choose(h), now)
		if err := write(n); err != nil {
			return nil, err
		}
		for _, t := range n.Told {
			lines = append(lines, Line{Told: &t})
		}
		return lines, nil
	})
}

// Accept acks changes that were told; it returns those IDs that no change has.
func Accept(path string, now time.Time, reason string, ids ...string) (unknown []string, err error) {
	err = Update(path, func(h *History) (lines []Line, err error) {
		unknown = nil
		for _, id := range ids {
			if !slices.ContainsFunc(h.Told, func(t Told) bool { return t.ID == id }) {
				unknown = append(unknown, id)
				continue
			}
			if was, acked := h.Acked(id); acked && was.Reason == reason {
				continue
			}
			lines = append(lines, Line{Ack: &Ack{Change: id, At: now.UTC(), Reason: reason}})
		}
		if len(unknown) > 0 {
			return nil, nil // all or none
		}
		return lines, nil
	})
	return unknown, err
}
