package verdict

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// failedOf are the checks that runs failed and the thresholds that they breached, each after its run.
func failedOf(runs []Sample) (all []string) {
	for _, run := range runs {
		for _, f := range run.Failed {
			all = append(all, run.Header.ID+" "+f)
		}
	}
	return all
}

// failedNotes say which points failed something.
func failedNotes(s results.Sweep) (told []string) {
	for _, p := range s.Points {
		if len(p.Failed) == 0 {
			continue
		}
		text := p.Name + ": " + p.Failed[0]
		if n := len(p.Failed) - 1; n > 0 {
			text += fmt.Sprintf(", and %d more", n)
		}
		if s.Advises {
			text += "; so it is not chosen, whatever its objective"
		}
		told = append(told, text)
	}
	return told
}

// boundless is a sentence of limits that says of no limit that it was not in force.
var boundless = regexp.MustCompile(`The memory request of \S+( bytes)? bounds nothing\.`)

// limitNotes say at which points CPU and memory were not limited as was asked, so that nobody takes
// their effects for those of the limits.
func limitNotes(in Swept, counted [][]*Sample) (told []string) {
	var whys []string
	points := map[string][]string{}
	for i, runs := range counted {
		for _, run := range runs {
			if run == nil {
				continue
			}
			why := notLimited(run.Header.Configuration.Resources)
			if why == "" || slices.Contains(points[why], in.Points[i].Name) {
				continue
			}
			if len(points[why]) == 0 {
				whys = append(whys, why)
			}
			points[why] = append(points[why], in.Points[i].Name)
		}
	}
	for _, why := range whys {
		told = append(told, some(points[why])+": "+why)
	}
	return told
}

// notLimited says what of CPU and memory was not in force, or not by the kernel; nothing where all was.
func notLimited(r *results.ResourcesRef) string {
	if r == nil {
		return ""
	}
	why := strings.Join(strings.Fields(boundless.ReplaceAllString(r.Why, "")), " ")
	switch {
	case why == "":
		return ""
	case r.Mode == "none" || strings.Contains(why, "not in force"):
		return "limits were not in force, so that what is measured is not their effect. " + why
	default:
		return "limits were set by other means than the kernel's, and only nearly so. " + why
	}
}

// mostNamed is how many points are named where all are meant.
const mostNamed = 6

// some are names, the first few of many.
func some(names []string) string {
	if n := len(names) - mostNamed; n > 1 {
		return strings.Join(names[:mostNamed], ", ") + fmt.Sprintf(" and %d others", n)
	}
	return strings.Join(names, ", ")
}

// From when on the noise of points is told to differ: the deviation of the noisiest is so many times that of the
// quietest, and chance makes as much so seldom.
const (
	timesNoisier  = 3
	seldomNoisier = 0.01
)

// noiseNotes say how much the noise of the points differs, where it does a lot.
func (f *surface) noiseNotes(s results.Sweep) []string {
	if !(f.fit.Alike < seldomNoisier) { // also where it is not known
		return nil
	}
	var points []int
	for i := range s.Points {
		if !math.IsNaN(f.fit.Own[i]) {
			points = append(points, i)
		}
	}
	deviation := func(i int) float64 {
		if f.fit.Moderated {
			return f.fit.Deviation(i)
		}
		return math.Sqrt(f.fit.Own[i])
	}
	least := func(a, b int) int { return cmp.Compare(deviation(a), deviation(b)) }
	quiet, noisy := slices.MinFunc(points, least), slices.MaxFunc(points, least)
	if deviation(noisy) < timesNoisier*deviation(quiet) {
		return nil
	}
	c := change{of: f.of, relative: f.relative}
	text := fmt.Sprintf("the noise of the points differs: of %s runs of %s vary the most, by %s (standard deviation), and those of %s the least, by %s",
		f.of, s.Points[noisy].Name, c.size(deviation(noisy)), s.Points[quiet].Name, c.size(deviation(quiet)))
	if f.fit.Moderated {
		return []string{text + "; each interval is made of its own points' noise"}
	}
	return []string{text + "; so few rounds cannot tell whose it is, so that intervals of noisy points are too narrow and those of quiet ones too wide: take four rounds"}
}
