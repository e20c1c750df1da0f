package linear

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

// Verdict says whether what clients saw was linearizable.
type Verdict struct {
	// Keys and Operations are what was checked.
	Keys, Operations int
	// Faulty are the keys whose answers no order explains, in order.
	Faulty []string
	// Unknown are the keys that could not be judged in the time that there was.
	Unknown int
	// Picture is porcupine's, of the first faulty key; empty where there is none.
	Picture string
	// Full tells that more was to record than Options.Operations.
	Full bool
}

// PictureFile is the name of the picture of a fault.
const PictureFile = "linearizability.html"

// checkTimeout bounds the check of all keys.
const checkTimeout = 30 * time.Second

// Check judges what was recorded so far. The picture of the first fault is made in
// the folder; the error is that it could not be.
func (h *History) Check(ctx context.Context, folder string) (Verdict, error) {
	byKey, v := h.grouped()
	deadline := time.Now().Add(checkTimeout)
	names := make([]string, 0, len(byKey))
	for name := range byKey {
		names = append(names, name)
	}
	slices.Sort(names)
	var failed error
	for _, name := range names {
		left := time.Until(deadline)
		if left <= 0 || ctx.Err() != nil {
			v.Unknown++
			continue
		}
		result, info := porcupine.CheckOperationsVerbose(model(), byKey[name], left)
		switch result {
		case porcupine.Ok:
		case porcupine.Unknown:
			v.Unknown++
		case porcupine.Illegal:
			v.Faulty = append(v.Faulty, name)
			if v.Picture == "" {
				v.Picture = filepath.Join(folder, PictureFile)
				if err := porcupine.VisualizePath(model(), info, v.Picture); err != nil {
					failed = fmt.Errorf("drawing what was seen of %s: %w", name, err)
				}
			}
		}
	}
	return v, failed
}

// grouped are the operations of each key and epoch, as porcupine has them.
func (h *History) grouped() (map[string][]porcupine.Operation, Verdict) {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := Verdict{Full: h.full.Load()}
	byKey := map[string][]porcupine.Operation{}
	keys := map[string]bool{}
	for _, o := range h.done {
		if _, dropped := h.dropped[o.key]; dropped {
			continue
		}
		end := o.end
		if o.answer.unknown {
			end = math.MaxInt64 // it may be done at any later time
		}
		name := o.key
		if o.epoch > 0 {
			name += fmt.Sprintf(" (after %d restores)", o.epoch)
		}
		byKey[name] = append(byKey[name], porcupine.Operation{Input: o.asked, Call: o.call, Output: o.answer, Return: end})
		v.Operations++
		keys[o.key] = true
	}
	v.Keys = len(keys)
	for _, all := range byKey {
		lanes(all)
	}
	return byKey, v
}

// lanes give overlapping operations different clients, for the picture.
func lanes(all []porcupine.Operation) {
	slices.SortFunc(all, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	var until []int64
	for i := range all {
		lane := slices.IndexFunc(until, func(end int64) bool { return end < all[i].Call })
		if lane < 0 {
			lane = len(until)
			until = append(until, 0)
		}
		until[lane] = all[i].Return
		all[i].ClientId = lane
	}
}
