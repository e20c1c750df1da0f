//go:build accuracy

package history

import "testing"

// What the rules come to in more worlds than the usual tests have time for.
func TestAccuracyNightly(t *testing.T) {
	falseAlarms(t, []quiet{
		{"a quarter of it the night's own", world{noise: 0.05, night: 0.25}, Reruns, 30},
		{"half of it the night's own", world{noise: 0.05, night: 0.5}, Reruns, 45},
		{"a quarter of it lasts", world{noise: 0.05, lasting: 0.25}, Reruns, 60},
		{"a quarter of it the night's own, never measured again", world{noise: 0.05, night: 0.25}, 0, 15},
		{"a quarter of it lasts, never measured again", world{noise: 0.05, lasting: 0.25}, 0, 40},
		{"outliers", world{noise: 0.05, outliers: 0.02}, Reruns, 10},
		{"drift of the machine", world{noise: 0.05, drift: 0.05, memory: 0.4}, Reruns, 10},
		{"little noise", world{noise: 0.01, outliers: 0.02}, Reruns, 10},
		{"noise, never measured again", world{noise: 0.05}, 0, 14},
		{"outliers, never measured again", world{noise: 0.05, outliers: 0.02}, 0, 10},
	})
	delays(t, []changing{
		{"10 % with outliers and drift", world{noise: 0.05, drift: 0.05, memory: 0.4, outliers: 0.02, change: 0.10}, Reruns, 3, 0},
		{"10 % at 3 %", world{noise: 0.03, change: 0.10}, Reruns, 0, 90},
		{"faster by 20 %", world{noise: 0.05, change: -0.20}, Reruns, 1, 130},
		{"20 %, never measured again", world{noise: 0.05, change: 0.20}, 0, 2, 0},
		{"10 %, never measured again", world{noise: 0.05, change: 0.10}, 0, 5, 0},
	})
}
