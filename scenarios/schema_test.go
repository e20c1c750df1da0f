package scenarios_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

const schemaFile = "scenario.schema.json"

// The published schema is the one that the readers make; run with -update to write it.
func TestSchemaIsUpToDate(t *testing.T) {
	t.Parallel()
	made, err := scenarios.Schema()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		writeFile(t, schemaFile, string(made))
	}
	if published, err := os.ReadFile(schemaFile); err != nil || !bytes.Equal(made, published) {
		t.Errorf("%s is not what the readers ask for (%v); run the test with -update", schemaFile, err)
	}
}

// The schema takes every scenario that is right, and of those that are wrong it
// finds what an editor can know: unknown keys, kinds, units.
func TestSchema(t *testing.T) {
	t.Parallel()
	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	read := func(file string) any {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var value map[string]any
		if _, err := toml.Decode(string(text), &value); err != nil {
			return nil
		}
		return plain(value)
	}
	right, err := filepath.Glob("library/scenarios/*.toml")
	if err != nil || len(right) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range right {
		if err := schema.Validate(read(file)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		resolved := filepath.Join(t.TempDir(), "resolved.toml")
		s, err := scenarios.LoadScenario(strings.TrimSuffix(filepath.Base(file), ".toml"), nil)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, resolved, string(scenarios.EncodeScenario(s)))
		if err := schema.Validate(read(resolved)); err != nil {
			t.Errorf("%s, resolved: %v", file, err)
		}
	}
	wrong, err := filepath.Glob("testdata/bad/scenario-*.toml")
	if err != nil || len(wrong) == 0 {
		t.Fatalf("no bad scenarios: %v", err)
	}
	found := 0
	for _, file := range wrong {
		if value := read(file); value != nil && schema.Validate(value) != nil {
			found++
		}
	}
	if found < len(wrong)/2 {
		t.Errorf("the schema finds %d of %d wrong scenarios", found, len(wrong))
	}
	t.Logf("the schema finds %d of %d wrong scenarios", found, len(wrong))
}

// plain turns TOML's arrays of tables and integers into what the validator knows.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, below := range v {
			v[key] = plain(below)
		}
		return v
	case []map[string]any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = plain(v[i])
		}
		return all
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
		return v
	case float64:
		if math.IsNaN(v) {
			return "nan" // which JSON does not have
		}
		return v
	default:
		return v
	}
}
