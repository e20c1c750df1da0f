package results

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Seen is how often a value, in microseconds, was seen.
type Seen struct{ Micros, Count int64 }

// Blocks are what an operation or a watch took in stretches of the measure phase, in order.
type Blocks [][]Seen

// LoadBlocks reads a run's journal in blocks of that length, from the start of the
// measure phase on; what does not fill a block at its end is left out. The key is
// WORKLOAD.OPERATION.QUANTITY, of a watch WORKLOAD.QUANTITY.
func LoadBlocks(folder string, length time.Duration) (map[string]Blocks, error) {
	f, err := os.Open(filepath.Join(folder, JournalFile))
	if err != nil {
		return nil, fmt.Errorf("loading the run: %w", err)
	}
	defer f.Close()
	b := blocks{lengthMS: float64(length) / float64(time.Millisecond), of: map[string][]buckets{}, startMS: -1}
	if _, err := ReadJournal(f, func(r Record) error {
		b.add(r)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("loading %s: %w", f.Name(), err)
	}
	return b.whole(), nil
}

// blocks gathers.
type blocks struct {
	// lengthMS is a block's, startMS and endMS are of the measure phase; below zero before it.
	lengthMS, startMS, endMS float64
	of                       map[string][]buckets
}

func (b *blocks) add(r Record) {
	switch {
	case r.Phase != nil && r.Phase.Name == PhaseMeasure:
		b.startMS = r.Phase.AtMS
	case r.Phase != nil && b.startMS >= 0:
		b.endMS = r.Phase.AtMS
	case r.Interval != nil && b.startMS >= 0:
		decoded, ok := decodeInterval(r.Interval)
		if !ok {
			return
		}
		at := max(int(((r.Interval.StartMS+r.Interval.EndMS)/2-b.startMS)/b.lengthMS), 0)
		for i, row := range r.Interval.Operations {
			if row.Phase == PhaseMeasure {
				b.put(row.Workload+"."+row.Operation, at, decoded.operations[i])
			}
		}
		for i, row := range r.Interval.Watches {
			if row.Phase == PhaseMeasure {
				b.put(row.Workload, at, decoded.watches[i])
			}
		}
	}
}

func (b *blocks) put(row string, at int, quantities map[string]buckets) {
	for name, h := range quantities {
		key := row + "." + name
		for len(b.of[key]) <= at {
			b.of[key] = append(b.of[key], buckets{})
		}
		b.of[key][at] = b.of[key][at].with(h)
	}
}

// whole are the blocks that lie in the measure phase; what was done after it, as
// intended before, belongs to the last.
func (b *blocks) whole() map[string]Blocks {
	all := map[string]Blocks{}
	count := int((b.endMS - b.startMS) / b.lengthMS * (1 + 1e-3)) // a phase is told to the microsecond, and may end one too soon
	if b.startMS < 0 || count < 1 {
		return all
	}
	for key, each := range b.of {
		put := make(Blocks, count)
		for i, h := range each {
			into := min(i, count-1)
			for _, bucket := range h.filled {
				_, high := h.span(bucket.index)
				put[into] = append(put[into], Seen{high, bucket.count})
			}
		}
		all[key] = put
	}
	return all
}
