package runner

import (
	"fmt"
	"runtime"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// notes are what a user of the target must know to read its numbers.
func (t *target) notes(c scenarios.Configuration) []string {
	if t.lab == nil {
		return nil
	}
	var notes []string
	for _, each := range []struct{ what, filesystem, written, key string }{
		{"data", t.filesystem, c.Disk.Data, "disk.data"},
		{"WAL", t.walFilesystem, c.Disk.WAL, "disk.wal"},
	} {
		if each.filesystem != "tmpfs" && each.filesystem != "ramfs" {
			continue
		}
		advice := "choose a disk with --runs-dir"
		if each.written != "" {
			advice = "choose a disk for " + each.key
		}
		notes = append(notes, "the lab's "+each.what+" is on "+each.filesystem+", where an fsync costs nothing: its write latencies are not those of a disk; "+advice)
	}
	notes = append(notes, t.lab.Notes()...)
	members := len(t.lab.Members())
	if cpus := runtime.NumCPU(); members > 1 && cpus < 2*members+2 {
		notes = append(notes, fmt.Sprintf("%d members and the generator share %d processors here: such a lab measures CPU first, "+
			"and compares configurations rather than telling what machines of their own would carry", members, cpus))
	}
	return notes
}
