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
		exitOn(MemberMain(os.Args[2:]))
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

// all is a configuration in which there is everything that could be left behind.
const all = `
members = 3
[disk]
fsync_delay = "1ms"
[links]
peer_rtt = "1ms"
[tls]
peer = true
[resources]
limits = { cpu = "2", memory = "1Gi" }
`

// beTool starts a lab of all that there is, says so on stdout, and waits for its death.
func beTool(run string) error {
	c, err := scenarios.ParseConfiguration("all.toml", []byte(all), nil)
	if err != nil {
		return err
	}
	l, err := Start(context.Background(), Spec{Run: run, Configuration: c, StartTimeout: startTimeout})
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(l.Members()); err != nil {
		return err
	}
	select {}
}
