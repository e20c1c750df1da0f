package scenarios

import "strconv"

// Choice is how the next key is chosen among those of a workload.
type Choice string

// The choices of keys. All are functions of the seed and the arrival's number.
const (
	// Uniform takes each key as often as any other.
	Uniform Choice = "uniform"
	// Sequential takes one key after the other, round and round.
	Sequential Choice = "sequential"
	// Zipf takes the k-th most popular key with a probability in proportion to
	// k^−Exponent; popular keys lie anywhere.
	Zipf Choice = "zipf"
	// Latest takes keys near the newest, which moves on with each arrival:
	// the k-th before it with the probability of Zipf.
	Latest Choice = "latest"
	// HotSet takes one of the Hot share of keys for Share of all arrivals, and another for the rest.
	HotSet Choice = "hot"
)

// Keys are the keys of a workload.
type Keys struct {
	// Count is the number of distinct keys, between 1 and 10^8.
	Count int
	// Size is the length of each in bytes, between 32 and 4,096, 64 by default.
	Size   int
	Choice Choice
	// Exponent is of Zipf and Latest, above 1 and at most 10; 1.1 by default.
	Exponent float64
	// Hot and Share are of HotSet; 10 % and 90 % by default.
	Hot, Share Percent
}

// readKeys reads { count = 10000, size = "64B", choice = "zipf" }.
func readKeys(t *table) Keys {
	k := readChoice(t)
	k.Count = t.integer("count", 1, 1, maxCount)
	k.Size = int(t.size("size", 64, 32, 4096))
	return k
}

// readChoice reads the choice and what belongs to it.
func readChoice(t *table) Keys {
	k := Keys{Choice: Choice(t.choice("choice", []string{string(Uniform), string(Sequential), string(Zipf), string(Latest), string(HotSet)}))}
	if k.Choice == Zipf || k.Choice == Latest {
		k.Exponent = t.number("exponent", 1.1, 1.001, 10)
	} else {
		t.refuse("exponent", `belongs to choice = "zipf" and "latest"`)
	}
	if k.Choice == HotSet {
		k.Hot, k.Share = t.percent("hot", 10), t.percent("share", 90)
	} else {
		t.refuse("hot", `belongs to choice = "hot"`)
		t.refuse("share", `belongs to choice = "hot"`)
	}
	return k
}

func (k Keys) encode() []pair {
	return append([]pair{{"count", strconv.Itoa(k.Count)}, {"size", quote(Size(k.Size).String())}}, k.encodeChoice()...)
}

func (k Keys) encodeChoice() []pair {
	pairs := []pair{{"choice", quote(string(k.Choice))}}
	switch k.Choice {
	case Zipf, Latest:
		pairs = append(pairs, pair{"exponent", strconv.FormatFloat(k.Exponent, 'f', -1, 64)})
	case HotSet:
		pairs = append(pairs, pair{"hot", quote(k.Hot.String())}, pair{"share", quote(k.Share.String())})
	default:
	}
	return pairs
}
