package runner

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
)

// DefaultParent is below what runs on clusters that exist write, each below its scenario's name.
const DefaultParent = "/etcd-dyno/"

// DefaultPrefix is where a run on a cluster that exists writes unless another prefix is chosen.
func DefaultPrefix(scenario string) string { return DefaultParent + scenario + "/" }

// maxPrefix is how many bytes a prefix may have: each key carries it.
const maxPrefix = 200

// CheckPrefix says what is wrong with a prefix that a user has chosen; nil if nothing is.
func CheckPrefix(prefix string) error {
	const want = "; write for example " + DefaultParent + "mine/"
	parts := strings.Split(strings.Trim(prefix, "/"), "/")
	switch {
	case !strings.HasPrefix(prefix, "/") || !strings.HasSuffix(prefix, "/"):
		return errors.New("it must begin and end with '/'" + want)
	case prefix == "/":
		return errors.New("it is the whole of the cluster" + want)
	case len(prefix) > maxPrefix:
		return fmt.Errorf("it has %d bytes, at most %d are possible", len(prefix), maxPrefix)
	case slices.Contains(parts, ""):
		return errors.New("it has two '/' in a row" + want)
	case slices.Contains(parts, "registry"):
		return errors.New("there may be a Kubernetes below registry/" + want)
	case strings.ContainsFunc(prefix, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("it may have printable ASCII characters only" + want)
	}
	return nil
}

// A run's own keys below its prefix, beside what its load writes. They sort
// before all of that, so that whoever looks for prefixes comes upon the marker
// first. The marker stays until everything else is gone; the owner's key is
// attached to a lease, and tells a run that lives from one that crashed.
const (
	ownFolder = ".etcd-dyno/"
	markerKey = ownFolder + "marker"
	ownerKey  = ownFolder + "owner"
)

// registryFolder is where the objects lie below a prefix.
const registryFolder = "registry/"

// fromRun reports whether a key is one that a run writes below its prefix.
func fromRun(prefix, key string) bool {
	return key == prefix+markerKey || key == prefix+ownerKey || fromLoad(prefix, key)
}

// fromLoad is fromRun without the marks.
func fromLoad(prefix, key string) bool {
	return key == prefix+kube.CompactRevKey || strings.HasPrefix(key, prefix+registryFolder)
}
