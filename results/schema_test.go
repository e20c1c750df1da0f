package results

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/invopop/jsonschema"
)

var update = flag.Bool("update", false, "write golden files anew")

// The published schema of result.json says what the types say; -update writes it anew.
func TestSchemaIsUpToDate(t *testing.T) {
	const file = "result.schema.json"
	r := jsonschema.Reflector{Mapper: mapNumbers, AllowAdditionalProperties: true}
	if err := r.AddGoComments("github.com/etcd-dyno/etcd-dyno/results", "."); err != nil {
		t.Fatal(err)
	}
	s := r.Reflect(&Result{})
	s.ID, s.Title, s.Description = "", ResultSchema, "The summary of one run of etcd-dyno. Durations are milliseconds, rates are per second, sizes bytes."
	got, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the types say; run the test with -update", file)
	}
}

// mapNumbers says of a pointer to a number that it may be null: too few samples, or not known.
func mapNumbers(t reflect.Type) *jsonschema.Schema {
	if t.Kind() != reflect.Pointer || t.Elem() == reflect.TypeFor[time.Time]() {
		return nil
	}
	number := map[reflect.Kind]string{reflect.Float64: "number", reflect.Int64: "integer"}[t.Elem().Kind()]
	if number == "" {
		return nil
	}
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: number}, {Type: "null"}}}
}
