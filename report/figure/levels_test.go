package figure

import (
	"math"
	"strings"
	"testing"
)

// someLevels are of a factor with all that there can be.
func someLevels() Levels {
	none := math.NaN()
	return Levels{Message: "by <i>", Factor: "rate", Ratio: true, Least: 1.05, Of: []Level{
		{Name: "50/s", Effect: 1, Low: none, High: none, Baseline: true},
		{Name: "100/s <script>", Effect: 0.8, Low: 0.7, High: 0.9, Mark: MarkBetter},
		{Name: "a level with a name that has no room at all below the axis", Effect: 1.5, Low: 1e-9, High: 1e9, Mark: MarkOpen},
		{Name: "not measured", Effect: none, Low: none, High: none, Mark: MarkWorse},
		{Name: "gone", Effect: 0, Low: -1, High: math.Inf(1)},
	}}
}

// All factors have one axis, which holds every effect, and the key tells only what there is.
func TestLevelPanels(t *testing.T) {
	other := Levels{Factor: "disk", Ratio: true, Of: []Level{{Name: "as it is", Baseline: true, Effect: 1}, {Name: "slow", Effect: 4, Low: 3.9, High: 4.1, Mark: MarkWorse}}}
	y := span{min(someLevels().span().min, other.span().min), max(someLevels().span().max, other.span().max)}
	if y.max < math.Log(4) || y.min > math.Log(1e-3) {
		t.Errorf("the axis goes from %g to %g", y.min, y.max)
	}
	keys := func(l Levels) string {
		var names []string
		for _, k := range l.signs() {
			names = append(names, k.name)
		}
		return strings.Join(names, ", ")
	}
	if got, want := keys(someLevels()), "baseline, better, the same, open"; got != want {
		t.Errorf("the key has %s, want %s", got, want)
	}
	if got, want := keys(other), "baseline, worse"; got != want {
		t.Errorf("the key has %s, want %s", got, want)
	}
	figures := LevelPanels([]Levels{someLevels(), other})
	if len(figures) != 2 || figures[0].Message != "by <i>" || len(figures[0].Data().Series) > 0 {
		t.Errorf("%d figures, the first says %q", len(figures), figures[0].Message)
	}
}
