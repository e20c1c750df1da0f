package scenarios

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// rangeOf are levels of one key at equal distances, or equal ratios, from one value to another.
func rangeOf(below *table, key string) (all []Level) {
	steps := below.integer("steps", 2, 2, maxLevels)
	ratios := below.choice("scale", []string{"linear", "log"}) == "log"
	first, _ := below.take("from")
	last, _ := below.take("to")
	if !below.require("from", `from = "1ms"`) || !below.require("to", `to = "100ms"`) || !below.require("steps", "steps = 5") {
		return nil
	}
	from, written, err := amount(first, key)
	if err != nil {
		below.fault("from", "= %v", err)
		return nil
	}
	to, other, err := amount(last, key)
	switch {
	case err != nil:
		below.fault("to", "= %v", err)
		return nil
	case written.kind != other.kind:
		below.fault("to", "= %s is %s, and from is %s", tomlText(last), other.kind, written.kind)
		return nil
	case ratios && (from <= 0 || to <= 0):
		below.fault("scale", `= "log" takes values above zero`)
		return nil
	}
	for i := range steps {
		at := float64(i) / float64(steps-1)
		v := from + (to-from)*at
		if ratios {
			v = from * math.Pow(to/from, at)
		}
		switch i {
		case 0:
			v = from
		case steps - 1:
			v = to
		default:
			v = rounded(v/written.least()) * written.least()
		}
		text := written.format(v)
		all = append(all, Level{text, []string{key + "=" + written.toml(text)}})
	}
	return all
}

// rounded has three significant digits.
func rounded(v float64) float64 {
	n, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	if err != nil {
		return v
	}
	return n
}

// quantityKind is in what a range counts.
type quantityKind struct {
	kind   string
	format func(float64) string
	quoted bool
	// unit is what values between the ends are rounded in; 0 for 1.
	unit float64
}

// least is the unit that values between the ends are rounded in.
func (k quantityKind) least() float64 {
	if k.unit == 0 {
		return 1
	}
	return k.unit
}

// toml is a text of the kind as TOML has it.
func (k quantityKind) toml(text string) string {
	if k.quoted {
		return quote(text)
	}
	return text
}

// amount reads an end of a range. What a key of resources counts in is not to be told from its
// value: 500m of a processor looks like a time.
func amount(value any, key string) (float64, quantityKind, error) {
	switch {
	case strings.HasSuffix(key, ".cpu"):
		n, err := unit.ParseCPU(levelName(value))
		return float64(n), quantityKind{"a share of a processor", func(v float64) string { return unit.FormatCPU(int(math.Round(v))) }, true, 0}, err
	case strings.HasSuffix(key, ".memory"):
		n, err := unit.ParseMemory(levelName(value))
		return float64(n), quantityKind{"an amount of memory", func(v float64) string { return unit.FormatMemory(int64(math.Round(v))) }, true, 1 << 20}, err
	}
	number := quantityKind{kind: "a number", format: func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }}
	switch v := value.(type) {
	case int64:
		number.format = func(v float64) string { return strconv.FormatFloat(math.Round(v), 'f', -1, 64) }
		return float64(v), number, nil
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return 0, number, errors.New("no number")
		}
		return v, number, nil
	case string:
		if d, err := unit.ParseDuration(v); err == nil {
			return float64(d), quantityKind{"a time", func(v float64) string { return unit.FormatDuration(time.Duration(math.Round(v))) }, true, 0}, nil
		}
		if n, err := unit.ParseSize(v); err == nil {
			return float64(n), quantityKind{"a size", func(v float64) string { return unit.FormatSize(int64(math.Round(v))) }, true, 0}, nil
		}
		if r, err := unit.ParseRate(v); err == nil {
			return r, quantityKind{"a rate", unit.FormatRate, true, 0}, nil
		}
		if p, err := parsePercent(v); err == nil {
			return float64(p), quantityKind{"a share", func(v float64) string { return Percent(v).String() }, true, 0}, nil
		}
	}
	return 0, number, fmt.Errorf(`%s can be no end of a range: write a number, a time, a size, a rate or a share, or all values as values = [...]`, tomlText(value))
}
