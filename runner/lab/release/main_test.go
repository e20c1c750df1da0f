package release

import (
	"os"
	"testing"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"go.uber.org/goleak"
)

// etcdCommand makes the test binary an etcd, as the real executable can be one.
const etcdCommand = "test-etcd"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == etcdCommand {
		etcdmain.Main(append([]string{"etcd"}, os.Args[2:]...))
		return
	}
	goleak.VerifyTestMain(m)
}

// itself is the command of the etcd that the test binary can be.
func itself() []string { return []string{os.Args[0], etcdCommand} }
