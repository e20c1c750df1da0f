package history

import (
	"fmt"
	"strings"
	"time"
)

// Added is what became of a record that was to be added.
type Added struct {
	Record Record
	// Already tells that it was there before.
	Already bool
	// Notes say what a reader must know: what parts the series, a clock, a measure that does not count.
	Notes []string
}

// Add adds records, each once, and says what is worth knowing of them.
func Add(path string, now time.Time, records ...Record) (all []Added, err error) {
	err = Update(path, func(h *History) (lines []Line, err error) {
		all = nil
		last := h.newest()
		for _, r := range records {
			if r, err = r.identified(); err != nil {
				return nil, err
			}
			if was, known := h.Record(r.ID); known {
				all = append(all, Added{Record: was, Already: true})
				continue
			}
			r.Previous, r.Added = last, now.UTC()
			all = append(all, Added{Record: r, Notes: h.notesOn(r)})
			h.Records = append(h.Records, r)
			lines, last = append(lines, Line{Record: &r}), r.ID
		}
		return lines, nil
	})
	return all, err
}

// notesOn says what is worth knowing of a record that comes after all others.
func (h *History) notesOn(r Record) (notes []string) {
	if !r.Valid {
		notes = append(notes, "it is kept, and does not count: "+strings.Join(r.Reasons, "; "))
	}
	if before, known := h.Record(h.newest()); known && r.Added.Before(before.Added.Add(-clockSlack)) {
		notes = append(notes, fmt.Sprintf("the clock runs backwards: it is %s, and the record before was added at %s; the order is kept", stamp(r.Added), stamp(before.Added)))
	}
	if ahead := r.At.Sub(r.Added); ahead > clockSlack {
		notes = append(notes, fmt.Sprintf("it began at %s, which is yet to come: a clock is wrong", stamp(r.At)))
	}
	var same *Record // the last of the same experiment
	seen := 0
	for i, o := range h.Records {
		if o.series() != r.series() {
			continue
		}
		same = &h.Records[i]
		if o.environment() == r.environment() {
			seen++
		}
	}
	if same == nil {
		return notes
	}
	if r.At.Before(same.At) && !r.Added.Before(same.Added.Add(-clockSlack)) {
		notes = append(notes, fmt.Sprintf("it is older than the last one, of %s, and takes its place before it", stamp(same.At)))
	}
	if why := unlike(*same, r); len(why) > 0 {
		how := "its series begin anew"
		if seen > 0 {
			how = fmt.Sprintf("it goes on with the %d of before that", seen)
		}
		notes = append(notes, strings.Join(why, "; ")+"; "+how)
	}
	return append(notes, noted(*same, r)...)
}
