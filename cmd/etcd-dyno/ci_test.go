package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// ciFolder has what is ready to be copied into a repository or a cluster.
const ciFolder = "../../scenarios/library/ci/"

// workflow is what these tests look at in a workflow of GitHub Actions; actionlint, of `make lint`, looks at all of it.
type workflow struct {
	Permissions *map[string]string
	Concurrency struct{ Group string }
	Env         map[string]string
	Defaults    struct{ Run struct{ Shell string } }
	Jobs        map[string]struct {
		Timeout     int `json:"timeout-minutes"`
		Permissions map[string]string
		Steps       []step
	}
}

type step struct {
	Name, Uses, Run string
	Env             map[string]string
}

// workflows are those that are ready to be copied, by file.
func workflows(t *testing.T) map[string]workflow {
	t.Helper()
	files, err := filepath.Glob(ciFolder + "*.yml")
	if err != nil || len(files) < 2 {
		t.Fatalf("%v, %v", files, err)
	}
	all := map[string]workflow{}
	for _, file := range files {
		var w workflow
		if err := yaml.Unmarshal(content(t, file), &w); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[filepath.Base(file)] = w
	}
	return all
}

func content(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Workflows may do no more than they must, never run two at once, end by themselves, use what is pinned, and have
// scripts that are bash.
func TestCIWorkflows(t *testing.T) {
	for file, w := range workflows(t) {
		if w.Permissions == nil || len(*w.Permissions) > 0 || w.Concurrency.Group == "" || w.Defaults.Run.Shell != "bash" || len(w.Jobs) == 0 {
			t.Errorf("%s: %+v", file, w)
		}
		for name, job := range w.Jobs {
			if job.Timeout == 0 || len(job.Permissions) != 1 || job.Permissions["contents"] == "" {
				t.Errorf("%s, %s: a time-out of %d minutes, permissions %v", file, name, job.Timeout, job.Permissions)
			}
			for _, s := range job.Steps {
				if s.Uses != "" && !regexp.MustCompile(`^actions/[a-z-]+@v[0-9]+$`).MatchString(s.Uses) {
					t.Errorf("%s, %s: %s is not pinned", file, name, s.Uses)
				}
				if strings.Contains(s.Run, "${{") {
					t.Errorf("%s, %s, %s: what others write becomes part of a script; hand it over by env", file, name, s.Name)
				}
				isBash(t, file, s.Run)
			}
		}
	}
}

// isBash lets bash read a script, and run nothing of it.
func isBash(t *testing.T, of, script string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "bash", "-n")
	c.Stdin = strings.NewReader(script)
	if talk, err := c.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s\n%s", of, err, talk, script)
	}
}

// manifests are the claim and the CronJob, decoded as Kubernetes' own types, which know every field.
func manifests(t *testing.T) (claim corev1.PersistentVolumeClaim, job batchv1.CronJob) {
	t.Helper()
	_, text, _ := bytes.Cut(content(t, ciFolder+"kubernetes-cronjob.yaml"), []byte("\n---\n"))
	first, second, _ := bytes.Cut(text, []byte("\n---\n"))
	for _, err := range []error{yaml.UnmarshalStrict(first, &claim), yaml.UnmarshalStrict(second, &job)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return claim, job
}

func TestCICronJob(t *testing.T) {
	claim, job := manifests(t)
	spec := job.Spec.JobTemplate.Spec
	pod := spec.Template.Spec
	got := []any{
		claim.APIVersion, claim.Kind, job.APIVersion, job.Kind, job.Spec.ConcurrencyPolicy, *spec.BackoffLimit, pod.RestartPolicy, *pod.AutomountServiceAccountToken, *pod.SecurityContext.RunAsNonRoot,
		len(pod.Containers), pod.Volumes[0].PersistentVolumeClaim.ClaimName,
	}
	if diff := cmp.Diff([]any{"v1", "PersistentVolumeClaim", "batch/v1", "CronJob", batchv1.ForbidConcurrent, int32(0), corev1.RestartPolicyNever, false, true, 1, claim.Name}, got); diff != "" {
		t.Fatal(diff)
	}
	c := pod.Containers[0]
	if diff := cmp.Diff(c.Resources.Limits, c.Resources.Requests); diff != "" || c.Resources.Limits.Cpu().MilliValue()%1000 != 0 || c.Resources.Limits.Memory().IsZero() {
		t.Errorf("%+v\n%s", c.Resources, diff)
	}
	if s := c.SecurityContext; *s.AllowPrivilegeEscalation || s.Privileged != nil || len(s.Capabilities.Add) > 0 || s.Capabilities.Drop[0] != "ALL" {
		t.Errorf("%+v", s)
	}
	if !regexp.MustCompile(`^golang:1\.26\.[0-9]+$`).MatchString(c.Image) {
		t.Errorf("%s is not pinned", c.Image)
	}
	for _, m := range c.VolumeMounts {
		if !strings.Contains(fmt.Sprint(pod.Volumes), "{"+m.Name+" ") {
			t.Errorf("there is no volume %s in %v", m.Name, pod.Volumes)
		}
	}
	isBash(t, "the CronJob", c.Args[0])
}

// scripts are all that would be run, by file and step, with the variables that they are given.
func scripts(t *testing.T) map[string]step {
	t.Helper()
	all := map[string]step{}
	for file, w := range workflows(t) {
		for _, job := range w.Jobs {
			for _, s := range job.Steps {
				if s.Run == "" {
					continue
				}
				env := maps.Clone(w.Env)
				for name, value := range s.Env {
					env[name] = value
					if strings.Contains(value, "${{") {
						env[name] = "." // what a step before it says, and here the folder
					}
				}
				all[file+": "+s.Name] = step{Run: s.Run, Env: env}
			}
		}
	}
	_, job := manifests(t)
	c := job.Spec.JobTemplate.Spec.Template.Spec.Containers[0]
	env := map[string]string{}
	for _, e := range c.Env {
		env[e.Name] = e.Value
	}
	all["kubernetes-cronjob.yaml"] = step{Run: c.Args[0], Env: env}
	return all
}

// Each command line of ours, in the scripts and in what comments advise, names commands, flags and experiments that
// exist; experiments are planned, too.
func TestCICommands(t *testing.T) {
	seen := map[string]int{}
	check := func(where, line string) {
		t.Helper()
		root := rootCommand(standard{in: os.Stdin, out: io.Discard, err: io.Discard})
		words := strings.Fields(line)[1:]
		c, args, err := root.Find(words)
		if err == nil {
			err = c.ParseFlags(args)
		}
		if err == nil {
			err = c.ValidateArgs(c.Flags().Args())
		}
		if err == nil {
			err = checkNames(c)
		}
		if err != nil {
			t.Errorf("%s: %s: %v", where, line, err)
			return
		}
		if seen[c.Name()]++; c.Name() == "experiment" && !slices.Contains(words, "--plan") {
			var talk bytes.Buffer
			if code := execute(append(words, "--plan"), standard{in: os.Stdin, out: io.Discard, err: &talk}); code != exitDone {
				t.Errorf("%s: %s: exit %d: %s", where, line, code, talk.String())
			}
		}
	}
	comments := regexp.MustCompile("`(etcd-dyno [^`]+)`")
	var advised []string
	files, err := os.ReadDir(ciFolder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		for _, found := range comments.FindAllStringSubmatch(string(content(t, ciFolder+f.Name())), -1) {
			advised = append(advised, found[1])
		}
	}
	all := scripts(t)
	t.Chdir(t.TempDir())
	for _, side := range []string{"base", "head"} {
		if err := os.WriteFile(side+".toml", fmt.Appendf(nil, "name = %q\n", side), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("history", 0o755); err != nil {
		t.Fatal(err)
	}
	for where, s := range all {
		if strings.Contains(s.Run, "go install") && !strings.Contains(s.Run, `go install "`+module+`/cmd/etcd-dyno@$VERSION"`) {
			t.Errorf("%s installs something else: %s", where, s.Run)
		}
		for _, line := range commandsOf(s) {
			check(where, line)
		}
	}
	for _, line := range advised {
		check("a comment", line)
	}
	if seen["experiment"] < 4 || len(advised) < 2 {
		t.Errorf("only %v were found, and in comments %q", seen, advised)
	}
}

// commandsOf are the command lines of ours in a script, with its variables' values.
func commandsOf(s step) (all []string) {
	for line := range strings.Lines(strings.ReplaceAll(s.Run, "\\\n", " ")) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), " || ")
		if strings.HasPrefix(line, "etcd-dyno ") {
			all = append(all, os.Expand(strings.ReplaceAll(line, `"`, ""), func(name string) string { return s.Env[name] }))
		}
	}
	return all
}
