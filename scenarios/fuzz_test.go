package scenarios_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// addFiles makes seeds of the files that the patterns match.
func addFiles(f *testing.F, patterns ...string) {
	f.Helper()
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("no files %s: %v", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text, "workload.churn.arrival.rate=5/s")
		}
	}
}

// FuzzParseScenario holds that no text makes the parser panic, that what is
// wrong is told with its place, and that what is right reads back.
func FuzzParseScenario(f *testing.F) {
	addFiles(f, "library/scenarios/*.toml", "testdata/bad/scenario-*.toml")
	f.Add([]byte("[workload.w]\nkind='watch'\nresource='pods'\n"), "description=\"\\u0001\"")
	f.Add([]byte("[workload.w]\nkind='watch'\nresource='pods'\n[action.a]\nat='1s'\ndo='partition'\nmembers=['m1','leader']\nfor='3s'\n"+
		"[action.b]\nat='2s'\ndo='slow-disk'\nmember='all'\nfsync_delay={p50='1ms',p99='9ms',stall={every='10s',for='1s'}}\n"), "action.a.at=2s")
	f.Fuzz(func(t *testing.T, text []byte, set string) {
		s, err := scenarios.ParseScenario("fuzz.toml", text, []string{set})
		if err != nil {
			checkFaults(t, err)
			return
		}
		encoded := scenarios.EncodeScenario(s)
		back, err := scenarios.ParseScenario("other.toml", encoded, nil)
		if diff := cmp.Diff(s, back); err != nil || diff != "" {
			t.Fatalf("%v, (-want +got)\n%s\nin\n%s", err, diff, encoded)
		}
	})
}

// FuzzParseConfiguration is FuzzParseScenario for configurations.
func FuzzParseConfiguration(f *testing.F) {
	addFiles(f, "library/configurations/*.toml", "testdata/bad/configuration-*.toml")
	f.Add([]byte("endpoints=['http://a:1']\n[telemetry]\nevery='2s'\nurls=['http://a:2/metrics']\n"), "telemetry.every=0s")
	f.Add([]byte("[etcd]\nheartbeat-interval='50ms'\ncors=['a','b']\nquota-backend-bytes='8GiB'\npre-vote=true\n"), "members=3")
	f.Fuzz(func(t *testing.T, text []byte, set string) {
		c, err := scenarios.ParseConfiguration("fuzz.toml", text, []string{set})
		if err != nil {
			checkFaults(t, err)
			return
		}
		encoded := scenarios.EncodeConfiguration(c)
		back, err := scenarios.ParseConfiguration("other.toml", encoded, nil)
		if diff := cmp.Diff(c, back); err != nil || diff != "" {
			t.Fatalf("%v, (-want +got)\n%s\nin\n%s", err, diff, encoded)
		}
	})
}

func checkFaults(t *testing.T, err error) {
	t.Helper()
	var faults scenarios.Faults
	if !errors.As(err, &faults) || len(faults) == 0 {
		t.Fatalf("error %v of type %T, want Faults", err, err)
	}
	for _, fault := range faults {
		inFile := fault.Where == "fuzz.toml" && fault.Line > 0 && fault.Column > 0
		inSet := strings.HasPrefix(fault.Where, "--set ") && fault.Line == 0
		if fault.Message == "" || !inFile && !inSet {
			t.Errorf("fault without place or message: %+v", fault)
		}
	}
}
