package lab

import (
	"runtime/debug"
	"testing"
)

func TestServerModule(t *testing.T) {
	const path = "go.etcd.io/etcd/server/v3"
	other := &debug.Module{Path: "go.etcd.io/bbolt", Version: "v1.4.0"}
	tests := map[string]struct {
		modules []*debug.Module
		want    string
	}{
		"a release": {[]*debug.Module{other, {Path: path, Version: "v3.7.3"}}, "v3.7.3"},
		"replaced":  {[]*debug.Module{{Path: path, Version: "v3.7.3", Replace: &debug.Module{Path: "example.org/fork", Version: "v3.7.4"}}}, "example.org/fork@v3.7.4"},
		"unknown":   {[]*debug.Module{other}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := serverModule(test.modules); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
