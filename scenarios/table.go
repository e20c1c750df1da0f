package scenarios

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// table is one table of a document while it is read. Each method takes one
// key; what is wrong with its value becomes a fault of the document, and the
// fallback is returned so that reading goes on. A key that is not there is the
// fallback too. At the end, unknown finds the keys that nobody asked for.
type table struct {
	doc    *document
	path   toml.Key
	values map[string]any
	// known are the keys asked for, in order; legal ones but for those of refuse.
	known []string
	// refused are keys that were told about already.
	refused []string
}

// fault adds a fault at a key of the table.
func (t *table) fault(key, format string, args ...any) {
	t.doc.fault(t.at(key), "%s %s", key, fmt.Sprintf(format, args...))
}

// faultHere adds a fault at the table itself.
func (t *table) faultHere(format string, args ...any) {
	t.doc.fault(t.path, format, args...)
}

// at is the path of a key of the table.
func (t *table) at(key string) toml.Key {
	return append(t.path[:len(t.path):len(t.path)], key)
}

// take returns a key's value and remembers that it is known.
func (t *table) take(key string) (any, bool) {
	if !slices.Contains(t.known, key) {
		t.known = append(t.known, key)
	}
	value, ok := t.values[key]
	return value, ok
}

// has reports whether the key was written.
func (t *table) has(key string) bool {
	_, ok := t.values[key]
	return ok
}

// require adds a fault if the key was not written. The example says what to write.
func (t *table) require(key, example string) bool {
	if t.has(key) {
		return true
	}
	t.faultHere("%s is missing; write %s", key, example)
	return false
}

// refuse adds a fault if a key was written that means something, but not here or not yet.
func (t *table) refuse(key, format string, args ...any) {
	if t.has(key) {
		t.refused = append(t.refused, key)
		t.fault(key, format, args...)
	}
}

// unknown adds a fault for each key that no method asked for.
func (t *table) unknown() {
	for _, key := range sorted(t.values) {
		if slices.Contains(t.known, key) || slices.Contains(t.refused, key) {
			continue
		}
		where := "at the top of the file"
		if len(t.path) > 0 {
			where = "in [" + t.path.String() + "]"
		}
		t.doc.fault(t.at(key), "unknown key %q %s%s; known: %s",
			key, where, nearest.Hint(key, t.known), strings.Join(t.known, ", "))
	}
}

// sub is the table of that key, an empty one if it was not written or is none.
func (t *table) sub(key string) *table {
	below := &table{doc: t.doc, path: t.at(key)}
	value, ok := t.take(key)
	if !ok {
		return below
	}
	values, ok := value.(map[string]any)
	if !ok {
		t.fault(key, "must be a table [%s], not %s", below.path, describe(value))
		return below
	}
	below.values = values
	return below
}

// named are the tables below a key in order of their names, which become names
// of workloads or populations.
func (t *table) named(key string) []*table {
	if value, ok := t.values[key]; ok {
		if tables, ok := value.([]map[string]any); ok && len(tables) > 0 {
			t.take(key)
			t.doc.fault(t.at(key), "each %[1]s has a name: write [%[1]s.NAME], not [[%[1]s]]", key)
			return nil
		}
	}
	parent := t.sub(key)
	var all []*table
	for _, name := range sorted(parent.values) {
		if reason := badName(name); reason != "" {
			parent.doc.fault(parent.at(name), "%s name %q %s", key, name, reason)
			continue
		}
		below := parent.sub(name)
		if _, isTable := parent.values[name].(map[string]any); isTable {
			all = append(all, below)
		}
	}
	return all
}

// name is the last part of the table's path.
func (t *table) name() string { return t.path[len(t.path)-1] }

// text is a string without control characters, at most 1,000 bytes long.
func (t *table) text(key, fallback string) string {
	value, ok := t.take(key)
	if !ok {
		return fallback
	}
	text, ok := value.(string)
	switch {
	case !ok:
		t.fault(key, "must be a string in quotes, not %s", describe(value))
	case len(text) > 1000:
		t.fault(key, "has %d bytes; at most 1000 are allowed", len(text))
	case strings.ContainsFunc(text, isControl):
		t.fault(key, "has a control character in it")
	default:
		return text
	}
	return fallback
}

// isControl reports whether a character would do something on a terminal
// other than end a line.
func isControl(r rune) bool {
	return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0
}

// choice is one of several strings, whose first is the fallback. Those of
// later are known by name, but cannot be had yet.
func (t *table) choice(key string, allowed []string, later ...string) string {
	text := t.text(key, allowed[0])
	switch {
	case slices.Contains(allowed, text):
		return text
	case slices.Contains(later, text):
		t.fault(key, "= %q is not supported yet; write %s", text, quotedList(allowed))
	default:
		t.fault(key, "= %q is unknown%s; write %s", text, nearest.Hint(text, allowed), quotedList(allowed))
	}
	return allowed[0]
}

// integer is a whole number between least and most.
func (t *table) integer(key string, fallback, least, most int) int {
	value, ok := t.take(key)
	if !ok {
		return fallback
	}
	n, ok := value.(int64)
	switch {
	case !ok:
		t.fault(key, "must be a whole number, not %s", describe(value))
	case n < int64(least) || n > int64(most):
		t.fault(key, "= %d is out of range; it is at least %d and at most %d", n, least, most)
	default:
		return int(n)
	}
	return fallback
}

// number is a number between least and most.
func (t *table) number(key string, fallback, least, most float64) float64 {
	value, ok := t.take(key)
	if !ok {
		return fallback
	}
	var n float64
	switch v := value.(type) {
	case int64:
		n = float64(v)
	case float64:
		n = v
	default:
		t.fault(key, "must be a number, not %s", describe(value))
		return fallback
	}
	if math.IsNaN(n) || n < least || n > most {
		t.fault(key, "= %v is out of range; it is at least %v and at most %v", n, least, most)
		return fallback
	}
	return n
}

// duration is a duration between least and most.
func (t *table) duration(key string, fallback, least, most time.Duration) time.Duration {
	text, ok := t.quantity(key, "a duration", "s")
	if !ok {
		return fallback
	}
	d, err := unit.ParseDuration(text)
	switch {
	case err != nil:
		t.fault(key, "= %v", err)
	case d < least || d > most:
		t.fault(key, "= %q is out of range; it is at least %q and at most %q",
			text, unit.FormatDuration(least), unit.FormatDuration(most))
	default:
		return d
	}
	return fallback
}

// rate is above 0 and at most 1,000,000/s; 0 if it was not written or is wrong.
func (t *table) rate(key string) Rate {
	text, ok := t.quantity(key, "a rate", "/s")
	if !ok {
		return 0
	}
	r, err := unit.ParseRate(text)
	switch {
	case err != nil:
		t.fault(key, "= %v", err)
	case r < minRate || r > maxRate:
		t.fault(key, `= %q is out of range; it is at least "1/h" and at most "%d/s"`, text, int(maxRate))
	default:
		return Rate(r)
	}
	return 0
}

// size is a size between least and most bytes.
func (t *table) size(key string, fallback, least, most Size) Size {
	text, ok := t.quantity(key, "a size", "B")
	if !ok {
		return fallback
	}
	n, err := unit.ParseSize(text)
	switch {
	case err != nil:
		t.fault(key, "= %v", err)
	case Size(n) < least || Size(n) > most:
		t.fault(key, "= %q is out of range; it is at least %q and at most %q", text, least, most)
	default:
		return Size(n)
	}
	return fallback
}

// quantity is a string that holds a number with its unit.
func (t *table) quantity(key, what, suffix string) (string, bool) {
	value, ok := t.take(key)
	if !ok {
		return "", false
	}
	switch v := value.(type) {
	case string:
		return v, true
	case int64:
		t.fault(key, `= %d has no unit: %s is written in quotes, as in "%d%s"`, v, what, max(v, 1), suffix)
	case float64:
		t.fault(key, `= %v has no unit: %s is written in quotes, as in "1%s"`, v, what, suffix)
	default:
		t.fault(key, `must be %s in quotes, as in "1%s", not %s`, what, suffix, describe(value))
	}
	return "", false
}

// sizes is a distribution of value sizes: "1KiB", or { p50 = …, p99 = … }.
func (t *table) sizes(key string, fallback SizeDistribution) SizeDistribution {
	value, ok := t.take(key)
	if !ok {
		return fallback
	}
	if _, ok := value.(map[string]any); !ok {
		if _, text := value.(string); !text {
			t.fault(key, `must be a size, as in "1KiB", or { p50 = "1KiB", p99 = "4KiB" }, not %s`, describe(value))
			return fallback
		}
		n := t.size(key, 0, 1, maxSize)
		return SizeDistribution{P50: n, P99: n}
	}
	both := t.sub(key)
	defer both.unknown()
	d := SizeDistribution{P50: both.size("p50", 0, 1, maxSize), P99: both.size("p99", 0, 1, maxSize)}
	const example = `{ p50 = "1KiB", p99 = "4KiB" }`
	if both.require("p50", example) && both.require("p99", example) && d.P50 > d.P99 && d.P99 > 0 {
		both.fault("p50", "= %q is above p99 = %q", d.P50, d.P99)
	}
	return d
}

// textElement is a string in an array and its number, from 0.
type textElement struct {
	at   int
	text string
}

// texts is an array of strings, without those elements that are none.
func (t *table) texts(key string) []textElement {
	value, ok := t.take(key)
	if !ok {
		return nil
	}
	array, ok := value.([]any)
	if !ok {
		t.fault(key, "must be an array of strings, not %s", describe(value))
		return nil
	}
	all := make([]textElement, 0, len(array))
	for i, v := range array {
		if text, isText := v.(string); isText {
			all = append(all, textElement{i, text})
		} else {
			t.faultElement(key, i, "must be a string in quotes, not %s", describe(v))
		}
	}
	return all
}

// faultElement adds a fault at an element of an array.
func (t *table) faultElement(key string, i int, format string, args ...any) {
	path := t.at(key)
	t.doc.faultOf(path, element(path, i), "%s[%d] %s", key, i, fmt.Sprintf(format, args...))
}

// nameForm is what a name looks like.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// badName says what is wrong with a name, or nothing.
func badName(name string) string {
	if nameForm.MatchString(name) {
		return ""
	}
	return "is not allowed; a name is 1 to 64 letters, digits, - and _"
}

// describe says what a TOML value is, for a message.
func describe(value any) string {
	switch v := value.(type) {
	case map[string]any:
		return "a table"
	case []any, []map[string]any:
		return "an array"
	case string:
		return "the string " + strconv.Quote(shorten(v))
	case bool, int64, float64:
		return fmt.Sprint(v)
	case time.Time:
		return "a date or time"
	default:
		return "this"
	}
}

// shorten cuts a text that would be too long in a message, or that may hold a password.
func shorten(text string) string {
	if strings.Contains(text, "@") {
		return "…"
	}
	if runes := []rune(text); len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return text
}

// quotedList lists strings for a message: "a", "b" or "c".
func quotedList(all []string) string {
	quoted := make([]string, len(all))
	for i, text := range all {
		quoted[i] = strconv.Quote(text)
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}
