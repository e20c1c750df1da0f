package release

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestFlagsOfBuiltInEtcd(t *testing.T) {
	names, err := Flags(t.Context(), itself(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(names) < 80 || names[0] != "name" || !slices.Contains(names, "feature-gates") || slices.Contains(names, "version") {
		t.Errorf("%d flags: %q", len(names), names)
	}
}

// What no etcd is asked for cannot be answered as etcd does.
func TestFlagsOfSomethingElse(t *testing.T) {
	for name, test := range map[string]struct {
		argv []string
		want string
	}{
		"no command":     {nil, "no command is given"},
		"no such file":   {[]string{"/nowhere/etcd"}, "no such file"},
		"another answer": {[]string{"true"}, "does not answer as etcd does"},
	} {
		t.Run(name, func(t *testing.T) {
			if names, err := Flags(t.Context(), test.argv, nil); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q (%q)", err, test.want, names)
			}
		})
	}
	for want, argv := range map[string][]string{
		"neither refused its flags nor missed": {"true"},
		"did not say why":                      {"false"},
		"spare: this etcd has no such flag":    append(itself(), "--spare=1"), // not one of those that are checked
	} {
		if faults, err := CheckFlags(t.Context(), argv, []Flag{{"snapshot-count", "1"}}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v", argv, faults, err)
		}
	}
}

func TestCheckFlagsOfBuiltInEtcd(t *testing.T) {
	for name, test := range map[string]struct {
		flags []Flag
		env   []string
		want  []Fault
	}{
		"none": {},
		"good ones": {
			flags: []Flag{
				{"snapshot-count", "5000"},
				{"heartbeat-interval", "50"},
				{"election-timeout", "500"},
				{"pre-vote", "false"},
				{"auto-compaction-mode", "periodic"},
				{"auto-compaction-retention", "1h"},
				{"feature-gates", "CompactHashCheck=true"},
				{"backend-batch-interval", "10ms"},
				{"quota-backend-bytes", "8589934592"},
				{"log-level", "warn"},
				{"auto-tls", "true"},
			},
		},
		"good ones that log nothing":  {flags: []Flag{{"log-level", "fatal"}, {"snapshot-count", "1"}}},
		"good ones in another format": {flags: []Flag{{"log-format", "console"}}},
		"those that the check sets":   {flags: []Flag{{"data-dir", "/tmp/x"}, {"listen-client-urls", "http://127.0.0.1:0"}, {"log-outputs", "/tmp/x"}}},
		"unknown": {
			flags: []Flag{{"snapshot-count", "1"}, {"snapshot-cuont", "1"}},
			want:  []Fault{{Flag: "snapshot-cuont", Message: "this etcd has no such flag"}},
		},
		"unknown under its old name": {
			flags: []Flag{{"experimental-compaction-batch-limit", "1"}},
			want:  []Fault{{Flag: "experimental-compaction-batch-limit", Message: `this etcd has no such flag: here it is called "compaction-batch-limit"`}},
		},
		"duration": {
			flags: []Flag{{"backend-batch-interval", "ten"}},
			want:  []Fault{{Flag: "backend-batch-interval", Message: `invalid value "ten": parse error`}},
		},
		"number": {
			flags: []Flag{{"snapshot-count", "many for flag -x: y"}},
			want:  []Fault{{Flag: "snapshot-count", Message: `invalid value "many for flag -x: y": parse error`}},
		},
		"boolean": {
			flags: []Flag{{"pre-vote", "perhaps"}},
			want:  []Fault{{Flag: "pre-vote", Message: `invalid boolean value "perhaps": parse error`}},
		},
		"feature gate": {
			flags: []Flag{{"feature-gates", "NoSuchGate=true"}},
			want:  []Fault{{Flag: "feature-gates", Message: `invalid value "NoSuchGate=true": unrecognized feature gate: NoSuchGate`}},
		},
		"feature gates that do not go together": {
			flags: []Flag{{"snapshot-count", "1"}, {"feature-gates", "LeaseCheckpointPersist=true"}},
			want:  []Fault{{Flag: "feature-gates", Message: "enabling feature gate LeaseCheckpointPersist requires enabling feature gate LeaseCheckpoint"}},
		},
		"named by a word of its own": {
			flags: []Flag{{"auto-compaction-mode", "never"}},
			want:  []Fault{{Flag: "auto-compaction-mode", Message: `unknown auto-compaction-mode "never"`}},
		},
		"judged after the listeners": {
			flags: []Flag{{"snapshot-count", "1"}, {"auto-compaction-retention", "ever"}},
			want:  []Fault{{Flag: "auto-compaction-retention", Message: `error parsing CompactionRetention: time: invalid duration "ever"`}},
		},
		"log level": {
			flags: []Flag{{"log-level", "loud"}},
			want:  []Fault{{Flag: "log-level", Message: `unrecognized level: "loud"`}},
		},
		"cipher suite": {
			flags: []Flag{{"cipher-suites", "ROT13"}, {"snapshot-count", "1"}},
			want:  []Fault{{Flag: "cipher-suites", Message: `unexpected TLS cipher suite "ROT13"`}},
		},
		"TLS version": {
			flags: []Flag{{"tls-min-version", "TLS9"}, {"snapshot-count", "1"}},
			want:  []Fault{{Flag: "tls-min-version", Message: `unexpected TLS version "TLS9" (must be one of: TLS1.2, TLS1.3)`}},
		},
		"told by a log level that says nothing": {
			flags: []Flag{{"log-level", "fatal"}, {"compact-hash-check-time", "-1s"}},
			want:  []Fault{{Flag: "compact-hash-check-time", Message: "--compact-hash-check-time must be >0 (set to -1s)"}},
		},
		"told in another format": {
			flags: []Flag{{"log-format", "console"}, {"auto-compaction-mode", "never"}},
			want:  []Fault{{Flag: "auto-compaction-mode", Message: `unknown auto-compaction-mode "never"`}},
		},
		"two that do not go together are one fault": {
			flags: []Flag{{"heartbeat-interval", "500"}, {"election-timeout", "1500"}},
			want:  []Fault{{Flag: "election-timeout", Message: "--election-timeout[1500ms] should be at least as 5 times as --heartbeat-interval[500ms]"}},
		},
		"all at once, in order": {
			flags: []Flag{{"log-level", "loud"}, {"x", "1"}, {"pre-vote", "q"}, {"config-file", "/x"}, {"auto-compaction-mode", "q"}, {"--y", "1"}, {"help", ""}},
			want: []Fault{
				{Flag: "log-level", Message: `unrecognized level: "loud"`},
				{Flag: "x", Message: "this etcd has no such flag"},
				{Flag: "pre-vote", Message: `invalid boolean value "q": parse error`},
				{Flag: "config-file", Message: "etcd would read its flags from the file and no others: write them out"},
				{Flag: "auto-compaction-mode", Message: `unknown auto-compaction-mode "q"`},
				{Flag: "--y", Message: "not the name of a flag: it is written without dashes and without its value"},
				{Flag: "help", Message: "etcd would answer and not run"},
			},
		},
		"of the environment that is given": {
			env:  []string{"ETCD_PRE_VOTE=q"},
			want: []Fault{{Message: `invalid value "q" for ETCD_PRE_VOTE: parse error`}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("ETCD_NAME", "") // not parallel: these variables must not be seen
			t.Setenv("ETCD_SNAPSHOT_COUNT", "q")
			temporary := t.TempDir()
			t.Setenv("TMPDIR", temporary)
			got, err := CheckFlags(t.Context(), itself(), test.flags, test.env)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreFields(Fault{}, "Known"), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			for _, f := range got {
				if strings.Contains(f.Message, "no such flag") != slices.Contains(f.Known, "snapshot-count") {
					t.Errorf("%s: %s: known are %q", f.Flag, f.Message, f.Known)
				}
			}
			if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
				t.Errorf("left: %v (%v)", left, err)
			}
		})
	}
}

// An etcd that does not end is ended, and a check that is given up leaves nothing.
func TestCheckFlagsGivenUp(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	if faults, err := CheckFlags(ctx, itself(), nil, nil); !errors.Is(err, why) {
		t.Errorf("%v, %v", faults, err)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("left: %v (%v)", left, err)
	}
}

func BenchmarkCheckFlags(b *testing.B) {
	flags := []Flag{{"snapshot-count", "5000"}, {"heartbeat-interval", "50"}, {"election-timeout", "500"}}
	for b.Loop() {
		if faults, err := CheckFlags(b.Context(), itself(), flags, nil); err != nil || len(faults) > 0 {
			b.Fatal(faults, err)
		}
	}
}
