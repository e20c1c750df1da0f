package lab

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/etcd/pkg/v3/flags"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/rafthttp"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// settable has a value, as a configuration has it, for each flag that may be set: none is etcd's default.
func settable() map[string]string {
	return map[string]string{
		"auth-token":                           `"jwt,sign-method=HS256"`,
		"auth-token-ttl":                       `600`,
		"auto-compaction-mode":                 `"revision"`,
		"auto-compaction-retention":            `"5m"`,
		"backend-batch-interval":               `"1.5ms"`,
		"backend-batch-limit":                  `500`,
		"backend-bbolt-freelist-type":          `"map"`,
		"bcrypt-cost":                          `5`,
		"bootstrap-defrag-threshold-megabytes": `100`,
		"cipher-suites":                        `["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"]`,
		"compact-hash-check-time":              `"90s"`,
		"compaction-batch-limit":               `2000`,
		"compaction-sleep-interval":            `"20ms"`,
		"corrupt-check-time":                   `"2h"`,
		"cors":                                 `["http://a.example:80", "http://b.example:80"]`,
		"distributed-tracing-address":          `"tracing.example:4317"`,
		"distributed-tracing-instance-id":      `"one: #1"`,
		"distributed-tracing-sampling-rate":    `1000`,
		"distributed-tracing-service-name":     `"no"`,
		"downgrade-check-time":                 `"7s"`,
		"election-timeout":                     `"2.5s"`,
		"enable-distributed-tracing":           `true`,
		"enable-grpc-gateway":                  `false`,
		"enable-pprof":                         `true`,
		"feature-gates":                        `["CompactHashCheck=true", "LeaseCheckpoint=true"]`,
		"grpc-keepalive-interval":              `"1h"`,
		"grpc-keepalive-min-time":              `"1s"`,
		"grpc-keepalive-timeout":               `"15s"`,
		"heartbeat-interval":                   `"150ms"`,
		"host-whitelist":                       `["a.example", "b.example"]`,
		"initial-election-tick-advance":        `false`,
		"log-level":                            `"warn"`,
		"max-concurrent-streams":               `250`,
		"max-learners":                         `2`,
		"max-request-bytes":                    `"3MiB"`,
		"max-snapshots":                        `3`,
		"max-txn-ops":                          `256`,
		"max-wals":                             `7`,
		"memory-mlock":                         `true`,
		"metrics":                              `"extensive"`,
		"pre-vote":                             `false`,
		"quota-backend-bytes":                  `"8GiB"`,
		"raft-read-timeout":                    `"9s"`,
		"raft-write-timeout":                   `"8s"`,
		"snapshot-catchup-entries":             `1000`,
		"snapshot-count":                       `20000`,
		"socket-reuse-address":                 `true`,
		"socket-reuse-port":                    `true`,
		"strict-reconfig-check":                `false`,
		"tls-max-version":                      `"TLS1.3"`,
		"tls-min-version":                      `"TLS1.3"`,
		"unsafe-no-fsync":                      `true`,
		"warning-apply-duration":               `"250ms"`,
		"warning-unary-request-duration":       `"1m30s"`,
		"watch-progress-notify-interval":       `"5s"`,
	}
}

// etcdFile is etcd's configuration file of a configuration in TOML.
func etcdFile(t *testing.T, text string) (scenarios.Configuration, scenarios.File) {
	t.Helper()
	c, err := scenarios.ParseConfiguration("lab.toml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := c.Files("A test of it.")
	if err != nil || files[0].Name != scenarios.EtcdFile {
		t.Fatalf("%v, %v", files, err)
	}
	return c, files[0]
}

// fromFile is what etcd makes of a configuration file, by the names of fields.
func fromFile(t *testing.T, text []byte) map[string]any {
	t.Helper()
	path := filepath.Join(t.TempDir(), scenarios.EtcdFile)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := embed.ConfigFromFile(path)
	if err != nil {
		t.Fatalf("%v of:\n%s", err, text)
	}
	return fields(c)
}

// fromFlags is what etcd makes of flags, as server/etcdmain does it.
func fromFlags(t *testing.T, all []scenarios.Flag) map[string]any {
	t.Helper()
	c := embed.NewConfig()
	fs := flag.NewFlagSet("etcd", flag.ContinueOnError)
	c.AddFlags(fs)
	var args []string
	for _, f := range all {
		args = append(args, "--"+f.Name+"="+f.Value)
	}
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	c.CORS = flags.UniqueURLsMapFromFlag(fs, "cors")
	c.HostWhitelist = flags.UniqueStringsMapFromFlag(fs, "host-whitelist")
	c.CipherSuites = flags.StringsFromFlag(fs, "cipher-suites")
	c.MaxConcurrentStreams = flags.Uint32FromFlag(fs, "max-concurrent-streams")
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return fields(c)
}

// fields are those of etcd's settings that can be compared.
func fields(c *embed.Config) map[string]any {
	all := map[string]any{"feature-gates": fmt.Sprint(c.ServerFeatureGate)}
	v := reflect.ValueOf(*c)
	for i := range v.NumField() {
		f, value := v.Type().Field(i), v.Field(i)
		if !f.IsExported() || value.Kind() == reflect.Func {
			continue
		}
		switch f.Name {
		case "ServerFeatureGate", "FlagsExplicitlySet", "ClientTLSInfo", "PeerTLSInfo": // the first is there as text; no configuration names certificates
			continue
		}
		if value.Kind() == reflect.Slice && value.Len() == 0 {
			value = reflect.Zero(value.Type()) // nothing, whether nil or not
		}
		all[f.Name] = value.Interface()
	}
	return all
}

// changed are the names of what differs.
func changed(a, b map[string]any) (names []string) {
	for name := range a {
		if !reflect.DeepEqual(a[name], b[name]) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// A flag in the file is worth what it is on the command line: each for itself, and all that go together.
func TestEtcdFileIsTheFlags(t *testing.T) {
	values, defaults := settable(), fields(embed.NewConfig())
	var without []string
	for _, name := range scenarios.EtcdFlagNames() {
		value, ok := values[name]
		if !ok {
			value = `"x"`
		}
		text := fmt.Sprintf("[tls]\nclient = true\n[etcd]\n%q = %s\n", name, value)
		if !ok {
			if _, err := scenarios.ParseConfiguration("", []byte(text), nil); err == nil || !strings.Contains(err.Error(), "may not be set") {
				t.Errorf("%s may be set, and has no value here: %v", name, err)
			}
			continue
		}
		t.Run(name, func(t *testing.T) {
			c, file := etcdFile(t, text)
			byFile := fromFile(t, file.Text)
			if len(file.Without) > 0 {
				without = append(without, file.Without...)
				if !strings.Contains(string(file.Text), "\n# "+name+" ") || len(changed(defaults, byFile)) > 0 {
					t.Errorf("it is not there, and that is not told:\n%s", file.Text)
				}
				return
			}
			byFlags := fromFlags(t, c.Flags)
			if set := changed(defaults, byFlags); len(set) != 1 {
				t.Errorf("the flag sets %v: this value shows nothing", set)
			}
			for _, field := range changed(byFlags, byFile) {
				t.Errorf("%s is %v by flag, %v by file:\n%s", field, byFlags[field], byFile[field], file.Text)
			}
		})
		delete(values, name)
	}
	if len(values) > 0 {
		t.Errorf("etcd has no flags %v", values)
	}
	if diff := cmp.Diff([]string{"raft-read-timeout", "raft-write-timeout"}, without); diff != "" {
		t.Errorf("what has no place in the file:\n%s", diff)
	}
}

func TestEtcdFileOfAllFlags(t *testing.T) {
	var text strings.Builder
	text.WriteString("[tls]\nclient = true\n[etcd]\n")
	var names []string
	for name, value := range settable() {
		if name == "cipher-suites" || strings.HasPrefix(name, "raft-") {
			continue // cipher suites do not go with TLS 1.3
		}
		names = append(names, name)
		fmt.Fprintf(&text, "%s = %s\n", name, value)
	}
	c, file := etcdFile(t, text.String())
	byFile, byFlags := fromFile(t, file.Text), fromFlags(t, c.Flags)
	for _, field := range changed(byFlags, byFile) {
		t.Errorf("%s is %v by flag, %v by file", field, byFlags[field], byFile[field])
	}
	if set := changed(fields(embed.NewConfig()), byFile); len(set) != len(names)-1 { // two flags are one field, of socket options
		t.Errorf("%d flags set the %d fields %v", len(names), len(set), set)
	}
}

// What has no key in the file etcd takes from its command line, though there is a file.
func TestEtcdFileBesideFlags(t *testing.T) {
	read, write := rafthttp.ConnReadTimeout, rafthttp.ConnWriteTimeout
	t.Cleanup(func() { rafthttp.ConnReadTimeout, rafthttp.ConnWriteTimeout = read, write })
	c, file := etcdFile(t, "[etcd]\nraft-read-timeout = \"9s\"\nraft-write-timeout = \"8s\"\n")
	fromFlags(t, c.Flags) // etcdmain parses first, and reads the file then
	fromFile(t, file.Text)
	if rafthttp.ConnReadTimeout != 9*time.Second || rafthttp.ConnWriteTimeout != 8*time.Second {
		t.Errorf("%v, %v", rafthttp.ConnReadTimeout, rafthttp.ConnWriteTimeout)
	}
}

func TestEtcdFileOfNoFlags(t *testing.T) {
	_, file := etcdFile(t, "name = \"plain\"\n")
	fromFile(t, file.Text)
	if !strings.Contains(string(file.Text), "sets no flag") {
		t.Errorf("%s", file.Text)
	}
}

// A member that is started with the file, and with what is its own added to it, runs with its values.
func TestEtcdFileIsRun(t *testing.T) {
	notUnderRace(t)
	_, file := etcdFile(t, `
name = "best"
[etcd]
auto-compaction-mode      = "periodic"
auto-compaction-retention = "90m"
backend-batch-interval    = "25ms"
backend-batch-limit       = 777
election-timeout          = "1.5s"
feature-gates             = "CompactHashCheck=true"
heartbeat-interval        = "150ms"
max-request-bytes         = "2MiB"
quota-backend-bytes       = "3GiB"
snapshot-count            = 12345
`)
	ports, err := freePorts(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	client, peer := fmt.Sprintf("http://127.0.0.1:%d", ports[0]), fmt.Sprintf("http://127.0.0.1:%d", ports[1])
	path := filepath.Join(folder, file.Name)
	own := fmt.Sprintf("name: m1\ndata-dir: %q\nlisten-client-urls: %[2]s\nadvertise-client-urls: %[2]s\nlisten-peer-urls: %[3]s\ninitial-advertise-peer-urls: %[3]s\ninitial-cluster: m1=%[3]s\n",
		filepath.Join(folder, "data"), client, peer)
	if err := os.WriteFile(path, append(file.Text, own...), 0o600); err != nil {
		t.Fatal(err)
	}
	said := saidByMember(t, folder, path)
	want := map[string]any{
		"auto-compaction-mode": "periodic", "auto-compaction-interval": "1h30m0s", "election-timeout": "1.5s", "heartbeat-interval": "150ms",
		"max-request-bytes": 2097152.0, "quota-backend-bytes": 3221225472.0, "snapshot-count": 12345.0,
		"batch interval": "25ms", "batch limit": 777.0, "feature-gates": "CompactHashCheck=true",
	}
	for key, value := range want {
		if said[key] != value {
			t.Errorf("%s is %v, want %v", key, said[key], value)
		}
	}
}

// saidByMember runs a member with a configuration file until it serves, and has what it said of its settings.
func saidByMember(t *testing.T, folder, file string) map[string]any {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	member := exec.CommandContext(ctx, os.Args[0], MemberCommand, "--run", folder, "--config-file="+file)
	member.Cancel = func() error { return member.Process.Signal(syscall.SIGTERM) }
	member.WaitDelay = 10 * time.Second
	member.Env = []string{"ETCD_SNAPSHOT_COUNT=1"} // heeded only where there is no file
	log, err := member.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := member.Start(); err != nil {
		t.Fatal(err)
	}
	said, served := map[string]any{}, false
	var all bytes.Buffer
	for lines := bufio.NewScanner(log); lines.Scan(); {
		all.Write(append(lines.Bytes(), '\n'))
		var line map[string]any
		if served || json.Unmarshal(lines.Bytes(), &line) != nil {
			continue
		}
		switch msg := line["msg"]; msg {
		case "starting an etcd server", "setting backend batch interval", "setting backend batch limit":
			maps.Copy(said, line)
		case "ready to serve client requests":
			served = true
			cancel()
		}
	}
	_ = member.Wait() // by its signal
	if !served {
		t.Fatalf("it does not serve:\n%s", &all)
	}
	return said
}
