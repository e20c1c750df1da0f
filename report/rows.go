package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// lifecycle is the order in which operations are told, after the chains: a
// pod's life. What is not in it follows by name.
var lifecycle = [...]string{
	"pod-start", "pod-stop", "create", "bind", "get", "update", "update-status", "renew-lease", "mark-deleted", "delete-stale", "delete",
	"create-event", "lease-grant",
}

// group is a workload with its operations in telling order.
type group struct {
	Workload   string
	Operations []results.Operation
	// Parts are the rows by endpoint, by the operation's name.
	Parts map[string][]results.Operation
}

// groups parts operations by workload, in order of the workloads' names.
func groups(all []results.Operation) []group {
	by, parts := map[string][]results.Operation{}, map[string]map[string][]results.Operation{}
	for _, o := range all {
		if o.Endpoint == "" {
			by[o.Workload] = append(by[o.Workload], o)
			continue
		}
		if parts[o.Workload] == nil {
			parts[o.Workload] = map[string][]results.Operation{}
		}
		parts[o.Workload][o.Operation] = append(parts[o.Workload][o.Operation], o)
	}
	var gs []group
	for _, workload := range slices.Sorted(maps.Keys(by)) {
		slices.SortStableFunc(by[workload], func(a, b results.Operation) int {
			return cmp.Or(cmp.Compare(place(a), place(b)), strings.Compare(a.Operation, b.Operation))
		})
		gs = append(gs, group{Workload: workload, Operations: by[workload], Parts: parts[workload]})
	}
	return gs
}

// place is where an operation comes in telling order: chains before all others.
func place(o results.Operation) int {
	i := slices.Index(lifecycle[:], o.Operation)
	if i < 0 {
		i = len(lifecycle)
	}
	if o.Chain {
		i -= len(lifecycle) + 1
	}
	return i
}

// achievedShare is the achieved rate as a share of the target rate, for example "98%".
func achievedShare(o results.Operation) string {
	if o.TargetRate <= 0 {
		return ""
	}
	share := math.Round(1e8*o.AchievedRate/o.TargetRate) / 1e6
	if rounded := math.Round(share); rounded < 100 || share >= 100 {
		return fmt.Sprintf("%.0f%%", rounded)
	}
	// Never "100%" where something was missed.
	return fmt.Sprintf("%.1f%%", math.Floor(share*10)/10)
}

// short reports whether clearly less was achieved than intended: by 2 %, and by
// more than what chance lets begin before the measure phase and end after it.
func short(o results.Operation) bool {
	if o.TargetRate <= 0 {
		return false
	}
	missed := float64(o.Intended) * (1 - o.AchievedRate/o.TargetRate)
	return missed > max(0.02*float64(o.Intended), 3*math.Sqrt(float64(o.Intended)))
}

// errorDetail is an operation's errors by code, most frequent first.
func errorDetail(o results.Operation) string {
	codes := slices.SortedFunc(maps.Keys(o.Errors), func(a, b string) int {
		return cmp.Or(cmp.Compare(o.Errors[b], o.Errors[a]), strings.Compare(a, b))
	})
	var parts []string
	for _, code := range codes {
		parts = append(parts, code+" "+figure.Count(o.Errors[code]))
	}
	return strings.Join(parts, ", ")
}

// remarks are the counters that are zero in a run without trouble.
func remarks(o results.Operation) string {
	var parts []string
	for _, c := range []struct {
		n    int64
		what string
	}{
		{o.Dropped, "dropped"}, {o.Unfinished, "unfinished"}, {o.Unreached, "unreached"}, {o.Skipped, "skipped"}, {o.Retries, "client retries"},
	} {
		if c.n > 0 {
			parts = append(parts, figure.Count(c.n)+" "+c.what)
		}
	}
	return strings.Join(parts, ", ")
}

// missing is a watch's missing events; they are not known before the watch is sealed.
func missing(w results.Watch) string {
	if w.Missing == nil {
		return "not known"
	}
	return figure.Count(*w.Missing)
}

// missed reports whether a watch did not see everything once and in order.
func missed(w results.Watch) bool {
	return w.Missing != nil && *w.Missing > 0 || w.Duplicated > 0 || w.OutOfOrder > 0
}

// extra is a quantity that only some operations and watches have.
type extra struct {
	Name, Quantity string
	// Note says more; it may be empty.
	Note string
	Of   results.Distribution
}

// extras are the quantities beyond response and service, in telling order.
func extras(r results.Result) (found []extra) {
	for _, g := range groups(r.Operations) {
		for _, o := range g.Operations {
			name := o.Workload + "." + o.Operation
			if o.FirstChunk != nil {
				each := figure.Rate(float64(o.Chunks) / float64(max(o.FirstChunk.Count, 1)))
				found = append(found, extra{name, "first chunk", each + " chunks each", *o.FirstChunk})
			}
			if o.ExpiryLateness != nil {
				found = append(found, extra{name, "expiry lateness", "", *o.ExpiryLateness})
			}
		}
	}
	for _, w := range r.Watches {
		if w.CatchUp != nil {
			found = append(found, extra{w.Workload, "catch-up", figure.Count(w.Replayed) + " events replayed", *w.CatchUp})
		}
	}
	return found
}
