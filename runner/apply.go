package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// ApplyLog is where the output of a configuration's apply lies in a run folder.
const ApplyLog = "apply.log"

// How long apply may take, and how long the cluster may take to be healthy then.
const (
	applyTimeout   = 10 * time.Minute
	healthyTimeout = 2 * time.Minute
	healthyEvery   = 200 * time.Millisecond
)

// apply runs the configuration's command, and waits until the cluster is healthy.
func (t *target) apply(ctx context.Context, folder string, job Job) error {
	argv := job.Configuration.Apply
	if err := runApply(ctx, filepath.Join(folder, ApplyLog), argv); err != nil {
		return fmt.Errorf("applying the configuration by %s: %w", strings.Join(argv, " "), err)
	}
	ctx, cancel := context.WithTimeout(ctx, healthyTimeout)
	defer cancel()
	tick := time.NewTicker(healthyEvery)
	defer tick.Stop()
	for {
		err := t.healthy(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting until the cluster is healthy after %s: %w", strings.Join(argv, " "), err)
		case <-tick.C:
		}
	}
}

// healthy reports whether all endpoints answer, know a leader, and one serves a linearizable read.
func (t *target) healthy(ctx context.Context) error {
	if err := t.survey(ctx); err != nil {
		return err
	}
	for _, m := range t.foreign.rooms {
		switch {
		case m.Err != nil:
			return fmt.Errorf("%s does not answer: %w", m.URL, m.Err)
		case m.Leader == 0:
			return fmt.Errorf("%s knows of no leader", m.URL)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, ownerTimeout)
	defer cancel()
	if _, err := t.foreign.client.Get(ctx, t.own, clientv3.WithCountOnly()); err != nil {
		return fmt.Errorf("reading a key: %w", err)
	}
	return nil
}

// runApply runs a command with its output in a file. The error has its last lines.
func runApply(ctx context.Context, log string, argv []string) error {
	f, err := os.Create(log)
	if err != nil {
		return fmt.Errorf("making its log: %w", err)
	}
	defer f.Close()
	ctx, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Stdout, c.Stderr = f, f
	// In a group of its own, so that what it has started ends with it.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGTERM) }
	c.WaitDelay = 5 * time.Second
	if err := c.Run(); err != nil {
		if ctx.Err() != nil {
			err = errors.Join(err, context.Cause(ctx))
		}
		return fmt.Errorf("%w%s", err, lastLines(log))
	}
	return nil
}

// shownLines is how many lines of a log are shown in an error.
const shownLines = 5

// lastLines are a log's, as they follow an error; nothing where it has none.
func lastLines(log string) string {
	b, err := os.ReadFile(log)
	b = bytes.TrimSpace(b)
	if err != nil || len(b) == 0 {
		return ""
	}
	lines := strings.Split(string(b), "\n")
	return "; its last lines (" + log + "):\n  " + strings.Join(lines[max(len(lines)-shownLines, 0):], "\n  ")
}
