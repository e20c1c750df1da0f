package scenarios

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Schema is the JSON Schema (draft 2020-12) of scenario files, for editors. It
// is what the readers of this package ask for while they read, so that it
// cannot differ from what is accepted; what it cannot say, such as which of two
// keys exclude each other, is told when a file is validated.
func Schema() ([]byte, error) {
	top := &shape{}
	d := &document{}
	readScenario(&table{doc: d, shape: top, values: map[string]any{"setup": map[string]any{"pods": map[string]any{}}}})
	workload := map[string]any{
		"type": "object", "required": []string{"kind"},
		"properties": map[string]any{"kind": map[string]any{"enum": KindNames(), "description": "what the workload does"}},
	}
	var each []any
	for _, k := range kinds {
		each = append(each, map[string]any{
			"if":   map[string]any{"properties": map[string]any{"kind": map[string]any{"const": k.name}}},
			"then": k.shape().schema(),
		})
	}
	workload["allOf"] = each
	top.child("setup").others().required = nil // a count follows from [cluster] for some
	schema := top.schema()
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "a scenario of etcd-dyno"
	properties, ok := schema["properties"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the schema of scenarios has no properties, but %v", schema["properties"])
	}
	properties["workload"] = map[string]any{"type": "object", "minProperties": 1, "additionalProperties": workload}
	properties["action"] = map[string]any{"type": "object", "additionalProperties": actionSchema()}
	schema["required"] = []string{"workload"}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(schema); err != nil {
		return nil, fmt.Errorf("encoding the schema of scenarios: %w", err)
	}
	return out.Bytes(), nil
}

// actionSchema is the schema of one [action.NAME].
func actionSchema() map[string]any {
	var each []any
	for _, k := range actionKinds {
		each = append(each, map[string]any{
			"if":   map[string]any{"properties": map[string]any{"do": map[string]any{"const": k.name}}},
			"then": k.shape().schema(),
		})
	}
	return map[string]any{
		"type": "object", "required": []string{"at", "do"}, "allOf": each,
		"properties": map[string]any{"do": map[string]any{"enum": ActionNames(), "description": "what happens"}},
	}
}

// shape is what a reader has asked a table for: a node of the schema.
type shape struct {
	fragment   map[string]any
	properties map[string]*shape
	additional *shape
	required   []string
	// choices are the keys whose value decides what else is read, by their path from here.
	choices map[string][]string
}

// child is the shape of a key.
func (s *shape) child(key string) *shape {
	if s == nil {
		return nil
	}
	if s.properties == nil {
		s.properties = map[string]*shape{}
	}
	if s.properties[key] == nil {
		s.properties[key] = &shape{}
	}
	return s.properties[key]
}

// others is the shape of all keys of a table whose keys are names.
func (s *shape) others() *shape {
	if s == nil {
		return nil
	}
	if s.additional == nil {
		s.additional = &shape{}
	}
	return s.additional
}

// say notes what a value of a key may be.
func (s *shape) say(key string, fragment map[string]any) {
	if s != nil {
		s.child(key).fragment = fragment
	}
}

// require notes that a key must be there.
func (s *shape) require(key string) {
	if s != nil && !slices.Contains(s.required, key) {
		s.required = append(s.required, key)
	}
}

// choose notes the values of a key that is one of several.
func (s *shape) choose(key string, values []string) {
	if s == nil {
		return
	}
	s.say(key, map[string]any{"enum": values})
	if s.choices == nil {
		s.choices = map[string][]string{}
	}
	s.choices[key] = values
}

// schema is the shape as JSON Schema.
func (s *shape) schema() map[string]any {
	if s.properties == nil && s.additional == nil {
		if s.fragment == nil {
			return map[string]any{}
		}
		return s.fragment
	}
	all := map[string]any{"type": "object", "additionalProperties": false}
	if s.properties != nil {
		properties := map[string]any{}
		for key, below := range s.properties {
			properties[key] = below.schema()
		}
		all["properties"] = properties
	}
	if s.additional != nil {
		all["additionalProperties"] = s.additional.schema()
	}
	if len(s.required) > 0 {
		slices.Sort(s.required)
		all["required"] = s.required
	}
	if s.fragment != nil { // a table, or something shorter
		return map[string]any{"anyOf": []any{s.fragment, all}}
	}
	return all
}

// shape is what a kind's table may have: all that is read in any of its variants.
func (k kindEntry) shape() *shape {
	all := &shape{}
	read := func(values map[string]any) {
		values["kind"] = k.name
		d := &document{} // its faults are of no interest
		readWorkload(&table{doc: d, path: []string{"workload", "w"}, values: values, shape: all}, nil, given{})
	}
	read(map[string]any{})
	all.required = nil // that a key is missing is told where it is; some follow from [cluster]
	for key, below := range maps.Clone(all.properties) {
		for _, value := range all.choices[key] {
			read(map[string]any{key: value})
		}
		for inner, values := range below.choices {
			for _, value := range values {
				read(map[string]any{key: map[string]any{inner: value}})
			}
		}
	}
	if k.arrives {
		read(map[string]any{"arrival": map[string]any{"process": string(Closed)}})
		for _, s := range shapes() {
			read(map[string]any{"arrival": map[string]any{string(s.key): map[string]any{}}})
		}
	}
	for _, below := range all.properties {
		below.required = nil
	}
	all.properties["kind"] = &shape{fragment: map[string]any{"const": k.name, "description": k.about}}
	return all
}

// KindNames are the names of all kinds in order.
func KindNames() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}

// The texts of quantities, as JSON Schema has them.
func durationShape() map[string]any {
	return map[string]any{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`, "examples": []string{"250ms", "1m30s"}}
}

func rateShape() map[string]any {
	return map[string]any{"type": "string", "pattern": `^[0-9]+(\.[0-9]+)? ?/(s|min|h)$`, "examples": []string{"500/s", "30/min"}}
}

func sizeShape() map[string]any {
	return map[string]any{"type": "string", "pattern": `^[0-9]+(\.[0-9]+)? ?(B|KB|KiB|MB|MiB|GB|GiB)$`, "examples": []string{"4KiB", Size(6800).String()}}
}

func bandwidthShape() map[string]any {
	return map[string]any{"type": "string", "pattern": `^[0-9]+(\.[0-9]+)? ?(B|KB|KiB|MB|MiB|GB|GiB|Kbit|Mbit|Gbit)/s$`, "examples": []string{"10Mbit/s", "1MiB/s"}}
}

func percentShape() map[string]any {
	return map[string]any{"type": "string", "pattern": `^[0-9]+(\.[0-9]+)? ?%$`, "examples": []string{"10%"}}
}

func textsShape() map[string]any {
	return map[string]any{"type": "array", "items": map[string]any{"type": "string"}}
}

func rangeShape(kind string, least, most any) map[string]any {
	return map[string]any{"type": kind, "minimum": least, "maximum": most}
}

// spanShape is a duration between two, which are told in words.
func spanShape(least, most string) map[string]any {
	s := durationShape()
	s["description"] = fmt.Sprintf("from %s to %s", least, most)
	return s
}
