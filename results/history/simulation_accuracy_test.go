//go:build accuracy

package history

import "testing"

// What the rules come to in more worlds than the usual tests have time for.
func TestAccuracyNightly(t *testing.T) {
	falseAlarms(t, []quiet{
		{"outliers", world{noise: 0.05, outliers: 0.02}, Reruns, 10},
		{"drift of the machine", world{noise: 0.05, drift: 0.05, memory: 0.4}, Reruns, 10},
		{"little noise", world{noise: 0.01, outliers: 0.02}, Reruns, 10},
		{"noise, never measured again", world{noise: 0.05}, 0, 10},
		{"outliers, never measured again", world{noise: 0.05, outliers: 0.02}, 0, 10},
	})
	delays(t, []changing{
		{"10 % with outliers and drift", world{noise: 0.05, drift: 0.05, memory: 0.4, outliers: 0.02, change: 0.10}, Reruns, 3, 0},
		{"10 % at 3 %", world{noise: 0.03, change: 0.10}, Reruns, 0, 120},
		{"faster by 20 %", world{noise: 0.05, change: -0.20}, Reruns, 1, 150},
		{"20 %, never measured again", world{noise: 0.05, change: 0.20}, 0, 2, 0},
		{"10 %, never measured again", world{noise: 0.05, change: 0.10}, 0, 5, 0},
	})
}
