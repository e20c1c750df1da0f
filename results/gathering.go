package results

// Gathering sums the measure phase of a run while it goes. It is used by one goroutine at a time.
type Gathering struct{ loader *loader }

// Gather begins a gathering of the run with that header, whose measure phase begins so
// many milliseconds after the run's start.
func Gather(h Header, measureMS float64) *Gathering {
	l := newLoader(h)
	l.run.Phases = []PhaseSpan{{Name: PhaseMeasure, StartMS: measureMS}}
	return &Gathering{l}
}

// Add adds one interval. One whose histograms cannot be decoded is counted in Run's Lost.
func (g *Gathering) Add(in *Interval) {
	g.loader.seen(in.EndMS)
	d, ok := decodeInterval(in)
	if !ok {
		g.loader.run.Lost++
		return
	}
	g.loader.interval(in, d)
	g.loader.run.Timeline = nil // it would grow with the length of the run
}

// Run is the run as far as it has come; it holds until the next Add. It has no time line.
func (g *Gathering) Run() *Run {
	g.loader.run.Operations, g.loader.run.Endpoints, g.loader.run.Watches = nil, nil, nil
	return g.loader.finish()
}
