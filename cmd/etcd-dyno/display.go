package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner"
)

// display shows how a run goes: one line that is written over on a terminal, a
// plain line every ten seconds elsewhere.
type display struct {
	std  standard
	live bool
	// before stands before each line.
	before string
	mu     sync.Mutex // guards all below
	last   time.Time
	phase  results.PhaseName
	// happening is the actions that were under way when a line was written last.
	happening string
	shown     bool
}

// plainEvery is how often a line is written where there is no terminal.
const plainEvery = 10 * time.Second

func newDisplay(std standard) *display {
	f, ok := std.err.(*os.File)
	return &display{std: std, live: ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"}
}

// show shows a status.
func (d *display) show(s runner.Status) {
	d.mu.Lock()
	defer d.mu.Unlock()
	line := d.before + lineOf(s)
	if d.live {
		if f, ok := d.std.err.(*os.File); ok {
			if width, _, err := term.GetSize(int(f.Fd())); err == nil && len(line) >= width {
				line = line[:max(width-1, 0)]
			}
		}
		fmt.Fprintf(d.std.err, "\r\x1b[K%s", line)
		d.shown = true
		return
	}
	if happening := strings.Join(s.Actions, ", "); s.Phase != d.phase || happening != d.happening || time.Since(d.last) >= plainEvery {
		d.phase, d.happening, d.last = s.Phase, happening, time.Now()
		fmt.Fprintln(d.std.err, line)
	}
}

// close takes the live line away.
func (d *display) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shown {
		fmt.Fprint(d.std.err, "\r\x1b[K")
	}
}

func lineOf(s runner.Status) string {
	if s.Phase == results.PhaseSetup {
		if s.Total == 0 {
			return "setup"
		}
		return fmt.Sprintf("setup    %s %d/%d objects  %.0f s", bar(float64(s.Done), float64(s.Total)), s.Done, s.Total, s.Elapsed.Seconds())
	}
	line := fmt.Sprintf("%-8s %s %2.0f/%.0f s  %5.0f op/s  p99 %-8s errors %d",
		s.Phase, bar(s.Elapsed.Seconds(), s.Planned.Seconds()), s.Elapsed.Seconds(), s.Planned.Seconds(), s.Rate, short(s.P99), s.Errors)
	if len(s.Actions) > 0 {
		line += "  during " + strings.Join(s.Actions, ", ")
	}
	if s.Backlog > 0 {
		line += fmt.Sprintf("  backlog %d", s.Backlog)
	}
	return line
}

// barWidth is how many characters a progress bar has.
const barWidth = 20

func bar(done, total float64) string {
	n := 0
	if total > 0 {
		n = int(min(max(done/total, 0), 1) * barWidth)
	}
	return "[" + strings.Repeat("#", n) + strings.Repeat(".", barWidth-n) + "]"
}

// short is a duration with three figures.
func short(d time.Duration) string {
	switch {
	case d == 0:
		return "-"
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%.3g ms", float64(d.Microseconds())/1000)
	default:
		return fmt.Sprintf("%.3g s", d.Seconds())
	}
}
