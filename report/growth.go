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
	// A heap profile samples each 512 KiB, a CPU profile each 10 ms: less than a few samples is chance.
	show, what, least := figure.Bytes, "memory in use", float64(1<<20)
	if kind == string(profile.CPU) {
		show, what, least = func(v float64) string { return fmt.Sprintf("%.3f cores", v) }, "CPU", 0.005
	}
	fmt.Fprintf(w, "\n%s of all members: %s on %s, %s on %s\n", what, show(of.Total()), before, show(than.Total()), now)
	grown := profile.Grown(of, than, least, most)
	if len(grown) == 0 {
		fmt.Fprintf(w, "  no function took %s more\n", show(least))
	}
	for _, g := range grown {
		fmt.Fprintf(w, "  +%-12s %s → %s  %s\n", show(g.Now-g.Before), show(g.Before), show(g.Now), g.Function)
	}
}
