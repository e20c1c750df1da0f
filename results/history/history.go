package history

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// History is all that a store holds.
type History struct {
	// Records are in the order in which they were measured, as far as the clocks can be trusted; each is there once.
	Records []Record
	Told    []Told
	Acks    []Ack
	// Faults are lines that could not be read. They stay where they are.
	Faults []Fault
	// Warnings say what else is strange: clocks, records that nobody knows.
	Warnings []string
}

// Fault is a line that cannot be read.
type Fault struct {
	// Line counts from 1.
	Line int
	Why  string
}

func (f Fault) String() string { return fmt.Sprintf("line %d %s", f.Line, f.Why) }

// clockSlack is by how much clocks of several machines may differ before one is said to run backwards.
const clockSlack = 10 * time.Minute

// historyOf puts lines in order.
func historyOf(lines []Line, faults []Fault) *History {
	h := &History{Faults: faults}
	known := map[string]bool{}
	for _, l := range lines {
		switch {
		case l.Record != nil:
			if !known[l.Record.ID] {
				known[l.Record.ID] = true
				h.Records = append(h.Records, *l.Record)
			}
		case l.Told != nil:
			if !slices.ContainsFunc(h.Told, func(t Told) bool { return t.ID == l.Told.ID }) {
				h.Told = append(h.Told, *l.Told)
			}
		case l.Ack != nil:
			h.Acks = append(h.Acks, *l.Ack)
		}
	}
	h.order()
	return h
}

// order sorts the records by when they were measured. Where a clock ran backwards
// between two that were added one after the other, the second comes after the first all the same.
func (h *History) order() {
	when := h.instants()
	slices.SortStableFunc(h.Records, func(a, b Record) int {
		return cmp.Or(when[a.ID].Compare(when[b.ID]), a.Added.Compare(b.Added), cmp.Compare(a.ID, b.ID))
	})
}

// instants are when records count as measured. It warns of clocks that ran backwards.
func (h *History) instants() map[string]time.Time {
	byID := map[string]Record{}
	for _, r := range h.Records {
		byID[r.ID] = r
	}
	when, added := map[string]time.Time{}, map[string]time.Time{}
	var back []string
	var place func(r Record)
	place = func(r Record) {
		if _, done := when[r.ID]; done {
			return
		}
		when[r.ID], added[r.ID] = r.At, r.Added // also ends a ring
		before, known := byID[r.Previous]
		if !known {
			return
		}
		place(before)
		if last := added[before.ID]; r.Added.Before(last.Add(-clockSlack)) {
			added[r.ID] = last.Add(1)
			when[r.ID] = latest(added[r.ID], when[before.ID].Add(1))
			if !before.Added.Before(r.Added) {
				back = append(back, fmt.Sprintf("the clock ran backwards: %s was added at %s, after %s at %s", r.ID, stamp(r.Added), before.ID, stamp(before.Added)))
			}
		}
	}
	for _, r := range h.Records {
		place(r)
	}
	if len(back) > 0 {
		slices.Sort(back)
		h.Warnings = append(h.Warnings, back...)
	}
	return when
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

// Record is the one of that ID.
func (h *History) Record(id string) (Record, bool) {
	at := slices.IndexFunc(h.Records, func(r Record) bool { return r.ID == id })
	if at < 0 {
		return Record{}, false
	}
	return h.Records[at], true
}

// newest is the ID of the record that was added last; empty where there is none.
func (h *History) newest() string {
	if len(h.Records) == 0 {
		return ""
	}
	isPrevious := map[string]bool{}
	for _, r := range h.Records {
		isPrevious[r.Previous] = true
	}
	last := ""
	var at time.Time
	for _, r := range h.Records { // of those that nothing was added after; several where histories were merged
		if !isPrevious[r.ID] && (last == "" || r.Added.After(at)) {
			last, at = r.ID, r.Added
		}
	}
	return last
}

// Acked reports whether a change is accepted, and why.
func (h *History) Acked(change string) (Ack, bool) {
	for _, a := range slices.Backward(h.Acks) { // the last reason counts
		if a.Change == change {
			return a, true
		}
	}
	return Ack{}, false
}
