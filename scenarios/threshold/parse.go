package threshold

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// longest is the longest text of a threshold, in bytes.
const longest = 500

// ops are the operators, longer ones before those they begin with.
var ops = []string{"<=", ">=", "==", "!=", "<", ">"}

var (
	// name is that of a workload, an operation, a quantity or a counter.
	name = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	// percentile is "p" and a decimal number.
	percentile = regexp.MustCompile(`^p([0-9]{1,2}(\.[0-9]{1,10})?)$`)
	// plain is a decimal number without a unit.
	plain = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
)

// Parse reads one threshold. Its error says which part is wrong, what was
// expected there and, where one is close, the name probably meant. Whether the
// workload and the operation exist is not known here.
func Parse(text string) (Threshold, error) {
	t, err := parse(strings.TrimSpace(text))
	if err != nil {
		return Threshold{}, fmt.Errorf("threshold %.*q: %w", longest, strings.TrimSpace(text), err)
	}
	return t, nil
}

func parse(text string) (Threshold, error) {
	switch {
	case text == "":
		return Threshold{}, errors.New(`empty; write for example "churn.create.response.p95 < 1s"`)
	case len(text) > longest:
		return Threshold{}, fmt.Errorf("longer than %d bytes", longest)
	case strings.IndexFunc(text, unicode.IsControl) >= 0:
		return Threshold{}, errors.New("has a line break or another control character in it")
	}
	subject, op, value, err := split(text)
	if err != nil {
		return Threshold{}, err
	}
	t := Threshold{text: text, op: op}
	if err := t.refer(subject); err != nil {
		return Threshold{}, err
	}
	if err := t.compare(value); err != nil {
		return Threshold{}, err
	}
	return t, nil
}

// split cuts the text at its operator.
func split(text string) (subject, op, value string, err error) {
	at := strings.IndexAny(text, "<>=!")
	if at < 0 {
		return "", "", "", fmt.Errorf("no comparison; write SUBJECT OP VALUE with one of %s", strings.Join(ops, " "))
	}
	for _, o := range ops {
		if rest, ok := strings.CutPrefix(text[at:], o); ok {
			op, value = o, strings.TrimSpace(rest)
			break
		}
	}
	subject = strings.TrimSpace(text[:at])
	switch {
	case op == "" || strings.IndexAny(value, "<>=!") == 0:
		end := at + len(text[at:]) - len(strings.TrimLeft(text[at:], "<>=!"))
		return "", "", "", fmt.Errorf("unknown comparison %q; write one of %s", text[at:end], strings.Join(ops, " "))
	case subject == "":
		return "", "", "", fmt.Errorf("nothing before %s; write what is compared, as in churn.create.response.p95", op)
	case value == "":
		return "", "", "", fmt.Errorf("nothing after %s; write the limit", op)
	}
	return subject, op, value, nil
}

// refer reads what stands before the operator.
func (t *Threshold) refer(subject string) error {
	parts := strings.Split(subject, ".")
	for _, part := range parts {
		if part != Any && !name.MatchString(part) {
			return fmt.Errorf("%q is no name (of %q); a name is letters, digits, - and _, or * for all", part, subject)
		}
	}
	// The percentile's own point: p99.9 is one part.
	if n := len(parts); n >= 2 && percentile.MatchString(parts[n-2]+"."+parts[n-1]) {
		parts = append(parts[:n-2:n-2], parts[n-2]+"."+parts[n-1])
	}
	last := parts[len(parts)-1]
	switch n := len(parts); {
	case parts[0] == Server:
		return t.referServer(parts[1:])
	case n == 2:
		return t.referWatchCounter(parts[0], last)
	case n == 3 && (isStat(last) || slices.Contains(watchQuantities, parts[1])):
		return t.referWatch(parts[0], parts[1], last)
	case n == 3:
		return t.referCounter(parts[0], parts[1], last)
	case n == 4:
		return t.referQuantity(parts[0], parts[1], parts[2], last)
	default:
		return fmt.Errorf("%q has %d parts; write WORKLOAD.OPERATION.QUANTITY.STAT, WORKLOAD.OPERATION.COUNTER, "+
			"WATCH.delivery.STAT or WATCH.COUNTER", subject, n)
	}
}

// referServer reads what is of each member: QUANTITY.STAT or COUNTER.
func (t *Threshold) referServer(parts []string) error {
	t.workload = Server
	switch len(parts) {
	case 1:
		c, ok := find(parts[0], serverCounters)
		if !ok && slices.Contains(serverQuantities, parts[0]) {
			return fmt.Errorf("%s is a latency and needs a statistic; write server.%[1]s.p99 or another of %s", parts[0], oneOf(stats))
		}
		if !ok {
			return unknown("counter", parts[0], names(serverCounters))
		}
		t.counter, t.unit = c.name, c.kind
		return nil
	case 2:
		if !slices.Contains(serverQuantities, parts[0]) {
			return unknown("quantity", parts[0], serverQuantities)
		}
		return t.referStat(parts[0], parts[1])
	default:
		return errors.New("write server.QUANTITY.STAT, as server.fsync.p99, or server.COUNTER, as server.leader_changes")
	}
}

func (t *Threshold) referQuantity(workload, operation, quantity, stat string) error {
	if !slices.Contains(operationQuantities, quantity) {
		return unknown("quantity", quantity, operationQuantities)
	}
	t.workload, t.operation = workload, operation
	return t.referStat(quantity, stat)
}

func (t *Threshold) referCounter(workload, operation, name string) error {
	c, ok := find(name, operationCounters)
	if ok {
		t.workload, t.operation, t.counter, t.unit = workload, operation, name, c.kind
		return nil
	}
	if slices.Contains(operationQuantities, name) {
		return fmt.Errorf("%s is a latency and needs a statistic; write %s.%s.%s.p99 or another of %s",
			name, workload, operation, name, oneOf(stats))
	}
	return unknown("counter", name, names(operationCounters))
}

func (t *Threshold) referWatch(workload, quantity, stat string) error {
	if !slices.Contains(watchQuantities, quantity) {
		if slices.Contains(operationQuantities, quantity) {
			return fmt.Errorf("no operation; write %s.OPERATION.%s.%s, or * for every operation", workload, quantity, stat)
		}
		return fmt.Errorf("no quantity before %s; write %s.%s.response.%[1]s for an operation, or %[2]s.delivery.%[1]s for a watch%[4]s",
			stat, workload, quantity, nearest.Hint(quantity, watchQuantities))
	}
	t.workload = workload
	return t.referStat(quantity, stat)
}

func (t *Threshold) referWatchCounter(workload, name string) error {
	c, ok := find(name, watchCounters)
	if ok {
		t.workload, t.counter, t.unit = workload, name, c.kind
		return nil
	}
	if _, ok := find(name, operationCounters); ok {
		return fmt.Errorf("no operation; write %s.OPERATION.%s, or %[1]s.*.%[2]s for every operation", workload, name)
	}
	return unknown("counter", name, names(watchCounters))
}

func (t *Threshold) referStat(quantity, stat string) error {
	if !isStat(stat) {
		return fmt.Errorf("unknown statistic %q%s; write one of %s", stat, nearest.Hint(stat, stats), oneOf(stats))
	}
	if m := percentile.FindStringSubmatch(stat); m != nil {
		p, err := strconv.ParseFloat(m[1], 64)
		if err != nil || p <= 0 {
			return fmt.Errorf("%s is no percentile; write one of %s", stat, oneOf(stats))
		}
		t.percentile = p
	}
	t.quantity, t.stat, t.unit = quantity, stat, span
	return nil
}

// compare reads what stands after the operator.
func (t *Threshold) compare(value string) error {
	if strings.HasPrefix(value, "baseline") {
		return t.relate(value)
	}
	if exact := t.op == "==" || t.op == "!="; exact && (t.unit == span || t.unit == rate) {
		return fmt.Errorf("%s with %s; a measured %s is never exactly a value: write <, <=, > or >=", t.op, t.subject(), t.unit)
	}
	limit, err := t.unit.parse(value)
	if err != nil {
		return fmt.Errorf("%s is compared with %w", t.subject(), err)
	}
	t.limit = limit
	return nil
}

// relative is a limit that is relative to a baseline.
var relative = regexp.MustCompile(`^baseline(?:\s*\*\s*([0-9]+(?:\.[0-9]+)?))?(?:\s*\+\s*(\S.*))?$`)

// relate reads "baseline * F + V", either part of which may be missing.
func (t *Threshold) relate(value string) error {
	parts := relative.FindStringSubmatch(value)
	switch {
	case parts == nil:
		return fmt.Errorf("%q is no limit relative to a baseline; write baseline * FACTOR + VALUE, as in baseline * 1.10 + 0.2ms", value)
	case t.workload == Any || t.operation == Any:
		return errors.New("a limit relative to a baseline is of one metric; write one for each workload and operation instead of *")
	case t.op == "==" || t.op == "!=":
		return fmt.Errorf("%s with a baseline; what is measured is never exactly that of other runs: write <, <=, > or >=", t.op)
	}
	t.factor = 1
	if parts[1] != "" {
		factor, err := strconv.ParseFloat(parts[1], 64)
		if err != nil || factor <= 0 || factor > 1000 {
			return fmt.Errorf("baseline * %s: the factor is above 0 and at most 1000", parts[1])
		}
		t.factor = factor
	}
	if parts[2] == "" {
		return nil
	}
	limit, err := t.unit.parse(parts[2])
	if err != nil {
		return fmt.Errorf("what is added to the baseline of %s is %w", t.subject(), err)
	}
	t.limit = limit
	return nil
}

// subject is the counter or the quantity's statistic.
func (t Threshold) subject() string {
	if t.counter != "" {
		return t.counter
	}
	return t.quantity + "." + t.stat
}

// parse reads a value of the kind. A bare 0 needs no unit, except as a duration.
func (k kind) parse(value string) (float64, error) {
	switch {
	case k == span:
		d, err := unit.ParseDuration(value)
		if err != nil {
			return 0, fmt.Errorf("a duration: %w", err)
		}
		if d < 0 {
			return 0, fmt.Errorf("a duration that is not negative, not with %s", value)
		}
		return float64(d) / float64(time.Millisecond), nil
	case value == "0" || k == count:
		return k.parsePlain(value)
	case k == share:
		text, ok := strings.CutSuffix(value, "%")
		if !ok || !plain.MatchString(text) {
			return 0, fmt.Errorf(`a share, not with %q; write a number with %%, as in "0.1%%"`, value)
		}
		percent, err := strconv.ParseFloat(text, 64)
		return percent / 100, err
	case k == rate:
		r, err := unit.ParseRate(value)
		if err != nil {
			return 0, fmt.Errorf("a rate: %w", err)
		}
		return r, nil
	default:
		n, err := unit.ParseSize(value)
		if err != nil {
			return 0, fmt.Errorf("a size: %w", err)
		}
		return float64(n), nil
	}
}

func (k kind) parsePlain(value string) (float64, error) {
	if !plain.MatchString(value) {
		return 0, fmt.Errorf(`a plain number, not with %q`, value)
	}
	return strconv.ParseFloat(value, 64)
}

// isStat reports whether the text is a statistic's name.
func isStat(text string) bool {
	return text == "mean" || text == "max" || percentile.MatchString(text)
}

// unknown says that a name is none of those known.
func unknown(what, name string, known []string) error {
	return fmt.Errorf("unknown %s %q%s; known: %s", what, name, nearest.Hint(name, known), strings.Join(known, ", "))
}
