package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// interrupted is what is said at the first and at the second Ctrl-C.
type interrupted [2]string

// runInterrupted is what is said of a run.
func runInterrupted() interrupted {
	return interrupted{
		"interrupted: finishing what has begun and writing everything; once more to stop at once",
		"interrupted again: stopping at once, writing what there is and cleaning up; once more to die, leaving what is there",
	}
}

// experimentInterrupted is what is said of an experiment.
func experimentInterrupted() interrupted {
	return interrupted{
		"interrupted: ending the run that is under way; what is finished is kept; once more to stop at once",
		"interrupted again: stopping at once, writing what there is and cleaning up; once more to die, leaving what is there",
	}
}

// labInterrupted is what is said of a lab that is up.
func labInterrupted() interrupted {
	return interrupted{
		"ending the lab; once more to kill its members",
		"killing the members and cleaning up; once more to die, leaving what is there",
	}
}

// doctorInterrupted is what is said of a look at a cluster.
func doctorInterrupted() interrupted {
	return interrupted{
		"interrupted: taking away what was made; once more to hurry",
		"interrupted again: once more to die, leaving what is there",
	}
}

// cleanInterrupted is what is said of a cleaning.
func cleanInterrupted() interrupted {
	return interrupted{
		"interrupted: ending after the page that is being deleted",
		"interrupted again: once more to die",
	}
}

// untilSignals returns a context that ends at the first SIGINT, SIGTERM or SIGHUP, and
// one that ends at the second.
func untilSignals(std standard, say interrupted) (ctx, cut context.Context, stop func()) {
	ctx, end := context.WithCancel(context.Background())
	cut, endNow := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	// A reader of our output that goes away must not end us before everything is taken away.
	signal.Ignore(syscall.SIGPIPE)
	done := make(chan struct{})
	go func() {
		for i, then := range []func(){end, endNow} {
			select {
			case <-signals:
				fmt.Fprintf(std.err, "\n%s\n", say[i])
				then()
			case <-done:
				return
			}
		}
		signal.Stop(signals) // a third one kills
	}()
	return ctx, cut, func() {
		signal.Stop(signals)
		close(done)
		end()
		endNow()
	}
}
