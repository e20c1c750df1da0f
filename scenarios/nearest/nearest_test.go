package nearest_test

import (
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
)

func TestName(t *testing.T) {
	t.Parallel()
	names := []string{"list", "limit", "mode", "node-heartbeat", "pod-churn"}
	for _, tt := range []struct{ name, word, want string }{
		{"a letter missing", "limt", "limit"},
		{"two letters swapped", "mdoe", "mode"},
		{"a wrong mark", "pod_churn", "pod-churn"},
		{"upper case", "LIST", "list"},
		{"the first of two", "lis", "list"},
		{"nothing like it", "watch", ""},
		{"empty", "", ""},
		{"far too long", strings.Repeat("list", 100), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := nearest.Name(tt.word, names)
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("Name(%q) = %q, %t; want %q", tt.word, got, ok, tt.want)
			}
		})
	}
	if got, want := nearest.Hint("limt", names), ` (did you mean "limit"?)`; got != want {
		t.Errorf("Hint = %q, want %q", got, want)
	}
	if got := nearest.Hint("limit", names); got != "" {
		t.Errorf("Hint of a name itself = %q, want none", got)
	}
}
