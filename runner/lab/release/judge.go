package release

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// answerTimeout is how long an etcd may take to judge its flags: a tenth of a second
// is what it needs on an idle machine.
const answerTimeout = 30 * time.Second

var errLate = fmt.Errorf("etcd does not end within %v", answerTimeout)

// noDataFolder is where no folder can be made, not even by root. etcd looks
// whether it is there, makes its listeners, and then ends for want of it.
const noDataFolder = "/proc/etcd-dyno-check"

// doom are the flags, each stronger than an earlier one of that name, with which
// etcd judges all others and must end: its listeners are sockets in the folder
// that it runs in, and nothing is served before the data are there.
func doom() []string {
	return []string{
		"--name=check", "--data-dir=" + noDataFolder,
		"--listen-client-urls=unix://client", "--advertise-client-urls=http://127.0.0.1:1",
		"--listen-peer-urls=unix://peer", "--initial-advertise-peer-urls=http://127.0.0.1:2",
		"--initial-cluster=check=http://127.0.0.1:2", "--initial-cluster-state=new",
		"--log-outputs=stderr",
	}
}

// verdict is what an etcd says to flags.
type verdict struct {
	reason  string // empty if it takes them
	guilty  []string
	unknown bool // it has no such flag
}

// judge starts etcd with the flags.
func (c checker) judge(ctx context.Context, flags []Flag) (verdict, error) {
	v, err := c.ask(ctx, flags)
	if errors.Is(err, errMute) { // the flags may ask it to log nothing of the kind, or in another way
		more := []string{"--log-level=info"}
		if slices.ContainsFunc(flags, func(f Flag) bool { return f.Name == "log-format" }) { // v3.5 has none
			more = append(more, "--log-format=json")
		}
		v, err = c.ask(ctx, flags, more...)
	}
	return v, err
}

var errMute = errors.New("etcd ended and did not say why")

func (c checker) ask(ctx context.Context, flags []Flag, more ...string) (verdict, error) {
	argv := append([]string{}, c.argv...)
	for _, f := range flags {
		argv = append(argv, "--"+f.Name+"="+f.Value)
	}
	argv = append(append(argv, doom()...), more...)
	ctx, cancel := context.WithTimeoutCause(ctx, answerTimeout, errLate)
	defer cancel()
	out, err := command{argv: argv, dir: c.folder, env: c.env}.run(ctx)
	switch {
	case err != nil:
		return verdict{}, err
	case out.code == 0:
		return verdict{}, errors.New("etcd neither refused its flags nor missed its data folder")
	}
	return readVerdict(out.stderr, flags)
}

// readVerdict reads what an etcd wrote that has ended.
func readVerdict(stderr string, flags []Flag) (verdict, error) {
	if v, ok := parseFault(stderr); ok {
		return v, nil
	}
	reason := lastWord(stderr)
	switch {
	case reason == "":
		return verdict{}, errMute
	case strings.Contains(reason, noDataFolder):
		return verdict{}, nil
	}
	return verdict{reason: reason, guilty: named(reason, flags)}, nil
}

var (
	unknownFlag  = regexp.MustCompile(`^flag provided but not defined: -(\S+)`)
	invalidValue = regexp.MustCompile(`^(invalid (?:boolean )?value ".*") for (?:flag )?-(\S+?): (.*)`)
)

// parseFault reads the complaint of package flag, which comes before any usage.
func parseFault(stderr string) (verdict, bool) {
	first, _, _ := strings.Cut(stderr, "\n")
	if found := unknownFlag.FindStringSubmatch(first); found != nil {
		return verdict{reason: "this etcd has no such flag", guilty: []string{found[1]}, unknown: true}, true
	}
	if found := invalidValue.FindStringSubmatch(first); found != nil {
		return verdict{reason: found[1] + ": " + found[3], guilty: []string{found[2]}}, true
	}
	return verdict{}, false
}

// lastWord is the reason in the last line of etcd's log that has one; of a panic
// what it says.
func lastWord(stderr string) string {
	reason := ""
	for line := range strings.Lines(stderr) {
		var entry struct{ Level, Msg, Error string }
		switch {
		case strings.HasPrefix(line, "panic: "):
			return oneLine(strings.TrimPrefix(line, "panic: "))
		case json.Unmarshal([]byte(line), &entry) != nil || entry.Level == "info" || entry.Level == "debug":
		case entry.Error != "":
			reason = oneLine(entry.Error)
		case entry.Level == "fatal" || entry.Level == "panic":
			reason = oneLine(entry.Msg)
		}
	}
	return reason
}

// oneLine is the beginning of a text without line ends.
func oneLine(text string) string {
	const longest = 300
	line := strings.Join(strings.Fields(text), " ")
	if len(line) > longest {
		return strings.ToValidUTF8(line[:longest], "") + "…"
	}
	return line
}

var word = regexp.MustCompile(`[A-Za-z0-9-]+`)

// named are the flags that a text speaks of: with their dashes, or by a name of
// several words, which is none of a sentence's.
func named(text string, flags []Flag) []string {
	var found []string
	for _, w := range word.FindAllString(text, -1) {
		name := strings.TrimLeft(w, "-")
		if name == w && !strings.Contains(name, "-") {
			continue
		}
		for _, f := range flags {
			if f.Name == name {
				found = append(found, name)
				break
			}
		}
	}
	return found
}
