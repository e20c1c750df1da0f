package report

import (
	"fmt"
	"io"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results/profile"
)

// Growth writes which functions of etcd, in all members together, took most more
// than in another run: of processors or of memory. A writer that fails is not told of.
func Growth(w io.Writer, kind, before, now string, of, than profile.Usage, most int) {
	show := figure.Bytes
	what := "memory in use"
	if kind == string(profile.CPU) {
		show, what = func(v float64) string { return fmt.Sprintf("%.3f cores", v) }, "CPU"
	}
	fmt.Fprintf(w, "\n%s of all members: %s on %s, %s on %s\n", what, show(of.Total()), before, show(than.Total()), now)
	for _, g := range profile.Grown(of, than, most) {
		fmt.Fprintf(w, "  +%-12s %s → %s  %s\n", show(g.Now-g.Before), show(g.Before), show(g.Now), g.Function)
	}
}
