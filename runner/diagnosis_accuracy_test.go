//go:build accuracy

package runner

import "testing"

// What is planted is the first finding, five times of five, and no other cause is told for certain.
func TestAccuracyFindings(t *testing.T) {
	needsTwoProcessors(t)
	for range 5 {
		for _, c := range conditions() {
			t.Run(c.name, func(t *testing.T) { c.found(t, diagnosed(t, c, "10s")) })
		}
	}
}
