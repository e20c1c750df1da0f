package doctor

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/etcd-dyno/etcd-dyno/runner/lab"
)

// A lab starts this test binary anew as its host and as its members.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		var err error
		switch os.Args[1] {
		case lab.HostCommand:
			err = lab.HostMain(context.Background(), os.Args[2:], os.Stdin, os.Stdout)
		case lab.MemberCommand:
			err = lab.MemberMain(os.Args[2:])
		default:
			goleak.VerifyTestMain(m)
			return
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}
