package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/etcd-dyno/etcd-dyno/runner"
)

// confirm asks on a terminal whether something may be done, and wants the word
// yes. Where there is no terminal, only --yes will do.
func confirm(ctx context.Context, std standard, question string, yes bool) error {
	if yes {
		return nil
	}
	shown, ok := std.err.(*os.File)
	if !ok || !term.IsTerminal(int(shown.Fd())) || !term.IsTerminal(int(std.in.Fd())) {
		return fmt.Errorf("%w: there is no terminal to ask on; read the plan above and give --yes", runner.ErrNotConfirmed)
	}
	fmt.Fprintf(std.err, "%s Type yes: ", question)
	answers := make(chan string, 1)
	go func() { // it ends with its line, or with this program
		line, _ := bufio.NewReader(std.in).ReadString('\n')
		answers <- line
	}()
	select {
	case answer := <-answers:
		if strings.TrimSpace(answer) == "yes" {
			return nil
		}
		return fmt.Errorf("%w, nothing was done", runner.ErrNotConfirmed)
	case <-ctx.Done():
		return fmt.Errorf("%w, nothing was done: %w", runner.ErrNotConfirmed, ctx.Err())
	}
}

// exitOfRefusal is the exit code of what ended before anything was done.
func exitOfRefusal(err error) int {
	switch {
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, runner.ErrNotConfirmed):
		return exitUsage
	default:
		return exitCannotRun
	}
}
