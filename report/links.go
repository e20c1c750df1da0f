package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// A link is slow if the median of its echo is above slowFactor times what was
// asked plus slowMS: what a proxy on the same machine needs for itself is less.
const (
	slowFactor = 1.2
	slowMS     = 0.3
)

// linksView is what was asked of the links of a lab and what they did; empty where there are none.
type linksView struct {
	Rows []linkRow
	// Slow is how many are clearly slower than asked, Long tells that there are too many to show unasked.
	Slow int
	Long bool
}

type linkRow struct {
	From, To, Asked, Bandwidth, Samples string
	Slow                                bool
	RTT                                 []cell
}

// manyLinks is how many rows stand open: those of five members and a client.
const manyLinks = 15

func newLinksView(r results.Result) linksView {
	v := linksView{Long: len(r.Links) > manyLinks}
	for _, l := range r.Links {
		row := linkRow{
			From: l.From, To: l.To, Asked: askedRTT(l.LinkRef, "\u00a0"), Bandwidth: bandwidth(l.AskedBandwidth),
			Samples: figure.Count(l.RTT.Count), Slow: slow(l), RTT: append([]cell{least(l.RTT)}, cells(l.RTT, 50, 99, 100)...),
		}
		if row.Slow {
			v.Slow++
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

// least is a distribution's minimum.
func least(d results.Distribution) cell {
	if d.Min == nil {
		return cell{Text: "n/a"}
	}
	return cell{Text: figure.Duration(*d.Min, "\u00a0")}
}

// slow reports whether a link's median round trip is clearly above what was
// asked. Where there are too few samples for a median, the minimum tells if it
// is above even so, since the median cannot be below it.
func slow(l results.Link) bool {
	at := l.RTT.P50
	if at == nil {
		at = l.RTT.Min
	}
	return at != nil && *at > slowFactor*l.AskedRTTMS+slowMS
}

// askedRTT is the round trip that was asked of a link, for example "20 ms ± 2 ms";
// space stands before the units.
func askedRTT(l results.LinkRef, space string) string {
	s := askedDuration(l.AskedRTTMS, space)
	if l.AskedJitterMS > 0 {
		s += space + "±" + space + askedDuration(l.AskedJitterMS, space)
	}
	return s
}

// askedDuration prints what somebody wrote: with as many figures as it has.
func askedDuration(millis float64, space string) string {
	d := time.Duration(millis * float64(time.Millisecond)).Round(time.Microsecond)
	unit, name := time.Millisecond, "ms"
	switch {
	case d >= time.Second:
		unit, name = time.Second, "s"
	case d > 0 && d < time.Millisecond:
		unit, name = time.Microsecond, "µs"
	}
	return strconv.FormatFloat(float64(d)/float64(unit), 'f', -1, 64) + space + name
}

// bandwidth prints bytes a second in bits, as networks are sold; empty where there is no limit.
func bandwidth(bytesPerSecond int64) string {
	if bytesPerSecond == 0 {
		return ""
	}
	bits, units := 8*float64(bytesPerSecond), [...]string{"bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"}
	i := 0
	for bits >= 1000 && i < len(units)-1 {
		bits, i = bits/1000, i+1
	}
	return strconv.FormatFloat(bits, 'g', 4, 64) + "\u00a0" + units[i]
}

// links writes one line with the links that matter most: those that are slower than asked, then the slowest.
func (t *terminal) links(all []results.Link) {
	all = slices.DeleteFunc(slices.Clone(all), func(l results.Link) bool { return l.RTT.Mean == nil })
	if len(all) == 0 {
		return
	}
	slices.SortStableFunc(all, func(a, b results.Link) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(*middle(b.RTT), *middle(a.RTT)))
	})
	line := t.linkText(all[0])
	for i, l := range all[1:] {
		longer, rest := line+", "+t.linkText(l), len(all)-2-i
		if width(longer+others(rest)) > tableWidth-len("Links  ") {
			line += others(rest + 1)
			break
		}
		line = longer
	}
	t.line(t.paint(strong, "Links") + "  " + line)
}

// rank puts links that are slower than asked before the others.
func rank(l results.Link) int {
	if slow(l) {
		return 0
	}
	return 1
}

// middle is a distribution's median, or its mean where there are too few samples for that.
func middle(d results.Distribution) *float64 {
	if d.P50 == nil {
		return d.Mean
	}
	return d.P50
}

// others says that n more are not told.
func others(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d more", n)
}

// linkText is a link's median, or its mean where there are too few samples for that, and what was asked.
func (t *terminal) linkText(l results.Link) string {
	kind := ""
	if l.RTT.P50 == nil {
		kind = " mean"
	}
	asked := "asked " + askedRTT(l.LinkRef, "")
	if slow(l) {
		asked += ", slower"
	}
	return fmt.Sprintf("%s-%s %s%s (%s)", t.text(l.From), t.text(l.To), t.millis(middle(l.RTT)), kind, asked)
}
