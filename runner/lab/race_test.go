//go:build race

package lab

import "testing"

// notUnderRace skips a test that starts a lab for what is not about several things at once.
func notUnderRace(tb testing.TB) {
	tb.Helper()
	tb.Skip("other tests do the same at once: not for the race detector")
}
