package telemetry

import (
	_ "embed"
	"slices"
)

//go:embed grafana.json
var dashboard []byte

// Dashboard is a Grafana dashboard, as JSON, that puts a run's own metrics (see
// package live) beside those of its etcd.
func Dashboard() []byte { return slices.Clone(dashboard) }
