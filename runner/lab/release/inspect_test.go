package release

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInspectRefuses(t *testing.T) {
	folder := t.TempDir()
	script, data, pipe := filepath.Join(folder, "script"), filepath.Join(folder, "data"), "/dev/null"
	put(t, script, []byte("#!/bin/sh\necho etcd Version: 3.6.16\n"), 0o755)
	put(t, data, nil, 0o644)
	for name, test := range map[string]struct{ path, want string }{
		"nothing there":  {filepath.Join(folder, "nothing"), "there is no file " + folder},
		"a folder":       {folder, "is a directory"},
		"no file":        {pipe, "is not a file"},
		"no executable":  {data, "is not executable: chmod +x"},
		"no Go":          {script, "not an executable that Go has built"},
		"no etcd":        {os.Args[0], "does not say"},
		"below a file":   {filepath.Join(data, "etcd"), "looking for the etcd binary"},
		"nothing at all": {"", "is a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			if b, err := Inspect(t.Context(), test.path); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q (%+v)", err, test.want, b)
			}
		})
	}
}

func TestModules(t *testing.T) {
	got := Notable(&debug.BuildInfo{
		Main: debug.Module{Path: ServerModule, Version: "(devel)"},
		Deps: []*debug.Module{
			{Path: "go.etcd.io/bbolt", Version: "v1.4.3", Replace: &debug.Module{Path: "example.org/bbolt", Version: "v1.4.4"}},
			{Path: "go.etcd.io/raft/v3", Version: "v3.6.0", Replace: &debug.Module{Path: "../raft"}},
			{Path: "google.golang.org/grpc", Version: "v1.80.0"},
			{Path: "golang.org/x/net", Version: "v0.40.0"},
		},
	})
	want := map[string]string{
		ServerModule:             "(devel)",
		"go.etcd.io/bbolt":       "example.org/bbolt@v1.4.4",
		"go.etcd.io/raft/v3":     "../raft",
		"google.golang.org/grpc": "v1.80.0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRevision(t *testing.T) {
	of, clean, dirty := debug.BuildSetting{Key: "vcs.revision", Value: "abc"}, debug.BuildSetting{Key: "vcs.modified", Value: "false"}, debug.BuildSetting{Key: "vcs.modified", Value: "true"}
	for name, test := range map[string]struct {
		settings []debug.BuildSetting
		want     string
	}{
		"clean":   {[]debug.BuildSetting{of, clean}, "abc"},
		"changed": {[]debug.BuildSetting{of, dirty}, "abc+dirty"},
		"unknown": {[]debug.BuildSetting{dirty}, ""},
	} {
		if got := revision(test.settings); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
