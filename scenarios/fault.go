package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing that is wrong with what the user wrote.
type Fault struct {
	// Where is the file's name, or `--set path=value`; empty if neither is at fault.
	Where string `json:"where,omitempty"`
	// Line and Column begin at 1, in characters; 0 where there is no line.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Message says what is wrong and what was expected.
	Message string `json:"message"`
}

// String is "file:line:column: message", or as much of it as is known.
func (f Fault) String() string {
	switch {
	case f.Where == "":
		return f.Message
	case f.Line == 0:
		return f.Where + ": " + f.Message
	default:
		return fmt.Sprintf("%s:%d:%d: %s", f.Where, f.Line, f.Column, f.Message)
	}
}

// Faults is everything that is wrong with a file or a name, in order of the
// lines; what came from --set stands last. It is the type of every error that
// this package returns, and is never empty as an error. Each fault is the
// user's: nothing was sent anywhere.
type Faults []Fault //nolint:errname // several faults, not one error

// Error tells one fault a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.String()
	}
	return strings.Join(lines, "\n")
}

// err is the faults in order as an error, nil if there are none.
func (f Faults) err() error {
	if len(f) == 0 {
		return nil
	}
	slices.SortStableFunc(f, func(a, b Fault) int {
		return cmp.Or(
			cmp.Compare(boolInt(a.Line == 0), boolInt(b.Line == 0)),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
		)
	})
	return slices.Compact(f)
}

// boolInt is 1 for true.
func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// faultf is a single fault as an error.
func faultf(where, format string, args ...any) error {
	return Faults{{Where: where, Message: fmt.Sprintf(format, args...)}}
}
