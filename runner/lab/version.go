package lab

import "runtime/debug"

// ServerModule is the version of the module go.etcd.io/etcd/server/v3 that the
// members are built from, for example "v3.7.3"; empty in a binary without build
// information.
func ServerModule() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range build.Deps {
		if m.Path != "go.etcd.io/etcd/server/v3" {
			continue
		}
		if m.Replace != nil {
			return m.Replace.Version
		}
		return m.Version
	}
	return ""
}
