package linear

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

// register is the state of a key.
type register struct {
	// known is false at first: what was there before is not known.
	known, present bool
	// revision is the key's mod revision, or where it was deleted the deletion's as
	// far as that is known. It is only above it where loose: a write of unknown
	// outcome has been applied, and nobody was told its revision.
	revision int64
	loose    bool
	value    uint64
}

// step is what a request may leave of a register, given its answer; nothing where
// it cannot have been answered so.
func step(now register, a asked, got answer) []register {
	if got.unknown {
		return unknown(now, a)
	}
	switch {
	case a.verb == read:
		return observed(now, got.found)
	case got.refused && a.reads:
		if a.meets(got.found) {
			return nil
		}
		return observed(now, got.found)
	case got.refused:
		if now.known && !now.loose && a.meets(now) {
			return nil
		}
		return []register{now}
	}
	if a.guarded && !mayMeet(now, a) {
		return nil
	}
	return written(now, a, got)
}

// meets reports whether the condition holds of a register that is known.
func (a asked) meets(r register) bool {
	if a.guard == 0 {
		return !r.present
	}
	return r.present && r.revision == a.guard
}

// mayMeet reports whether the condition may hold.
func mayMeet(now register, a asked) bool {
	switch {
	case !now.known:
		return true
	case a.guard == 0:
		return !now.present
	case now.loose:
		return now.present && a.guard > now.revision
	default:
		return a.meets(now)
	}
}

// observed is a register that was read: what was found must be what there is.
func observed(now, found register) []register {
	switch {
	case !now.known:
	case now.present != found.present:
		return nil
	case !now.present:
		return []register{now}
	case now.loose && (found.revision <= now.revision || found.value != now.value):
		return nil
	case !now.loose && (found.revision != now.revision || found.value != now.value):
		return nil
	}
	return []register{found}
}

// written is a register after a write that was acknowledged.
func written(now register, a asked, got answer) []register {
	if got.revision == 0 { // a deletion that found nothing
		if now.known && now.present {
			return nil
		}
		return []register{{known: true, revision: now.revision}}
	}
	if now.known && got.revision <= now.revision || a.verb == remove && now.known && !now.present {
		return nil
	}
	return []register{{known: true, present: a.verb == put, revision: got.revision, value: a.value}}
}

// unknown is what a write may have left that nobody was told the outcome of: nothing, or what it was to.
func unknown(now register, a asked) []register {
	if a.guarded && !mayMeet(now, a) {
		return []register{now}
	}
	applied := register{known: true, present: a.verb == put, revision: max(now.revision, a.guard), loose: a.verb == put, value: a.value}
	if applied == now {
		return []register{now}
	}
	return []register{now, applied}
}

// model is the register as porcupine has it.
func model() porcupine.Model {
	m := porcupine.NondeterministicModel{
		Init: func() []any { return []any{register{}} },
		Step: func(state, input, output any) []any {
			var next []any
			for _, r := range step(state.(register), input.(asked), output.(answer)) {
				next = append(next, r)
			}
			return next
		},
		Equal:             func(a, b any) bool { return a == b },
		DescribeOperation: func(input, output any) string { return describe(input.(asked), output.(answer)) },
		DescribeState:     func(state any) string { return fmt.Sprintf("%+v", state) },
	}
	return m.ToModel()
}

// describe says what was asked and answered, for the picture.
func describe(a asked, got answer) string {
	what := [...]string{read: "get", put: "put", remove: "delete"}[a.verb]
	if a.verb == put {
		what += fmt.Sprintf(" %x", a.value>>48)
	}
	if a.guarded {
		what += fmt.Sprintf(" if rev=%d", a.guard)
	}
	switch {
	case got.unknown:
		return what + " → ?"
	case got.refused && !a.reads:
		return what + " → no"
	case got.refused, a.verb == read:
		if !got.found.present {
			return what + " → absent"
		}
		return fmt.Sprintf("%s → %x at rev %d", what, got.found.value>>48, got.found.revision)
	default:
		return fmt.Sprintf("%s → rev %d", what, got.revision)
	}
}
