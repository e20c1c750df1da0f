package scenarios

import (
	"cmp"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// sizesForms says how a distribution of sizes is written.
const sizesForms = `a size, as in "1KiB", or { p50 = "1KiB", p99 = "4KiB" }, { min = "1KiB", max = "4KiB" } or { table = ["1KiB 90%", "64KiB 10%"] }`

// sizes is a distribution of value sizes, the key size: "1KiB", or a table with its form's keys.
func (t *table) sizes(fallback SizeDistribution) SizeDistribution {
	const key = "size"
	t.shape.say(key, sizeShape())
	if t.shape != nil {
		all := t.sub(key)
		all.span2("p50", "p99", "")
		all.span2("min", "max", "")
		all.sizeTable("table")
		all.shape.required = nil
		return fallback
	}
	value, ok := t.take(key)
	if !ok {
		return fallback
	}
	if _, ok := value.(map[string]any); !ok {
		if _, text := value.(string); !text {
			t.fault(key, "must be %s, not %s", sizesForms, describe(value))
			return fallback
		}
		n := t.size(key, 0, 1, maxSize)
		return SizeDistribution{P50: n, P99: n}
	}
	below := t.sub(key)
	defer below.unknown()
	switch {
	case below.has("table"):
		return SizeDistribution{Table: below.sizeTable("table")}
	case below.has("min"), below.has("max"):
		d := SizeDistribution{}
		d.Min, d.Max = below.span2("min", "max", `{ min = "1KiB", max = "4KiB" }`)
		return d
	default:
		d := SizeDistribution{}
		d.P50, d.P99 = below.span2("p50", "p99", `{ p50 = "1KiB", p99 = "4KiB" }`)
		return d
	}
}

// span2 is two sizes that must both be written, the first not above the second.
func (t *table) span2(low, high, example string) (a, b Size) {
	a, b = t.size(low, 0, 1, maxSize), t.size(high, 0, 1, maxSize)
	if t.require(low, example) && t.require(high, example) && a > b && b > 0 {
		t.fault(low, "= %q is above %s = %q", a, high, b)
	}
	return a, b
}

// sizeTable reads ["1KiB 90%", "64KiB 10%"].
func (t *table) sizeTable(key string) (all []SizeShare) {
	texts := t.texts(key)
	for _, e := range texts {
		before, after, ok := strings.Cut(strings.TrimSpace(e.text), " ")
		if !ok {
			t.faultElement(key, e.at, `= %q is no size with its share; write for example "4KiB 10%%"`, shorten(e.text))
			continue
		}
		size, err := unit.ParseSize(before)
		share, wrong := parsePercent(after)
		switch err = cmp.Or(err, wrong); {
		case err != nil:
			t.faultElement(key, e.at, "= %v", err)
		case Size(size) < 1 || Size(size) > maxSize:
			t.faultElement(key, e.at, "= %q: the size is out of range; it is at least %q and at most %q", e.text, Size(1), Size(maxSize))
		case share <= 0 || share > 100:
			t.faultElement(key, e.at, `= %q: the share is out of range; it is above "0%%" and at most "100%%"`, e.text)
		}
		all = append(all, SizeShare{Size(size), share})
	}
	switch {
	case len(texts) > maxTable:
		t.fault(key, "has %d sizes; at most %d are allowed", len(texts), maxTable)
	case len(texts) == 0 && isArray(t.values[key]):
		t.fault(key, `is empty; write for example ["1KiB 90%%", "64KiB 10%%"]`)
	}
	return all
}

func (s *section) sizes(d SizeDistribution) {
	const key = "size"
	size := func(n Size) string { return quote(n.String()) }
	switch {
	case len(d.Table) > 0:
		s.inline(key, pair{"table", quotedArray(d.Table, SizeShare.String)})
	case d.Max > 0:
		s.inline(key, pair{"min", size(d.Min)}, pair{"max", size(d.Max)})
	case d.P50 == d.P99:
		s.text(key, d.P50.String())
	default:
		s.inline(key, pair{"p50", size(d.P50)}, pair{"p99", size(d.P99)})
	}
}
