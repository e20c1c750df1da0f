package telemetry

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// Each metric of etcd's in the dashboard is on a page of a member's, and it is a dashboard.
func TestDashboard(t *testing.T) {
	t.Parallel()
	var d struct {
		Title  string
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(Dashboard(), &d); err != nil || d.Title == "" || len(d.Panels) < 10 {
		t.Fatalf("%v, %q with %d panels", err, d.Title, len(d.Panels))
	}
	page := string(readPage(t))
	name := regexp.MustCompile(`\b(etcd|process)_[a-z_]+`)
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			for _, metric := range name.FindAllString(target.Expr, -1) {
				if !strings.HasPrefix(metric, "etcd_dyno_") && !strings.Contains(page, "\n"+metric) {
					t.Errorf("%s: a member has no %s", p.Title, metric)
				}
			}
		}
	}
}
