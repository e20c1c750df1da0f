package report

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// membersView is what the members of a lab ran with; empty where that is not known.
type membersView struct {
	Rows []memberRow
	// AnyFlags and AnyEnv tell whether any member has some; Alike that all have the same of both.
	AnyFlags, AnyEnv, Alike bool
	// Resources says what became of CPU and memory; empty where none was asked for.
	Resources string
	Commands  []fact
	Built     []fact
	Settings  settingsView
}

type memberRow struct {
	Name, Role, Version, Build string
	Flags, Env                 []string
}

// settingsView is etcd's effective settings.
type settingsView struct {
	// Members are how many told theirs, Count how many settings there are.
	Members, Count int
	// Odd differ between members and are neither a name nor an address; Odd is in All too.
	Odd, All []setting
}

// setting has one value where all members agree, else one for each, by name.
type setting struct {
	Name   string
	Values []fact
}

func newMembersView(c results.ConfigurationRef) membersView {
	v := membersView{Alike: len(c.MemberList) > 1, Resources: resourcesText(c.Resources), Settings: newSettingsView(c.MemberList), Built: builtFacts(c.Etcd)}
	for _, m := range c.MemberList {
		row := memberRow{Name: m.Name, Role: role(c, m.Endpoint), Version: m.Version, Build: buildText(c.Etcd), Flags: flagsSet(m.Command), Env: m.Env}
		if m.Learner {
			row.Role = "learner" // the load's endpoints are without it
		}
		v.AnyFlags, v.AnyEnv = v.AnyFlags || len(row.Flags) > 0, v.AnyEnv || len(row.Env) > 0
		v.Rows = append(v.Rows, row)
		v.Alike = v.Alike && slices.Equal(row.Flags, v.Rows[0].Flags) && slices.Equal(row.Env, v.Rows[0].Env)
		v.Commands = append(v.Commands, fact{m.Name, commandText(m)})
	}
	return v
}

// commandText is a member's environment and command as a shell takes them, a word a line.
func commandText(m results.MemberRef) string {
	var words []string
	for _, word := range append(slices.Clone(m.Env), m.Command...) {
		if strings.ContainsAny(word, " \t\n'\"$&;|<>()*?[]#~`\\!{}") {
			word = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
		words = append(words, word)
	}
	return strings.Join(words, " \\\n  ")
}

// buildText says where a lab's etcd came from.
func buildText(e *results.EtcdRef) string {
	if e == nil {
		return ""
	}
	from := "built in"
	if e.Binary != "" {
		from = e.Binary
	}
	if e.Go != "" {
		from += ", " + e.Go
	}
	return from
}

// builtFacts are what a lab's etcd was built from.
func builtFacts(e *results.EtcdRef) []fact {
	if e == nil {
		return nil
	}
	var facts []fact
	for _, f := range []fact{{"Program", e.Binary}, {"SHA-256", e.SHA256}, {"Go", e.Go}} {
		if f.Value != "" {
			facts = append(facts, f)
		}
	}
	for _, path := range sortedKeys(e.Modules) {
		facts = append(facts, fact{path, e.Modules[path]})
	}
	return facts
}

// flagsSet are the flags of a command that say more than who the member is,
// where it listens, whom it knows and where its files lie.
func flagsSet(command []string) []string {
	var flags []string
	for _, f := range command[min(1, len(command)):] {
		name, _, _ := strings.Cut(strings.TrimLeft(f, "-"), "=")
		switch {
		case ownSetting(name), name == "logger", name == "log-outputs":
		case strings.HasSuffix(name, "cert-file"), strings.HasSuffix(name, "key-file"), strings.HasSuffix(name, "trusted-ca-file"):
		default:
			flags = append(flags, f)
		}
	}
	return flags
}

// ownSetting reports whether a setting is a name, an address, a folder or how the
// member came to its cluster, which need not be as another's.
func ownSetting(name string) bool {
	return strings.HasSuffix(name, "-urls") || strings.HasPrefix(name, "initial-cluster") ||
		slices.Contains([]string{"name", "data-dir", "member-dir", "wal-dir", "wal-dir-dedicated"}, name)
}

func newSettingsView(members []results.MemberRef) settingsView {
	var v settingsView
	names, told := map[string]bool{}, []results.MemberRef{}
	for _, m := range members {
		if len(m.Settings) == 0 {
			continue
		}
		told = append(told, m)
		for name := range m.Settings {
			names[name] = true
		}
	}
	v.Members, v.Count = len(told), len(names)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		s := newSetting(name, told)
		v.All = append(v.All, s)
		if len(s.Values) > 1 && !ownSetting(name) {
			v.Odd = append(v.Odd, s)
		}
	}
	return v
}

func newSetting(name string, members []results.MemberRef) setting {
	s := setting{Name: name}
	differ := false
	for _, m := range members {
		s.Values = append(s.Values, fact{m.Name, settingText(m.Settings, name)})
		differ = differ || s.Values[0].Value != s.Values[len(s.Values)-1].Value
	}
	if !differ {
		s.Values = []fact{{Value: s.Values[0].Value}}
	}
	return s
}

// settingText prints a setting as JSON, a text bare.
func settingText(settings map[string]any, name string) string {
	value, ok := settings[name]
	if !ok {
		return "not told"
	}
	if text, ok := value.(string); ok {
		return text
	}
	if f, ok := value.(float64); ok && f == float64(int64(f)) {
		value = int64(f) // else JSON would print large numbers with an exponent
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return "not readable"
	}
	return strings.TrimSpace(b.String())
}

// resourcesText says by which means members were given CPU and memory, and what
// was not in force; empty where none was asked for.
func resourcesText(r *results.ResourcesRef) string {
	if r == nil {
		return ""
	}
	var kept []string
	if r.CPU {
		kept = append(kept, "CPU")
	}
	if r.Memory {
		kept = append(kept, "memory")
	}
	var s string
	switch {
	case len(kept) == 0:
		s = "not in force."
	case r.Mode == "environment":
		s = "only " + strings.Join(kept, " and ") + ", and only nearly, by Go's own variables."
	default:
		s = r.Mode + ": " + strings.Join(kept, " and ") + " as asked."
	}
	return strings.TrimSpace(s + " " + r.Why)
}

// resources writes what became of CPU and memory.
func (t *terminal) resources(r *results.ResourcesRef) {
	if r == nil {
		return
	}
	for i, part := range Wrap(t.text(resourcesText(r)), tableWidth-len("Resources  ")) {
		t.line([]string{t.paint(strong, "Resources") + "  ", "           "}[min(i, 1)] + part)
	}
}
