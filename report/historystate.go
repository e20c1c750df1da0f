package report

import (
	"fmt"
	"slices"

	"github.com/etcd-dyno/etcd-dyno/results/history"
)

// counts are how many changes there are of each kind.
type counts struct{ worse, better, fresh, suspected, young int }

func (of looked) count() (n counts) {
	for _, t := range of.page.History.Told {
		if _, acked := of.page.History.Acked(t.ID); acked {
			continue
		}
		if t.Worse {
			n.worse++
		} else {
			n.better++
		}
	}
	for _, j := range of.series {
		if !j.watched {
			continue
		}
		n.fresh += len(j.now().New)
		if j.now().Suspected != nil {
			n.suspected++
		}
		if j.now().Level.Count < history.Settled {
			n.young++
		}
	}
	return n
}

// state puts a history into a line.
func (of looked) state() verdict {
	n := of.count()
	var v verdict
	say := func(count int, one, many string) {
		if count > 0 {
			v.Facts = append(v.Facts, fmt.Sprintf("%d %s", count, map[bool]string{true: one, false: many}[count == 1]))
		}
	}
	say(n.worse, "change for the worse is open", "changes for the worse are open")
	say(n.better, "change for the better is open", "changes for the better are open")
	say(n.fresh, "change was not told yet", "changes were not told yet")
	say(n.suspected, "is suspected", "are suspected")
	switch {
	case len(of.page.History.Records) == 0:
		return verdict{"EMPTY", warning, []string{"nothing was remembered yet"}}
	case len(of.series) == 0:
		return verdict{"NOTHING COUNTS", bad, []string{"no record is valid and has a metric"}}
	case n.worse > 0:
		v.Word, v.Tone = "CHANGED", bad
	case n.fresh > 0:
		v.Word, v.Tone = "CHANGED", warning
	case n.suspected > 0:
		v.Word, v.Tone = "SUSPECTED", warning
	case n.better > 0:
		v.Word, v.Tone = "IMPROVED", good
	case n.young == of.watched():
		v.Word, v.Tone = "TOO YOUNG", warning
	default:
		v.Word, v.Tone = "STEADY", good
		v.Facts = append(v.Facts, "nothing has changed that is not accepted")
	}
	if s := of.young(); s != "" {
		v.Facts = append(v.Facts, s)
	}
	return v
}

// watched is how many series are watched.
func (of looked) watched() (n int) {
	for _, j := range of.series {
		if j.watched {
			n++
		}
	}
	return n
}

// young says how many series have levels of too few measures for a single one to be judged.
func (of looked) young() string {
	var have []int
	for _, j := range of.series {
		if n := j.now().Level.Count; j.watched && n < history.Settled {
			have = append(have, n)
		}
	}
	if len(have) == 0 {
		return ""
	}
	few, most := slices.Min(have), slices.Max(have)
	n := fmt.Sprint(few)
	if most > few {
		n = fmt.Sprintf("%d to %d", few, most)
	}
	return fmt.Sprintf("%d of %d watched series are young: %s of %d measures until the immediate gate works", len(have), of.watched(), n, history.Settled)
}
