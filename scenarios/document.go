package scenarios

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// maxFile is the largest file that is read, in bytes.
const maxFile = 256 << 10

// document is a TOML file with its --set values, while it is read. It collects
// every fault, so that all are told at once.
type document struct {
	file   string
	text   string
	places index
	sets   []set
	root   map[string]any
	faults Faults
	// derived are the values that follow from others.
	derived []Derivation
}

// Derivation is a value that a scenario does not state and that follows from what it states.
type Derivation struct {
	// Key is dotted, as in "workload.heartbeats.nodes".
	Key string `json:"key"`
	// Value is as a file has it, Why a sentence.
	Value string `json:"value"`
	Why   string `json:"why"`
}

// readDocument parses a file and puts the sets over it. Of a file that is no
// TOML the error is the only fault; a wrong set is one fault among others.
// The prefix stands before sets in messages.
func readDocument(file string, text []byte, prefix string, sets []string) (*document, error) {
	d := &document{file: file, text: strings.TrimPrefix(string(text), "\ufeff")}
	if !d.parse() {
		return nil, d.faults.err()
	}
	d.places = indexKeys(d.text)
	for _, s := range sets {
		d.apply(prefix, s)
	}
	return d, nil
}

// parse decodes the text, or adds the fault for which it is no TOML.
func (d *document) parse() bool {
	if len(d.text) > maxFile {
		d.faultAt(0, "the file has %d bytes; at most %d are read", len(d.text), maxFile)
		return false
	}
	if at, deep := tooDeep(d.text); deep {
		d.faultAt(at, "nested more than %d deep", maxDepth)
		return false
	}
	root, err := decode(d.text)
	if err == nil {
		d.root = root
		return true
	}
	if syntax, ok := errors.AsType[toml.ParseError](err); ok {
		d.faultAt(place(syntax.Position.Start), "not TOML: %s", syntax.Message)
	} else {
		d.faultAt(0, "not TOML: %v", err)
	}
	return false
}

// decode parses a TOML text into plain maps.
func decode(text string) (root map[string]any, err error) {
	// The parser panics where it finds a bug of its own; no text may do that to us.
	defer func() {
		if r := recover(); r != nil {
			root, err = nil, fmt.Errorf("%v", r)
		}
	}()
	if !utf8.ValidString(text) {
		at := 0
		for i, r := range text {
			if r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)) {
				at = i
				break
			}
		}
		return nil, toml.ParseError{Message: "a byte that is not UTF-8", Position: toml.Position{Start: at}}
	}
	_, err = toml.Decode(text, &root)
	return root, err
}

// faultAt adds a fault at a place of the text.
func (d *document) faultAt(at place, format string, args ...any) {
	line, column := lineColumn(d.text, at)
	d.faults = append(d.faults, Fault{Where: d.file, Line: line, Column: column, Message: fmt.Sprintf(format, args...)})
}

// fault adds a fault at a path, or, if that was not written, at the nearest
// table above it. What came from a --set is at fault there.
func (d *document) fault(path toml.Key, format string, args ...any) {
	d.faultOf(path, path.String(), format, args...)
}

// faultOf is fault for something within the value at the path, such as an
// array's element, that has a place of its own.
func (d *document) faultOf(path toml.Key, own, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	for _, s := range slices.Backward(d.sets) {
		if s.covers(path) {
			d.faults = append(d.faults, Fault{Where: s.label, Message: message})
			return
		}
	}
	at, known := d.places[own]
	for ; !known && len(path) > 0; path = path[:len(path)-1] {
		at, known = d.places[path.String()]
	}
	d.faultAt(at, "%s", message)
}

// order compares two paths by where they stand in the file; what a --set brought comes last.
func (d *document) order(a, b toml.Key) int {
	x, written := d.places[a.String()]
	y, other := d.places[b.String()]
	switch {
	case written && other:
		return int(x - y)
	case written:
		return -1
	case other:
		return 1
	default:
		return 0
	}
}

// table is the whole document as a table.
func (d *document) table() *table {
	return &table{doc: d, values: d.root}
}

// has reports whether a value was written at the path.
func (d *document) has(path toml.Key) bool {
	values, isTable := d.root, true
	var value any
	for _, key := range path {
		if !isTable {
			return false
		}
		if value, isTable = values[key]; !isTable {
			return false
		}
		values, isTable = value.(map[string]any)
	}
	return value != nil
}

// sorted returns a map's keys in order.
func sorted[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
