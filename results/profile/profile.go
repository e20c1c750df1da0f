// Package profile compares the profiles that members of etcd left: which
// functions take more.
package profile

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/pprof/profile"
)

// Folder is where profiles lie in a run folder, as MEMBER-cpu.pb.gz and MEMBER-heap.pb.gz.
const Folder = "profiles"

// Kind is what a profile counts.
type Kind string

// The kinds: CPU in seconds of processors per second, Heap in bytes in use.
const (
	CPU  Kind = "cpu"
	Heap Kind = "heap"
)

// Path is where a member's profile lies in a run folder.
func Path(folder, member string, kind Kind) string {
	return filepath.Join(folder, Folder, member+"-"+string(kind)+".pb.gz")
}

// Usage is what each function took by itself, by its name: in all members of a run together.
type Usage map[string]float64

// Members is of how many members there are profiles of that kind in a run folder.
func Members(folder string, kind Kind) int {
	files, _ := filepath.Glob(filepath.Join(folder, Folder, "*-"+string(kind)+".pb.gz")) // the pattern is good
	return len(files)
}

// Load sums the profiles of that kind in a run folder. It is nil where there are none.
func Load(folder string, kind Kind) (Usage, error) {
	files, err := filepath.Glob(filepath.Join(folder, Folder, "*-"+string(kind)+".pb.gz"))
	if err != nil || len(files) == 0 {
		return nil, err
	}
	all := Usage{}
	for _, file := range files {
		if err := all.add(file, kind); err != nil {
			return nil, fmt.Errorf("reading the profile %s: %w", file, err)
		}
	}
	return all, nil
}

func (u Usage) add(file string, kind Kind) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	p, err := profile.Parse(f)
	if err != nil {
		return err
	}
	value, unit := "inuse_space", 1.0
	if kind == CPU {
		if p.DurationNanos <= 0 {
			return fmt.Errorf("it has no duration")
		}
		value, unit = "cpu", 1/float64(p.DurationNanos)
	}
	i := slices.IndexFunc(p.SampleType, func(t *profile.ValueType) bool { return t.Type == value })
	if i < 0 {
		return fmt.Errorf("it counts no %s", value)
	}
	for _, s := range p.Sample {
		if name := leaf(s); name != "" {
			u[name] += float64(s.Value[i]) * unit
		}
	}
	return nil
}

// leaf is the function that a sample was taken in; of inlined ones the innermost.
func leaf(s *profile.Sample) string {
	if len(s.Location) == 0 || len(s.Location[0].Line) == 0 || s.Location[0].Line[0].Function == nil {
		return ""
	}
	return s.Location[0].Line[0].Function.Name
}

// Growth is a function that takes more than before.
type Growth struct {
	Function    string
	Before, Now float64
}

// Grown are the functions that take at least so much more in now than before, at
// most so many, the most first.
func Grown(before, now Usage, least float64, most int) []Growth {
	var all []Growth
	for name, v := range now {
		if g := (Growth{name, before[name], v}); g.Now-g.Before >= least {
			all = append(all, g)
		}
	}
	slices.SortFunc(all, func(a, b Growth) int {
		return cmp.Or(cmp.Compare(b.Now-b.Before, a.Now-a.Before), strings.Compare(a.Function, b.Function))
	})
	return all[:min(most, len(all))]
}

// Total is what all functions took.
func (u Usage) Total() (sum float64) {
	for _, v := range u {
		sum += v
	}
	return sum
}
