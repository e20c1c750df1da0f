package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// checkout is a repository as a job has it, beside the origin that it pushes to.
type checkout struct {
	folder string
	env    []string
}

// origin makes a bare repository whose main branch has etcd.toml, changed in its last commit.
func origin(t *testing.T) string {
	t.Helper()
	bare, work := filepath.Join(t.TempDir(), "origin.git"), checkout{folder: t.TempDir(), env: gitEnv(t)}
	work.bash(t, `git init --quiet --bare --initial-branch=main "$1"
git init --quiet --initial-branch=main .
git config user.name a; git config user.email a@example.com
echo 'name = "a"' >etcd.toml; git add etcd.toml; git commit --quiet -m one
echo 'name = "b"' >etcd.toml; git commit --quiet -am two
git push --quiet "$1" main`, bare)
	return bare
}

// gitEnv is an environment in which git knows nothing of the user's.
func gitEnv(t *testing.T) []string {
	t.Helper()
	return append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "HOME="+t.TempDir())
}

// jobOf is a checkout of a job's own, with a workflow's variables, and files that it tells the runner with.
func jobOf(t *testing.T, bare string, w workflow) checkout {
	t.Helper()
	c := checkout{folder: filepath.Join(t.TempDir(), "work"), env: gitEnv(t)}
	for name, value := range w.Env {
		c.env = append(c.env, name+"="+value)
	}
	c.env = append(c.env, "GITHUB_OUTPUT="+filepath.Join(t.TempDir(), "output"), "GITHUB_STEP_SUMMARY="+filepath.Join(t.TempDir(), "summary"))
	there := checkout{folder: t.TempDir(), env: c.env}
	there.bash(t, `git clone --quiet --depth 2 "file://$1" "$2"`, bare, c.folder)
	return c
}

// bash runs a script as a runner does, and returns what it prints.
func (c checkout) bash(t *testing.T, script string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "bash", slices.Concat([]string{"--noprofile", "--norc", "-eo", "pipefail", "-c", script, "bash"}, args)...)
	command.Dir, command.Env = c.folder, c.env
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, script, out)
	}
	return string(out)
}

// script is what a step of a workflow runs.
func script(t *testing.T, w workflow, name string) string {
	t.Helper()
	for _, job := range w.Jobs {
		for _, s := range job.Steps {
			if s.Name == name {
				return s.Run
			}
		}
	}
	t.Fatalf("there is no step %q", name)
	return ""
}

// The nightly's history goes from night to night in a branch of its own, and where two jobs write at once, be it on the
// first night, the lines of both are there.
func TestCIHistoryIsKept(t *testing.T) {
	nightly := workflows(t)["github-nightly.yml"]
	fetch, keep := script(t, nightly, "Fetch the history"), script(t, nightly, "Keep the history")
	bare := origin(t)
	night := func(lines ...string) {
		t.Helper()
		var jobs []checkout
		for _, line := range lines {
			c := jobOf(t, bare, nightly)
			c.bash(t, fetch)
			if line != "" {
				c.bash(t, `echo "$1" >>history/history.ndjson`, line)
			}
			jobs = append(jobs, c)
		}
		for _, c := range jobs {
			c.bash(t, keep)
		}
	}
	night(`{"night":1,"job":"a"}`, `{"night":1,"job":"b"}`)
	night(`{"night":2}`)
	night(`{"night":3,"job":"a"}`, `{"night":3,"job":"b"}`, `{"night":3,"job":"c"}`)
	night("") // nothing could be run
	after := jobOf(t, bare, nightly)
	after.bash(t, fetch)
	var got []string
	for line := range strings.Lines(string(content(t, filepath.Join(after.folder, "history", "history.ndjson")))) {
		got = append(got, strings.TrimSpace(line))
	}
	slices.Sort(got)
	want := []string{`{"night":1,"job":"a"}`, `{"night":1,"job":"b"}`, `{"night":2}`, `{"night":3,"job":"a"}`, `{"night":3,"job":"b"}`, `{"night":3,"job":"c"}`}
	if !slices.Equal(got, want) {
		t.Errorf("the history has %q, want %q", got, want)
	}
	if files := after.bash(t, "git -C history ls-files"); files != ".gitattributes\nhistory.ndjson\n" {
		t.Errorf("the branch has %q", files)
	}
	if mains := after.bash(t, "git log --format=%s origin/main"); mains != "two\none\n" {
		t.Errorf("main has %q", mains)
	}
}

// On a runner that stays, the checkout is cleaned and used again, each night and also after one that failed.
func TestCIHistoryOnARunnerThatStays(t *testing.T) {
	nightly := workflows(t)["github-nightly.yml"]
	fetch, keep := script(t, nightly, "Fetch the history"), script(t, nightly, "Keep the history")
	c := jobOf(t, origin(t), nightly)
	for night := range 4 {
		c.bash(t, "git clean -ffdxq && git reset --hard --quiet")
		c.bash(t, fetch)
		if night == 0 {
			continue // nothing was kept
		}
		c.bash(t, `echo "$1" >>history/history.ndjson`, fmt.Sprint(night))
		c.bash(t, keep)
	}
	if got := string(content(t, filepath.Join(c.folder, "history", "history.ndjson"))); got != "1\n2\n3\n" {
		t.Errorf("the history has %q", got)
	}
}

// What a pull request is compared with is the file of the branch that it is meant for.
func TestCIBothConfigurations(t *testing.T) {
	w := workflows(t)["github-pull-request.yml"]
	both := script(t, w, "Both configurations")
	c := jobOf(t, origin(t), w)
	c.bash(t, both)
	if got := string(content(t, filepath.Join(c.folder, "base.toml"))) + string(content(t, filepath.Join(c.folder, "head.toml"))); got != "name = \"a\"\nname = \"b\"\n" {
		t.Errorf("it compares %q", got)
	}
	if got := c.bash(t, `cat "$GITHUB_OUTPUT"`); got != "folder=.\n" {
		t.Errorf("it tells %q", got)
	}
	c.bash(t, `rm "$GITHUB_OUTPUT"; CONFIGURATION=new.toml; touch new.toml; `+both)
	if got := c.bash(t, `cat "$GITHUB_STEP_SUMMARY"; [ ! -e "$GITHUB_OUTPUT" ]`); !strings.Contains(got, "new.toml is not on both sides") {
		t.Errorf("of a new file it tells %q", got)
	}
}
