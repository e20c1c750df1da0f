package main

import (
	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
)

// The exit codes that this program has so far.
const (
	exitDone        = 0
	exitCannotRun   = 1
	exitUsage       = 2
	exitThreshold   = 3
	exitRegression  = 4
	exitOpen        = 5 // inconclusive
	exitInvalid     = 6
	exitCheck       = 7
	exitInterrupted = 130
)

// exitError ends the program with a code. err is printed; nil where everything was said already.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e exitError) Unwrap() error { return e.err }

// codeOf is the exit code of a run that came to its end, by the order in which
// they take precedence: interrupted, a failed check, invalid, a breached threshold.
func codeOf(r results.Result, strict, interrupted bool) int {
	switch {
	case interrupted:
		return exitInterrupted
	case failedCheck(r):
		return exitCheck
	case !r.Valid:
		return exitInvalid
	case verdict.Breached(r, strict):
		return exitThreshold
	default:
		return exitDone
	}
}

func failedCheck(r results.Result) bool {
	for _, c := range r.Checks {
		if c.Status == results.Fail {
			return true
		}
	}
	return false
}
