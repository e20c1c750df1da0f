package report

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// heatMap is a metric by two factors, the others at levels that Title tells.
type heatMap struct {
	Title, Down, Across string
	Heads               []string
	Rows                []heatRow
}

type heatRow struct {
	Level string
	Cells []heatCell
}

// heatCell is a point. Class is its colour, and Frame what else is drawn of it.
type heatCell struct {
	Class, Frame, Value, Effect, Interval string
	Marks                                 []string
}

// mostMaps is how many maps of a metric stand beside one another.
const mostMaps = 12

// heatMaps are the maps of a grid: one of two factors, and of three one for each level
// of the third. Of more they are of the two factors that matter most, with the others as in what is advised.
func heatMaps(s results.Sweep, m results.SweptMetric) (all []heatMap) {
	down, across := 0, 1
	fixed := levelsAt(s, s.Advised)
	top := greatest(m)
	switch {
	case len(s.Factors) == 2:
	case len(s.Factors) == 3 && len(s.Factors[2].Levels) <= mostMaps:
		for l := range s.Factors[2].Levels {
			fixed[2] = l
			all = append(all, heatMapOf(s, m, top, down, across, fixed))
		}
		return all
	default:
		down, across = foremostFactors(s)
	}
	return []heatMap{heatMapOf(s, m, top, down, across, fixed)}
}

// foremostFactors are the two with the greatest part in the objective's differences, in their order.
func foremostFactors(s results.Sweep) (first, second int) {
	shares := make([]float64, len(s.Factors))
	for _, p := range objective(s).Parts {
		if len(p.Factors) == 1 && p.Factors[0] >= 0 && p.Factors[0] < len(shares) {
			shares[p.Factors[0]] = p.Share
		}
	}
	order := make([]int, len(shares))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(shares[b], shares[a]) })
	return min(order[0], order[1]), max(order[0], order[1])
}

// heatMapOf is the map of two factors, the others at fixed levels. The one with fewer levels goes across.
func heatMapOf(s results.Sweep, m results.SweptMetric, top float64, down, across int, fixed []int) heatMap {
	if len(s.Factors[across].Levels) > len(s.Factors[down].Levels) {
		down, across = across, down
	}
	v := heatMap{Down: s.Factors[down].Name, Across: s.Factors[across].Name}
	for f, factor := range s.Factors {
		if f != down && f != across {
			if v.Title != "" {
				v.Title += ", "
			}
			v.Title += factor.Name + " = " + levelName(factor, fixed[f])
		}
	}
	for l := range s.Factors[across].Levels {
		v.Heads = append(v.Heads, levelName(s.Factors[across], l))
	}
	levels := slices.Clone(fixed)
	for l := range s.Factors[down].Levels {
		row := heatRow{Level: levelName(s.Factors[down], l)}
		for k := range s.Factors[across].Levels {
			levels[down], levels[across] = l, k
			row.Cells = append(row.Cells, heatCellOf(s, m, top, placeOf(s, levels)))
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

func heatCellOf(s results.Sweep, m results.SweptMetric, top float64, i int) heatCell {
	if i < 0 {
		return heatCell{Class: "unmeasured", Value: "not in the sweep"}
	}
	e := effectAt(m, i)
	cell := heatCell{Class: "unmeasured", Value: sweptCentre(m, i), Marks: marksIn(s, m, i)}
	switch at := shownPoint(s); {
	case at != nil && i == *at, at == nil && s.Best != nil && i == *s.Best:
		cell.Frame = "best"
	case m.Metric == s.Objective && slices.Contains(s.Tied, i):
		cell.Frame = "tied"
	}
	if e.Effect == nil {
		return cell
	}
	cell.Class = heatClass(m, *e.Effect, top)
	if i != s.Baseline {
		x := plainOf(m, e)
		cell.Effect = effectText(x)
		if e.Low != nil && e.High != nil {
			cell.Interval = strings.ReplaceAll(strings.ReplaceAll(intervalText(x), " ", "\u00a0"), "…\u00a0", "… ") // broken there, if anywhere
		}
	}
	return cell
}

// strength is how great an effect is, a half and the double alike.
func strength(m results.SweptMetric, effect float64) float64 {
	if m.Relative {
		return math.Abs(math.Log(max(1+effect, 1e-3)))
	}
	return math.Abs(effect)
}

// greatest is the strength of a metric's strongest colour: that of its strongest effect, and four times what matters at least.
func greatest(m results.SweptMetric) float64 {
	top := 4 * strength(m, m.Delta)
	for _, e := range m.Effects {
		if e.Effect != nil {
			top = max(top, strength(m, *e.Effect))
		}
	}
	return top
}

// heatClass is the colour of an effect: even where it does not matter, else one of three
// of what is better, or less, and three of what is worse, or more.
func heatClass(m results.SweptMetric, effect, top float64) string {
	least := strength(m, m.Delta)
	by := strength(m, effect)
	if by < least || by == 0 || top <= least {
		return "even"
	}
	step := strconv.Itoa(min(3, 1+int(3*(by-least)/(top-least))))
	if (effect > 0) == (m.Better == "higher") {
		return "cool" + step
	}
	return "warm" + step
}
