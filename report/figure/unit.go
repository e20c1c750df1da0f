package figure

// Unit is what the values of an axis are in.
type Unit string

// The units.
const (
	Micros    Unit = "µs"
	Millis    Unit = "ms"
	Seconds   Unit = "s"
	PerSecond Unit = "/s"
	Cores     Unit = "cores" // CPU seconds per second
	Memory    Unit = "MiB"
	Gibi      Unit = "GiB"
	Percent   Unit = "%"
	// Points are percentage points: the difference of two shares.
	Points Unit = "pp"
	Number Unit = ""
	// nineUnit is −log10(1 − p) of a percentile p: 90 % is 1, 99 % is 2.
	nineUnit Unit = "nines"
	// stepUnit counts the records of a history.
	stepUnit Unit = "records"
)

// Print prints a round value with its unit, as beside a tick.
func (u Unit) Print(v float64) string {
	switch {
	case u == PerSecond && v >= 1000:
		return plain(v/1000) + "k/s"
	case u == PerSecond || u == Percent:
		return plain(v) + string(u)
	case u == Number:
		return plain(v)
	default:
		return plain(v) + " " + string(u)
	}
}
