package scenarios_test

import (
	"bytes"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// kubeadmCluster and kubeadmInit are what kubeadm.k8s.io/v1beta4 calls
// ClusterConfiguration and InitConfiguration, in the parts that may be written.
type kubeadmCluster struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Etcd       struct {
		Local struct {
			ImageRepository string         `json:"imageRepository"`
			ImageTag        string         `json:"imageTag"`
			DataDir         string         `json:"dataDir"`
			ExtraArgs       []kubeadmNamed `json:"extraArgs"`
			ExtraEnvs       []kubeadmNamed `json:"extraEnvs"`
			ServerCertSANs  []string       `json:"serverCertSANs"`
			PeerCertSANs    []string       `json:"peerCertSANs"`
		} `json:"local"`
	} `json:"etcd"`
}

type kubeadmInit struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Patches    struct {
		Directory string `json:"directory"`
	} `json:"patches"`
}

// kubeadmNamed is an Arg, and an EnvVar of a plain value.
type kubeadmNamed struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// filesOf are those of a configuration in TOML, by name.
func filesOf(t *testing.T, text, why string) (scenarios.Configuration, map[string]string) {
	t.Helper()
	c, err := scenarios.ParseConfiguration("lab.toml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.Files(why)
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.Files(why)
	if diff := cmp.Diff(all, again); diff != "" || err != nil {
		t.Errorf("a second time: %v\n%s", err, diff)
	}
	files := map[string]string{}
	for _, f := range all {
		files[f.Name] = string(f.Text)
	}
	if len(files) != len(all) {
		t.Errorf("%d files have %d names", len(all), len(files))
	}
	return c, files
}

// strictly decodes YAML that has no key that the type has not, none twice, and no more than documents.
func strictly(t *testing.T, text string, documents ...any) {
	t.Helper()
	parts := strings.Split(text, "\n---\n")
	if len(parts) != len(documents) {
		t.Fatalf("%d documents, want %d:\n%s", len(parts), len(documents), text)
	}
	for i, part := range parts {
		if err := yaml.UnmarshalStrict([]byte(part), documents[i]); err != nil {
			t.Fatalf("%v in:\n%s", err, part)
		}
	}
}

// named are flags and variables as kubeadm has them.
func named[T scenarios.Flag | scenarios.Variable](all []T) (list []kubeadmNamed) {
	for _, each := range all {
		list = append(list, kubeadmNamed(each))
	}
	return list
}

const wholeLab = `
name = "best"
description = "What the sweep found."
members = 3
learners = 1
[etcd]
auto-compaction-mode = "revision"
auto-compaction-retention = 1000
backend-batch-interval = "10ms"
distributed-tracing-instance-id = "on: \"a\" # \\ \u2028 é"
heartbeat-interval = "250ms"
election-timeout = "2s"
pre-vote = false
quota-backend-bytes = "8GiB"
raft-read-timeout = "9s"
snapshot-count = 5000
socket-reuse-port = true
[env]
GOGC = 50
GOMEMLIMIT = "1GiB"
[resources]
requests = { cpu = "500m" }
limits   = { cpu = "2", memory = "4Gi" }
[disk]
fsync_delay = "1ms"
[links]
peer_rtt = "1ms"
[tls]
peer = true
[auth]
[client]
endpoints = "leader"
`

func TestKubeadmFile(t *testing.T) {
	t.Parallel()
	c, files := filesOf(t, wholeLab, "")
	var cluster kubeadmCluster
	var first kubeadmInit
	strictly(t, files[scenarios.KubeadmFile], &cluster, &first)
	var want kubeadmCluster
	want.APIVersion, want.Kind = "kubeadm.k8s.io/v1beta4", "ClusterConfiguration"
	want.Etcd.Local.ExtraArgs, want.Etcd.Local.ExtraEnvs = named(c.Flags), named(c.Env)
	if diff := cmp.Diff(want, cluster); diff != "" {
		t.Error(diff)
	}
	if first.APIVersion != want.APIVersion || first.Kind != "InitConfiguration" || first.Patches.Directory != path.Dir(scenarios.PatchFile) {
		t.Errorf("%+v", first)
	}
}

func TestKubeadmFileOfNothing(t *testing.T) {
	t.Parallel()
	_, files := filesOf(t, "", "")
	var cluster kubeadmCluster
	strictly(t, files[scenarios.KubeadmFile], &cluster)
	if local := cluster.Etcd.Local; len(local.ExtraArgs)+len(local.ExtraEnvs) > 0 || len(files) != 2 {
		t.Errorf("%+v of %d files", local, len(files))
	}
}

func TestPatchFile(t *testing.T) {
	t.Parallel()
	if target := regexp.MustCompile(`^etcd[^.+\n]*\+strategic\.yaml$`); !target.MatchString(path.Base(scenarios.PatchFile)) { // kubeadm's parseFilename
		t.Errorf("kubeadm takes no patch from %s", scenarios.PatchFile)
	}
	for _, tt := range []struct {
		name, resources  string
		requests, limits string
	}{
		{"all", `requests = { cpu = "500m", memory = "1.5Gi" }
limits = { cpu = 1.5, memory = "2Gi" }`, "500m 1536Mi", "1500m 2Gi"},
		{"requests", `requests = { cpu = "2", memory = "64Mi" }`, "2 64Mi", "0 0"},
		{"limits are requests too", `limits = { cpu = "50m", memory = "64Mi" }`, "50m 64Mi", "50m 64Mi"},
		{"one of each", `requests = { cpu = "50m" }
limits = { memory = "1Gi" }`, "50m 1Gi", "0 1Gi"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, files := filesOf(t, "[resources]\n"+tt.resources, "")
			var pod corev1.Pod
			strictly(t, files[scenarios.PatchFile], &pod)
			if pod.APIVersion != "v1" || pod.Kind != "Pod" || pod.Name != "etcd" || pod.Namespace != "kube-system" || len(pod.Spec.Containers) != 1 || pod.Spec.Containers[0].Name != "etcd" {
				t.Fatalf("%+v", pod)
			}
			r := pod.Spec.Containers[0].Resources
			requests, limits := r.Requests.Cpu().String()+" "+r.Requests.Memory().String(), r.Limits.Cpu().String()+" "+r.Limits.Memory().String()
			if requests != tt.requests || limits != tt.limits {
				t.Errorf("requests %s, limits %s; want %s, %s", requests, limits, tt.requests, tt.limits)
			}
		})
	}
}

// What the files cannot have they tell.
func TestFilesTellTheRest(t *testing.T) {
	t.Parallel()
	_, files := filesOf(t, wholeLab, "It won by 12%.\nSo it was told.")
	for name, wanted := range map[string][]string{
		scenarios.EtcdFile: {
			"# Written by etcd-dyno: the flags of configuration \"best\"", "# What the sweep found.\n", "# It won by 12%.\n# So it was told.\n", "# raft-read-timeout has no key in this file.",
			"--raft-read-timeout=9s", "# [env] belongs in the environment of the process: GOGC=50", "requests: cpu 500m; limits: cpu 2, memory 4Gi", "# [disk]", "# [links]", "# [tls]", "# [auth]", `sent to "leader"`,
			"\nbackend-batch-interval: 10000000 # 10ms\n", "\nheartbeat-interval: 250 # 250ms\n", "\nauto-compaction-retention: \"1000\"\n", "\nquota-backend-bytes: 8589934592 # 8GiB\n",
		},
		scenarios.KubeadmFile: {
			"# Written by etcd-dyno: ", "# So it was told.\n", "# snapshot-count takes the place of kubeadm's own, which is 10000.", "# kubeadm itself sets watch-progress-notify-interval=5s",
			"did not encrypt that of clients", "# [disk]", "# [links]", scenarios.PatchFile,
		},
		scenarios.PatchFile: {"# Written by etcd-dyno: ", "# So it was told.\n", "as Kubernetes has it"},
	} {
		for _, want := range wanted {
			if !strings.Contains(files[name], want) {
				t.Errorf("%s lacks %q:\n%s", name, want, files[name])
			}
		}
	}
	_, files = filesOf(t, "[etcd]\nunsafe-no-fsync = true\n", "")
	for name, text := range files {
		if !strings.Contains(text, "# DANGER: ") {
			t.Errorf("%s does not warn:\n%s", name, text)
		}
	}
	_, files = filesOf(t, "name = \"plain\"\n[etcd]\nunsafe-no-fsync = false\n", "")
	for name, text := range files {
		if strings.Contains(text, "DANGER") || regexp.MustCompile(`# \[`).MatchString(text) {
			t.Errorf("%s tells of what is not there:\n%s", name, text)
		}
	}
}

// Nothing that is told becomes a setting.
func TestFilesStayComments(t *testing.T) {
	t.Parallel()
	const evil = `a\nb: 1\rc: 1\u0085d: 1\u2028e: 1\u2029f: 1\u0007\u0000\ufeffg`
	why := "h: 1\n---\ni: 1\u2028j: 1\r\n\x00k: 1"
	c, files := filesOf(t, "version = \"v3.6.16\"\n[etcd]\nnew-flag = \"x\u2028y: 1\"\n[resources]\nlimits = { cpu = 1 }\n", why)
	c.Description = strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\u0085`, "\u0085", `\u2028`, "\u2028", `\u2029`, "\u2029", `\u0007`, "\a", `\u0000`, "\x00", `\ufeff`, "\ufeff").Replace(evil)
	all, err := c.Files(why)
	if err != nil || len(all) != len(files) {
		t.Fatal(err)
	}
	if !cmp.Equal(all[0].Without, []string{"new-flag"}) {
		t.Errorf("%q", all[0].Without)
	}
	var none map[string]any
	var cluster kubeadmCluster
	strictly(t, string(all[0].Text), &none)
	strictly(t, string(all[1].Text), &cluster, &kubeadmInit{})
	strictly(t, string(all[2].Text), &corev1.Pod{})
	if len(none) > 0 {
		t.Errorf("%v of:\n%s", none, all[0].Text)
	}
	if diff := cmp.Diff(named(c.Flags), cluster.Etcd.Local.ExtraArgs); diff != "" {
		t.Error(diff)
	}
	for _, f := range all {
		if bytes.ContainsAny(f.Text, "\r\u0085\u2028\u2029\x00\a\ufeff") {
			t.Errorf("%q", f.Text)
		}
	}
}

// Etcd 3.5 and 3.6 have flags that 3.7 has not, and one that their file calls otherwise.
func TestEtcdFileOfFormerFlags(t *testing.T) {
	t.Parallel()
	_, files := filesOf(t, `
version = "v3.5.27"
[etcd]
enable-v2 = false
experimental-compaction-sleep-interval = "20ms"
experimental-distributed-tracing-address = "a:1"
experimental-initial-corrupt-check = true
experimental-peer-skip-client-san-verification = true
experimental-snapshot-catchup-entries = 100
heartbeat-interval = "50ms"
`, "")
	var got map[string]any
	strictly(t, files[scenarios.EtcdFile], &got)
	want := map[string]any{
		"enable-v2": false, "experimental-compaction-sleep-interval": 2e7, "experimental-distributed-tracing-address": "a:1",
		"experimental-initial-corrupt-check": true, "experimental-snapshot-catch-up-entries": 100.0, "heartbeat-interval": 50.0,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(files[scenarios.EtcdFile], "Give all settings as flags instead: --experimental-peer-skip-client-san-verification=true") {
		t.Error(files[scenarios.EtcdFile])
	}
}

func TestFilesRefuse(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		c    scenarios.Configuration
		want string
	}{
		"endpoints": {scenarios.Configuration{Name: "prod", Endpoints: []string{"http://a:1"}}, `writing configuration "prod" as files for etcd: it names endpoints of a cluster that exists`},
		"a number":  {scenarios.Configuration{Name: "x", Members: 1, Flags: []scenarios.Flag{{Name: "snapshot-count", Value: "many"}}}, `writing configuration "x" as etcd.conf.yml: flag snapshot-count: `},
		"a switch":  {scenarios.Configuration{Name: "x", Members: 1, Flags: []scenarios.Flag{{Name: "pre-vote", Value: "2"}}}, `flag pre-vote: `},
		"a while":   {scenarios.Configuration{Name: "x", Members: 1, Flags: []scenarios.Flag{{Name: "backend-batch-interval", Value: "10"}}}, `flag backend-batch-interval: `},
	} {
		if files, err := tt.c.Files(""); err == nil || !strings.Contains(err.Error(), tt.want) || files != nil {
			t.Errorf("%s: %v, %v", name, files, err)
		}
	}
}
