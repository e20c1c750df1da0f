package model_test

import (
	"slices"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

func TestResourceNamed(t *testing.T) {
	t.Parallel()
	names := model.ResourceNames()
	if !slices.IsSorted(names) {
		t.Errorf("names are not in order: %v", names)
	}
	for _, name := range names {
		r, ok := model.ResourceNamed(name)
		if !ok || r.Name != name || r.Path == "" || r.P50 < 1 || r.P50 > r.P99 {
			t.Errorf("resource %q is %+v, %t", name, r, ok)
		}
	}
	custom, ok := model.ResourceNamed("stable.example.com/widgets")
	if !ok || custom.Path != "stable.example.com/widgets" || !custom.JSON || !custom.Namespaced {
		t.Errorf("a custom resource is %+v, %t", custom, ok)
	}
	for _, name := range []string{"", "pod", "Pods", "/", "widgets/stable.example.com", "a.b/", "a.b/c/d", "../pods", "a.b/C"} {
		if r, ok := model.ResourceNamed(name); ok {
			t.Errorf("resource %q is %+v", name, r)
		}
	}
}

func TestPopulation(t *testing.T) {
	t.Parallel()
	cluster := model.Cluster{Nodes: 100, PodsPerNode: 30}
	for _, tt := range []struct {
		name, resource string
		cluster        model.Cluster
		want           int
		ok             bool
	}{
		{"pods", "pods", cluster, 3000, true},
		{"nodes", "nodes", cluster, 100, true},
		{"a lease a node", "leases", cluster, 100, true},
		{"others follow from nothing", "secrets", cluster, 100, false},
		{"no cluster", "pods", model.Cluster{PodsPerNode: 30}, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := tt.cluster.Population(tt.resource)
			if ok != tt.ok || ok && got != tt.want {
				t.Errorf("Population(%q) = %d, %t; want %d, %t", tt.resource, got, ok, tt.want, tt.ok)
			}
		})
	}
}
