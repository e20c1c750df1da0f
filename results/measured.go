package results

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Measured is what one quantity of an operation or a watch was during one interval, as
// far as it belongs to the measure phase.
type Measured struct {
	// StartMS and EndMS are since the run's start.
	StartMS, EndMS float64
	// Operation is empty of a watch.
	Workload, Operation, Quantity string
	// Histogram is as the journal has it, with at least one value in it, and
	// MaxMicros the highest.
	Histogram Histogram
	MaxMicros int64
}

// EachMeasured reads a run's journal, and visits what was measured in each interval, in
// order; all visits together are the quantities that Load sums. An interval of which
// anything is corrupt is left out, as Load does it.
func EachMeasured(folder string, visit func(Measured) error) error {
	f, err := os.Open(filepath.Join(folder, JournalFile))
	if err != nil {
		return fmt.Errorf("loading the run: %w", err)
	}
	defer f.Close()
	_, err = ReadJournal(f, func(r Record) error {
		if r.Interval == nil {
			return nil
		}
		decoded, ok := decodeInterval(r.Interval)
		if !ok {
			return nil
		}
		return visitInterval(r.Interval, decoded, visit)
	})
	if err != nil {
		return fmt.Errorf("loading %s: %w", f.Name(), err)
	}
	return nil
}

func visitInterval(in *Interval, decoded decodedInterval, visit func(Measured) error) error {
	m := Measured{StartMS: in.StartMS, EndMS: in.EndMS}
	for i, row := range in.Operations {
		if row.Phase != PhaseMeasure {
			continue
		}
		m.Workload, m.Operation = row.Workload, row.Operation
		if err := m.each(row.Quantities, decoded.operations[i], visit); err != nil {
			return err
		}
	}
	for i, row := range in.Watches {
		if row.Phase != PhaseMeasure {
			continue
		}
		m.Workload, m.Operation = row.Workload, ""
		if err := m.each(row.Quantities, decoded.watches[i], visit); err != nil {
			return err
		}
	}
	return nil
}

// each visits the quantities of one row.
func (m Measured) each(encoded map[string]Histogram, decoded map[string]buckets, visit func(Measured) error) error {
	for _, name := range slices.Sorted(maps.Keys(encoded)) {
		if decoded[name].total == 0 {
			continue
		}
		m.Quantity, m.Histogram, m.MaxMicros = name, encoded[name], decoded[name].max()
		if err := visit(m); err != nil {
			return err
		}
	}
	return nil
}
