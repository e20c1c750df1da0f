package runner

import (
	"fmt"
	"runtime"
)

// notes are what a user of the target must know to read its numbers.
func (t *target) notes() []string {
	if t.lab == nil {
		return nil
	}
	notes := t.lab.Notes()
	members := len(t.lab.Members())
	if cpus := runtime.NumCPU(); members > 1 && cpus < 2*members+2 {
		notes = append(notes, fmt.Sprintf("%d members and the generator share %d processors here: such a lab measures CPU first, "+
			"and compares configurations rather than telling what machines of their own would carry", members, cpus))
	}
	return notes
}
