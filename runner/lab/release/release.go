// Package release builds an etcd release for labs and asks an etcd binary which
// flags it takes.
//
// A release is built as its own module says, from a generated main module that
// requires it and nothing else, once for each Go version. What an etcd thinks of
// its flags only itself can say: it is started with them in such a way that it
// judges them and then has to end.
package release

import (
	"fmt"
	"regexp"
	"strconv"
)

// ServerModule is the module that etcd is built from since v3.5.
const ServerModule = "go.etcd.io/etcd/server/v3"

var versionForm = regexp.MustCompile(`^v(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})(-(alpha|beta|rc)\.(0|[1-9]\d{0,5}))?$`)

// CheckVersion says what is wrong with the name of a release that Build cannot
// build; whether there is such a release is for the Go module proxy to say.
func CheckVersion(version string) error {
	parts := versionForm.FindStringSubmatch(version)
	if parts == nil {
		return fmt.Errorf("%q is not the version of an etcd release: write it as %q or %q", version, "v3.6.16", "v3.7.0-rc.0")
	}
	minor, err := strconv.Atoi(parts[2])
	switch {
	case err != nil:
		return fmt.Errorf("%q is not the version of an etcd release: %w", version, err)
	case parts[1] != "3" || minor < 5:
		return fmt.Errorf("etcd %s cannot be built: only releases from v3.5.0 to the last v3 are Go modules; give the path of its binary instead", version)
	}
	return nil
}
