package results_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/history"
)

var update = flag.Bool("update", false, "write golden files anew")

// The published schemas say what the types say; -update writes them anew.
func TestSchemaIsUpToDate(t *testing.T) {
	published(t, "result.schema.json", &results.Result{}, results.ResultSchema, "The summary of one run of etcd-dyno. Durations are milliseconds, rates are per second, sizes bytes.")
	published(t, "comparison.schema.json", &results.Comparison{}, results.ComparisonSchema, "What etcd-dyno says of configurations that it has compared. Times are milliseconds, rates per second, shares from 0 to 1.")
	published(t, "history/history.schema.json", &history.Line{}, history.Schema, "A line of a history of etcd-dyno. Times are milliseconds, rates per second, shares from 0 to 1.")
}

// published holds a schema against a type.
func published(t *testing.T, file string, of any, title, description string) {
	t.Helper()
	r := jsonschema.Reflector{Mapper: mapNumbers, AllowAdditionalProperties: true}
	if err := r.AddGoComments("github.com/etcd-dyno/etcd-dyno/results", "."); err != nil {
		t.Fatal(err)
	}
	s := r.Reflect(of)
	s.ID, s.Title, s.Description = "", title, description
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
	number := map[reflect.Kind]string{reflect.Float64: "number", reflect.Int: "integer", reflect.Int64: "integer"}[t.Elem().Kind()]
	if number == "" {
		return nil
	}
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: number}, {Type: "null"}}}
}
