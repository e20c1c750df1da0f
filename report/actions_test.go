package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// What happened to several configurations stands side by side.
func TestActionsCompared(t *testing.T) {
	one, other := page(t, podChurn(2).journal(t)).Result, page(t, podChurn(2).journal(t)).Result
	one.Actions, other.Actions = happened(), happened()[:1]
	other.Actions[0].UnavailableMS = new(3120.0)
	var out bytes.Buffer
	if err := Comparison(&out, []results.Result{one, other}, Style{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range [][]string{
		{"lose-leader", "no writes", "1.34", "3.12"},
		{"disaster", "no writes", "2.00", "n/a"},
		{"recovered", "not yet", "n/a"},
	} {
		found := false
		for line := range strings.Lines(out.String()) {
			all := true
			for _, part := range want {
				all = all && strings.Contains(line, part)
			}
			found = found || all
		}
		if !found {
			t.Errorf("no line with %q:\n%s", want, out.String())
		}
	}
}
