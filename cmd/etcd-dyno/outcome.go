package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/etcd-dyno/etcd-dyno/report"
	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner"
)

// outcome is what came of one run.
type outcome struct {
	folder string
	// result is nil where nothing was measured; page is what its report shows.
	result *results.Result
	page   report.Page
	// failed is what went wrong beside what was measured, and code the exit code.
	failed error
	code   int
}

// tell says where the report is, and what went wrong although there is one.
func (o outcome) tell(std standard) {
	if o.result == nil {
		return
	}
	if o.failed != nil {
		fmt.Fprintf(std.err, "etcd-dyno: %v\n", o.failed)
	}
	fmt.Fprintf(std.err, "report: %s\n", filepath.Join(o.folder, results.ReportFile))
}

// exit is the outcome as the program's end.
func (o outcome) exit() error {
	switch {
	case o.code == exitDone:
		return nil
	case o.result != nil:
		return exitError{code: o.code} // tell has told
	default:
		return exitError{o.code, o.failed}
	}
}

// finish writes result and report from what the journal has.
func finish(f runFlags, folder string, failed error, interrupted bool) outcome {
	o := outcome{folder: folder, failed: failed, code: exitCannotRun}
	if folder == "" {
		return o
	}
	var invalid []string
	if errors.Is(failed, runner.ErrJournal) {
		invalid = append(invalid, failed.Error())
	}
	page, err := writeOut(folder, invalid...)
	if err != nil {
		// There is no journal, or nothing in it, or no room for more.
		switch {
		case errors.Is(failed, runner.ErrLeft):
		case len(invalid) > 0 && !interrupted:
			o.code, o.failed = exitInvalid, errors.Join(failed, err)
		case interrupted:
			o.code, o.failed = exitInterrupted, errors.New("interrupted before anything was measured")
		case errors.Is(failed, runner.ErrNotConfirmed):
			o.code = exitUsage
		case failed == nil:
			o.failed = err
		}
		return o
	}
	o.result, o.page = &page.Result, page
	o.code = codeOf(page.Result, f.strict, interrupted)
	if errors.Is(failed, runner.ErrLeft) || failed != nil && len(invalid) == 0 && o.code != exitInterrupted {
		o.code = exitCannotRun
	}
	return o
}
