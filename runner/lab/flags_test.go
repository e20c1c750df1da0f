package lab

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// The table of flags that a configuration may name lacks none that the built-in etcd tells of.
func TestFlagTable(t *testing.T) {
	c := exec.CommandContext(context.Background(), os.Args[0], MemberCommand, "--run", t.TempDir(), "--help")
	help, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, help)
	}
	var has []string
	for _, m := range regexp.MustCompile(`(?m)^\s+--([a-z0-9-]+)`).FindAllSubmatch(help, -1) {
		has = append(has, string(bytes.TrimSpace(m[1])))
	}
	if len(has) < 50 {
		t.Fatalf("the help names %d flags only:\n%s", len(has), help)
	}
	known := scenarios.EtcdFlagNames()
	for _, name := range has {
		if !slices.Contains(known, name) && !strings.HasPrefix(name, "discovery") { // a lab's members know one another
			t.Errorf("etcd has --%s, which the table lacks", name)
		}
	}
}
