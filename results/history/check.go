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
}

// Worse reports whether a change is told now that is for the worse.
func (n News) Worse() bool {
	return slices.ContainsFunc(n.Told, func(t Told) bool { return t.Worse })
}

// Gating chooses the series that gate, and all where none does.
func (h *History) Gating() func(Series) bool {
	some := slices.ContainsFunc(h.Series(), func(s Series) bool { return s.Gates })
	return func(s Series) bool { return s.Gates || !some }
}

// Look judges the series that are watched. What is neither better nor worse when it changes is left out.
func (h *History) Look(watch func(Series) bool, now time.Time) News {
	n := News{Faults: h.Faults, Warnings: h.Warnings}
	watched := map[Key]bool{}
	for _, s := range h.Series() {
		if s.Better != "lower" && s.Better != "higher" || !watch(s) {
			continue
		}
		watched[s.Key] = true
		j := s.Judge(h.Told)
		n.Watched = append(n.Watched, Watched{s, j})
		if j.New != nil {
			n.Told = append(n.Told, Told{Change: *j.New, At: now.UTC()})
		}
		if j.Suspected != nil {
			n.Suspected = append(n.Suspected, *j.Suspected)
		}
	}
	for _, t := range h.Told {
		if _, acked := h.Acked(t.ID); !acked && watched[t.Key] {
			n.Open = append(n.Open, t)
		}
	}
	return n
}

// Check looks at a history, and notes what it tells, so that it is told once. choose says
// which series are watched.
func Check(path string, now time.Time, choose func(*History) func(Series) bool) (n News, err error) {
	err = Update(path, func(h *History) (lines []Line, err error) {
		n = h.Look(choose(h), now)
		for _, t := range n.Told {
			lines = append(lines, Line{Told: &t})
		}
		return lines, nil
	})
	return n, err
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
