//go:build !race

package lab

import "testing"

func notUnderRace(testing.TB) {}
