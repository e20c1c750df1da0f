package runner

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/etcd-dyno/etcd-dyno/runner/lab"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case lab.HostCommand:
			exitOn(lab.HostMain(context.Background(), os.Args[2:], os.Stdin, os.Stdout))
		case lab.MemberCommand:
			exitOn(memberMain(os.Args[2:]))
		case stubCommand:
			exitOn(serveStub(os.Args[2:]))
		}
	}
	remove, err := buildMember()
	if err != nil {
		exitOn(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		remove()
		os.Exit(code)
	}))
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// within polls until a condition holds, and fails the test where it does not in time.
func within(tb testing.TB, limit time.Duration, what string, holds func() bool) {
	tb.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(limit)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			tb.Fatalf("not within %v: %s", limit, what)
		}
	}
}
