// Package model knows what a Kubernetes cluster keeps in etcd: its resources,
// where their keys lie and how large their values are, and the populations and
// rates that follow from a number of nodes and pods.
//
// Its figures are those of a recorded kube-apiserver 1.37 (value bytes of every
// successful put, managedFields and the storage envelope included).
package model

import "strings"

// Resource is a kind of Kubernetes object and how the API server stores it.
// The zero value is no resource; make one with ResourceNamed.
type Resource struct {
	// Name is the plural that users write, or group/plural for a custom resource.
	Name string
	// Path is where the objects lie below the registry prefix, for example
	// "minions" for nodes: <prefix><Path>/[<namespace>/]<name>.
	Path string
	// Namespaced tells whether a namespace stands between path and name.
	Namespaced bool
	// JSON tells that values are JSON; otherwise they are protobuf behind the
	// 4-byte prefix "k8s\x00".
	JSON bool
	// P50 and P99 are the usual value size in bytes, P50 ≤ P99.
	P50, P99 int64
}

// resources is the table of built-in resources, in order of their names. Where
// a recording has the 95th percentile and the maximum only, P99 is the maximum.
var resources = []Resource{
	{Name: "clusterrolebindings", Path: "clusterrolebindings", P50: 670, P99: 757},
	{Name: "clusterroles", Path: "clusterroles", P50: 680, P99: 3811},
	{Name: "configmaps", Path: "configmaps", Namespaced: true, P50: 778, P99: 64211},
	{Name: "deployments", Path: "deployments", Namespaced: true, P50: 7158, P99: 7158},
	{Name: "endpoints", Path: "services/endpoints", Namespaced: true, P50: 2433, P99: 3010},
	{Name: "endpointslices", Path: "endpointslices", Namespaced: true, P50: 3097, P99: 3811},
	{Name: "events", Path: "events", Namespaced: true, P50: 606, P99: 725},
	{Name: "jobs", Path: "jobs", Namespaced: true, P50: 6762, P99: 6862}, // not recorded: as a ReplicaSet's, which has a pod's template too
	{Name: "leases", Path: "leases", Namespaced: true, P50: 304, P99: 306},
	{Name: "namespaces", Path: "namespaces", P50: 294, P99: 1708},
	{Name: "nodes", Path: "minions", P50: 8274, P99: 8698},
	{Name: "pods", Path: "pods", Namespaced: true, P50: 6787, P99: 8609},
	{Name: "replicasets", Path: "replicasets", Namespaced: true, P50: 6762, P99: 6862},
	{Name: "secrets", Path: "secrets", Namespaced: true, P50: 4309, P99: 200312},
	{Name: "serviceaccounts", Path: "serviceaccounts", Namespaced: true, P50: 108, P99: 116},
	{Name: "services", Path: "services/specs", Namespaced: true, P50: 512, P99: 639},
}

// ResourceNamed returns the built-in resource of that name, or for a name of
// the form group/plural a custom resource, which is namespaced and stored as
// JSON. It reports false for any other name.
func ResourceNamed(name string) (Resource, bool) {
	for _, r := range resources {
		if r.Name == name {
			return r, true
		}
	}
	group, plural, custom := strings.Cut(name, "/")
	if !custom || !isDNSName(group) || !strings.Contains(group, ".") || !isDNSName(plural) {
		return Resource{}, false
	}
	return Resource{Name: name, Path: name, Namespaced: true, JSON: true, P50: 606, P99: 718}, true
}

// ResourceNames returns the names of the built-in resources in order.
func ResourceNames() []string {
	names := make([]string, len(resources))
	for i, r := range resources {
		names[i] = r.Name
	}
	return names
}

// isDNSName reports whether s is lower-case letters, digits, '-' and '.', not
// empty and not beginning or ending with a mark.
func isDNSName(s string) bool {
	if s == "" || strings.Trim(s, "-.") != s {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.'
	}) < 0
}
