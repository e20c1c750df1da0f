//go:build accuracy

package main

import "testing"

// A generator whose journal's disk is full in mid-run is told each time.
func TestAccuracyFullDisk(t *testing.T) {
	for range validityRepeats {
		fillDisk(t)
	}
}
