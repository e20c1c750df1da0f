package scenarios

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// text is a string without control characters, at most 1,000 bytes long.
func (t *table) text(key, fallback string) string {
	t.shape.say(key, map[string]any{"type": "string"})
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

// choice is one of several strings, whose first is the fallback.
func (t *table) choice(key string, allowed []string) string {
	text := t.text(key, allowed[0])
	t.shape.choose(key, allowed)
	if slices.Contains(allowed, text) {
		return text
	}
	t.fault(key, "= %q is unknown%s; write %s", text, nearest.Hint(text, allowed), quotedList(allowed))
	return allowed[0]
}

// optional is one of several strings, or nothing where none is written.
func (t *table) optional(key string, allowed []string) string {
	t.shape.choose(key, allowed)
	if !t.has(key) {
		t.take(key)
		return ""
	}
	return t.choice(key, allowed)
}

// integer is a whole number between least and most.
func (t *table) integer(key string, fallback, least, most int) int {
	t.shape.say(key, rangeShape("integer", least, most))
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
	t.shape.say(key, rangeShape("number", least, most))
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
	t.shape.say(key, spanShape(unit.FormatDuration(least), unit.FormatDuration(most)))
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
	t.shape.say(key, rateShape())
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
	t.shape.say(key, sizeShape())
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

// percent is a share between 0 and 100 %.
func (t *table) percent(key string, fallback Percent) Percent {
	t.shape.say(key, percentShape())
	text, ok := t.quantity(key, "a share", "%")
	if !ok {
		return fallback
	}
	p, err := parsePercent(text)
	switch {
	case err != nil:
		t.fault(key, "= %v", err)
	case p > 100: // a sign is not read at all
		t.fault(key, `= %q is out of range; it is at least "0%%" and at most "100%%"`, text)
	default:
		return p
	}
	return fallback
}

// percentForm is a decimal number and its sign.
var percentForm = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?%$`)

// parsePercent reads "10%" as 10.
func parsePercent(text string) (Percent, error) {
	m := percentForm.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf(`%q is not a share; write a number with %%, as in "10%%"`, shorten(text))
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0, fmt.Errorf("%.20q… is too large a share", text)
	}
	return Percent(n), nil
}

// boolean is true or false.
func (t *table) boolean(key string, fallback bool) bool {
	t.shape.say(key, map[string]any{"type": "boolean"})
	value, ok := t.take(key)
	if !ok {
		return fallback
	}
	b, ok := value.(bool)
	if !ok {
		t.fault(key, "must be true or false, not %s", describe(value))
		return fallback
	}
	return b
}

// textElement is a string in an array and its number, from 0.
type textElement struct {
	at   int
	text string
}

// texts is an array of strings, without those elements that are none.
func (t *table) texts(key string) []textElement {
	t.shape.say(key, textsShape())
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
