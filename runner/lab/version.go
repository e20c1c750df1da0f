package lab

import "runtime/debug"

// ServerModule is the version of the module go.etcd.io/etcd/server/v3 that the
// members are built from, for example "v3.7.3"; empty in a binary that holds no
// list of its modules, as a test's does not.
func ServerModule() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return serverModule(build.Deps)
}

func serverModule(modules []*debug.Module) string {
	for _, m := range modules {
		switch {
		case m.Path != "go.etcd.io/etcd/server/v3":
		case m.Replace != nil:
			return m.Replace.Path + "@" + m.Replace.Version
		default:
			return m.Version
		}
	}
	return ""
}
