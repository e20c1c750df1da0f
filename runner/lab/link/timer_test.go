package link

import (
	"slices"
	"testing"
	"time"
)

func TestTimerWakesToTheMicrosecond(t *testing.T) {
	timer, err := newTimer()
	if err != nil {
		t.Fatal(err)
	}
	defer timer.close()
	late := make([]time.Duration, 500)
	for i := range late {
		at := time.Now().Add(time.Duration(i%5+1) * 200 * time.Microsecond)
		if err := timer.until(at); err != nil {
			t.Fatal(err)
		}
		if late[i] = time.Since(at); late[i] < -mostEarly {
			t.Fatalf("woke %v before the time", -late[i])
		}
	}
	slices.Sort(late)
	t.Logf("late p5 %v, p50 %v, p90 %v, p99 %v", late[25], late[250], late[450], late[495])
	if late[250] > 300*time.Microsecond || late[250] < -mostEarly/2 {
		t.Errorf("late by %v at the median, want from 75 µs early to 300 µs", late[250])
	}
}
