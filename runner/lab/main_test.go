package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"go.uber.org/goleak"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// toolCommand makes the test binary a tool that starts a lab and then waits, to
// be killed. It is followed by the run folder.
const toolCommand = "test-tool"

// TestMain is each of the processes of a lab, as the real executable is; called
// etcd, it is an etcd that knows nothing of labs.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "etcd" {
		etcdmain.Main(os.Args)
	}
	if len(os.Args) < 2 {
		goleak.VerifyTestMain(m)
		return
	}
	switch os.Args[1] {
	case HostCommand:
		exitOn(HostMain(context.Background(), os.Args[2:], os.Stdin, os.Stdout))
	case MemberCommand:
		MemberMain(os.Args[2:])
	case toolCommand:
		exitOn(beTool(os.Args[2]))
	default:
		goleak.VerifyTestMain(m)
	}
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// beTool starts a lab of three, says so on stdout, and waits for its death.
func beTool(run string) error {
	l, err := Start(context.Background(), Spec{
		Run: run, Configuration: scenarios.Configuration{Members: 3}, StartTimeout: startTimeout,
	})
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(l.Members()); err != nil {
		return err
	}
	select {}
}
