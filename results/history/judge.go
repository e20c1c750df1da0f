package history

// The rules by which a history is judged. What they come to, in false alarms and in
// nights until a change is told, is simulated by TestAccuracyNightly.
const (
	// maxP is the highest p-value of a change, nightP that of the same change with each
	// night as one value, and suspectP of one that is suspected.
	maxP, nightP, suspectP = 0.0002, 0.003, 0.005
	// Inside is with which probability the next measure lies inside the interval that is predicted for it.
	Inside = 0.95
	// Settled is how many measures a level has at least from which a next one is predicted.
	Settled = 10
	// LeastShare is by how much what is relative must change.
	LeastShare = 0.03
	// after is how many measures of its own a change has at least, and fresh how many
	// measures that came after the suspicion must agree with it.
	after, fresh = 2, 2
	// recent is how many measures back a change is looked for to be told; older ones are seen in hindsight alone.
	recent = 30
	// near is by how many measures the same change may be placed elsewhere as more become known.
	near = 9
	// Reruns is how often a night is measured again, at most, while a change is suspected.
	Reruns = 2
	// spike is by how many standard deviations a measure may be far from those around it.
	spike = 4
	// around is how many measures on each side tell how a measure lies among them.
	around = 10
	// window is how many measures are looked at together.
	window = 400
)

// Change is where a series took another level.
type Change struct {
	// ID stays the same when the history is judged again.
	ID string `json:"id"`
	Key
	// Before and From are the IDs of the last record of the old level, and of the first of the new one.
	Before string `json:"before"`
	From   string `json:"from"`
	// Relative tells that Effect, Low and High are shares (0.1 is a tenth more), else differences.
	Relative bool `json:"relative"`
	// Effect is by how much the level is higher than it was, with its 95 % confidence interval.
	Effect float64 `json:"effect"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	P      float64 `json:"p"`
	// Worse tells that it changed for the worse.
	Worse bool `json:"worse"`
	// BeforeCount and AfterCount are how many measures the two levels have.
	BeforeCount int `json:"before_count"`
	AfterCount  int `json:"after_count"`
}

// Level is the level that a series has had since its last change.
type Level struct {
	// From is the place of its first point in the segment, and Count how many it has.
	From, Count int
	// Mean and SD are of the values; SD is NaN of less than two.
	Mean, SD float64
	// Low and High are between which the next measure is expected with the probability Inside; infinite of less than Settled.
	Low, High float64
}

// Judgement is what is said of a series as it is now.
type Judgement struct {
	// Changes are all that are seen in the current segment, in order, with hindsight; those that were told have their ID.
	Changes []Change
	// Level is of the current segment without its last point, and so what that point was held against.
	Level Level
	// New are changes that are to be told: they were suspected, and measured again.
	New []Change
	// Suspected is a change that is not certain: it is to be measured again; nil where there is none.
	Suspected *Change
}

// Judge says what has changed in the current segment of a series. told is what was told of all series until now.
func (s Series) Judge(told []Told) Judgement { return s.judge(s.Current, told) }

func (s Series) judge(segment int, told []Told) Judgement {
	v := viewOf(s, segment, told)
	found := v.changes(maxP)
	tellings := v.tellings(found)
	j := Judgement{Level: v.level()}
	for i, c := range found {
		made := v.change(c, tellings[i])
		j.Changes = append(j.Changes, made)
		if tellings[i] == nil && v.certain(found, i) {
			j.New = append(j.New, made)
		}
	}
	if c, ok := v.suspected(j.Level); ok && len(j.New) == 0 {
		made := v.change(c, nil)
		j.Suspected = &made
	}
	return j
}
