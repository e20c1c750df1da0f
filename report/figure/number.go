package figure

import (
	"math"
	"strconv"
	"strings"
)

// Duration prints milliseconds with three significant figures and the unit that
// fits, for example "412 µs", "1.84 ms", "12.3 s"; space stands before the unit.
func Duration(millis float64, space string) string {
	switch micros := millis * 1000; {
	case math.IsNaN(millis):
		return "n/a"
	case millis == 0:
		return "0" + space + "s"
	case micros < 999.5:
		// The clock tells whole microseconds.
		return strconv.FormatFloat(math.Round(micros), 'f', 0, 64) + space + "µs"
	case millis < 999.5:
		return significant(millis) + space + "ms"
	default:
		return significant(millis/1000) + space + "s"
	}
}

// significant prints v ≥ 0 with three significant figures, and whole where it has more.
func significant(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 9.995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 99.95:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return Count(int64(math.Round(v)))
	}
}

// Rate prints a rate per second without its unit, for example "5.00" or "1,234".
func Rate(perSecond float64) string { return significant(perSecond) }

// Count prints a number with commas between thousands.
func Count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	b.WriteString(sign)
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// Bytes prints an amount of memory in binary units, for example "48.2 MiB".
func Bytes(n float64) string {
	units := [...]string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for n >= 999.5 && i < len(units)-1 {
		n, i = n/1024, i+1
	}
	if i == 0 {
		return Count(int64(n)) + " " + units[i]
	}
	return significant(n) + " " + units[i]
}
