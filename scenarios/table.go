package scenarios

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
)

// table is one table of a document while it is read. Each method takes one
// key; what is wrong with its value becomes a fault of the document, and the
// fallback is returned so that reading goes on. A key that is not there is the
// fallback too. At the end, unknown finds the keys that nobody asked for.
type table struct {
	doc    *document
	path   toml.Key
	values map[string]any
	// known are the keys asked for, in order.
	known []string
	// refused are keys that refuse told about.
	refused []string
	// shape is told what is asked for; nil unless a schema is made.
	shape *shape
}

// fault adds a fault at a key of the table.
func (t *table) fault(key, format string, args ...any) {
	t.doc.fault(t.at(key), "%s %s", key, fmt.Sprintf(format, args...))
}

// faultHere adds a fault at the table itself.
func (t *table) faultHere(format string, args ...any) {
	t.doc.fault(t.path, format, args...)
}

// at is the path of a key of the table.
func (t *table) at(key string) toml.Key {
	return append(slices.Clip(t.path), key)
}

// take returns a key's value and remembers that it is known.
func (t *table) take(key string) (any, bool) {
	if !slices.Contains(t.known, key) {
		t.known = append(t.known, key)
	}
	value, ok := t.values[key]
	return value, ok
}

// has reports whether the key was written.
func (t *table) has(key string) bool {
	_, ok := t.values[key]
	return ok
}

// require adds a fault if the key was not written. The example says what to write.
func (t *table) require(key, example string) bool {
	if t.shape.require(key); t.has(key) || t.shape != nil {
		return true
	}
	t.faultHere("%s is missing; write %s", key, example)
	return false
}

// derive notes that a key that was not written has a value that follows from others, and why.
func (t *table) derive(key, value, why string) {
	t.doc.derived = append(t.doc.derived, Derivation{Key: t.at(key).String(), Value: value, Why: why})
}

// refuse adds a fault if a key was written that means something, but not here or not yet.
func (t *table) refuse(key, format string, args ...any) {
	if t.has(key) {
		t.refused = append(t.refused, key)
		t.fault(key, format, args...)
	}
}

// faultElement adds a fault at an element of an array.
func (t *table) faultElement(key string, i int, format string, args ...any) {
	path := t.at(key)
	t.doc.faultOf(path, element(path, i), "%s[%d] %s", key, i, fmt.Sprintf(format, args...))
}

// unknown adds a fault for each key that no method asked for.
func (t *table) unknown() {
	for _, key := range sorted(t.values) {
		if slices.Contains(t.known, key) || slices.Contains(t.refused, key) {
			continue
		}
		where := "at the top of the file"
		if len(t.path) > 0 {
			where = "in [" + t.path.String() + "]"
		}
		t.doc.fault(t.at(key), "unknown key %q %s%s; known: %s",
			key, where, nearest.Hint(key, t.known), strings.Join(t.known, ", "))
	}
}

// sub is the table of that key, an empty one if it was not written or is none.
func (t *table) sub(key string) *table {
	below := &table{doc: t.doc, path: t.at(key), shape: t.shape.child(key)}
	value, ok := t.take(key)
	if !ok {
		return below
	}
	values, ok := value.(map[string]any)
	if !ok {
		t.fault(key, "must be a table [%s], not %s", below.path, describe(value))
		return below
	}
	below.values = values
	return below
}

// named are the tables below a key in order of their names, which become names
// of workloads or populations.
func (t *table) named(key string) []*table {
	if value, ok := t.values[key]; ok {
		if tables, ok := value.([]map[string]any); ok && len(tables) > 0 {
			t.take(key)
			t.doc.fault(t.at(key), "each %[1]s has a name: write [%[1]s.NAME], not [[%[1]s]]", key)
			return nil
		}
	}
	parent := t.sub(key)
	var all []*table
	for _, name := range sorted(parent.values) {
		if reason := badName(name); reason != "" {
			parent.doc.fault(parent.at(name), "%s name %q %s", key, name, reason)
			continue
		}
		below := parent.sub(name)
		if below.shape = parent.shape.others(); parent.shape != nil {
			delete(parent.shape.properties, name) // the name is the user's
		}
		if _, isTable := parent.values[name].(map[string]any); isTable {
			all = append(all, below)
		}
	}
	return all
}

// name is the last part of the table's path.
func (t *table) name() string { return t.path[len(t.path)-1] }

// nameForm is what a name looks like.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// badName says what is wrong with a name, or nothing.
func badName(name string) string {
	if nameForm.MatchString(name) {
		return ""
	}
	return "is not allowed; a name is 1 to 64 letters, digits, - and _"
}
