package scenarios

import (
	"slices"
	"strings"
	"time"
)

// defaultFault is how long a fault lasts unless it is said.
const defaultFault = 10 * time.Second

// readLasts reads for = "10s".
func readLasts(t *table) time.Duration {
	return t.duration("for", defaultFault, 0, maxSpan)
}

// selector reads whom an action befalls. Where nothing else is allowed, that is told.
func (t *table) selector(key string, fallback Selector, allowed ...Selector) Selector {
	s := Selector(t.text(key, string(fallback)))
	if wrong := badSelector(s, allowed); wrong != "" {
		t.fault(key, "= %q %s", shorten(string(s)), wrong)
		return fallback
	}
	return s
}

// badSelector says what is wrong with a selector, or nothing.
func badSelector(s Selector, allowed []Selector) string {
	if slices.Contains(allowed, s) || memberForm.MatchString(string(s)) {
		return ""
	}
	words := make([]string, len(allowed))
	for i, a := range allowed {
		words[i] = string(a)
	}
	return "names no member; write " + quotedList(words) + `, or a member's name as "m1"`
}

// anyMember are the selectors of an action that befalls one member or all.
var anyMember = []Selector{SelectLeader, SelectFollower, SelectAll}

// readMember reads whom a fault befalls, which must be said.
func readMember(t *table) Selector {
	if !t.require("member", `member = "leader", "follower", "all" or a member's name`) {
		t.take("member")
		return SelectLeader
	}
	return t.selector("member", SelectLeader, anyMember...)
}

// Spell is what befalls members for a while.
type Spell struct {
	// Member is whom, For how long; 10 s by default.
	Member Selector
	For    time.Duration
}

func readSpell(t *table) Spell { return Spell{readMember(t), readLasts(t)} }

func (p Spell) lasts() time.Duration { return p.For }

func (p Spell) befalls() (key string, of []Selector) { return "member", []Selector{p.Member} }

func (p Spell) encode(s *section) {
	s.text("member", string(p.Member))
	s.duration("for", p.For)
}

// Kill ends members at once (SIGKILL), and starts them again after For.
type Kill struct{ Spell }

func readKill(t *table) Do { return Kill{readSpell(t)} }

func (Kill) do() string { return "kill" }

// Stop asks members to end (SIGTERM), and starts them again after For.
type Stop struct{ Spell }

func readStop(t *table) Do { return Stop{readSpell(t)} }

func (Stop) do() string { return "stop" }

// Restart asks members to end, and starts them again at once.
type Restart struct{ Member Selector }

func readRestart(t *table) Do { return Restart{readMember(t)} }

func (Restart) do() string                      { return "restart" }
func (k Restart) befalls() (string, []Selector) { return "member", []Selector{k.Member} }
func (Restart) lasts() time.Duration            { return 0 }
func (k Restart) encode(s *section)             { s.text("member", string(k.Member)) }

// Freeze makes members stand still (SIGSTOP) for For.
type Freeze struct{ Spell }

func readFreeze(t *table) Do { return Freeze{readSpell(t)} }

func (Freeze) do() string { return "freeze" }

// Direction is which way nothing passes, as the members see it that are cut off.
type Direction string

// The directions.
const (
	Both Direction = "both"
	In   Direction = "in"
	Out  Direction = "out"
)

// Partition cuts members off from all others for For.
type Partition struct {
	// Members are those of one side; at least one.
	Members []Selector
	// Direction is In where nothing reaches the side, Out where nothing leaves it, Both by default.
	Direction Direction
	// Clients tells that the generator is on the other side, too.
	Clients bool
	For     time.Duration
}

func readPartition(t *table) Do {
	p := Partition{}
	if t.has("members") || t.shape != nil {
		for _, e := range t.texts("members") {
			s := Selector(e.text)
			if wrong := badSelector(s, []Selector{SelectLeader, SelectFollower}); wrong != "" {
				t.faultElement("members", e.at, "= %q %s", shorten(e.text), wrong)
			} else if slices.Contains(p.Members, s) {
				t.faultElement("members", e.at, "= %q is there already", s)
			}
			p.Members = append(p.Members, s)
		}
		if array, is := t.values["members"].([]any); is && len(array) == 0 {
			t.fault("members", `is empty; write members = ["m1", "m2"]`)
		}
		t.refuse("member", "and members exclude each other; write one of them")
	}
	if !t.has("members") {
		if !t.has("member") && t.shape == nil {
			t.take("member")
			t.faultHere(`member is missing; write member = "leader", "follower" or a member's name, or members = ["m1", "m2"]`)
		} else {
			p.Members = []Selector{t.selector("member", SelectLeader, SelectLeader, SelectFollower)}
		}
	}
	p.Direction = Direction(t.choice("direction", []string{string(Both), string(In), string(Out)}))
	p.Clients = t.boolean("clients", false)
	p.For = readLasts(t)
	return p
}

func (Partition) do() string                      { return "partition" }
func (p Partition) lasts() time.Duration          { return p.For }
func (p Partition) befalls() (string, []Selector) { return "members", p.Members }

func (p Partition) encode(s *section) {
	words := make([]string, len(p.Members))
	for i, m := range p.Members {
		words[i] = quote(string(m))
	}
	s.add("members", "["+strings.Join(words, ", ")+"]")
	s.text("direction", string(p.Direction))
	s.boolean("clients", p.Clients)
	s.duration("for", p.For)
}

// SlowLink changes what the link between A and B does, for For.
type SlowLink struct {
	// A and B are members' names; A may be ClientParty.
	A, B string
	Link Link
	For  time.Duration
}

func readSlowLink(t *table) Do {
	l := SlowLink{}
	l.A, l.B = readBetween(t)
	t.require("rtt", `rtt = "50ms"`)
	l.Link, l.For = t.link("", Link{}), readLasts(t)
	return l
}

func (SlowLink) do() string             { return "slow-link" }
func (l SlowLink) lasts() time.Duration { return l.For }

func (l SlowLink) encode(s *section) {
	encodeBetween(s, l.A, l.B)
	l.Link.encode(s, "")
	s.duration("for", l.For)
}

// CutLink lets nothing pass between A and B for For.
type CutLink struct {
	// A and B are members' names; A may be ClientParty.
	A, B string
	For  time.Duration
}

func readCutLink(t *table) Do {
	l := CutLink{}
	l.A, l.B = readBetween(t)
	l.For = readLasts(t)
	return l
}

func (CutLink) do() string             { return "cut-link" }
func (l CutLink) lasts() time.Duration { return l.For }

func (l CutLink) encode(s *section) {
	encodeBetween(s, l.A, l.B)
	s.duration("for", l.For)
}

// readBetween reads between = ["m1", "m2"].
func readBetween(t *table) (a, b string) {
	const example = `between = ["m1", "m2"], or ["client", "m1"]`
	if !t.require("between", example) {
		t.take("between")
		return "", ""
	}
	ends := t.texts("between")
	if len(ends) != 2 || ends[0].text == ends[1].text || !memberForm.MatchString(ends[1].text) ||
		ends[0].text != ClientParty && !memberForm.MatchString(ends[0].text) {
		if t.shape == nil {
			t.fault("between", "must be two different parties; write %s", example)
		}
		return "", ""
	}
	return ends[0].text, ends[1].text
}

func encodeBetween(s *section, a, b string) { s.add("between", "["+quote(a)+", "+quote(b)+"]") }

// SlowDisk has Delay added to the fsyncs of members, instead of what the configuration adds, for For.
type SlowDisk struct {
	Spell
	Delay FsyncDelay
}

func readSlowDisk(t *table) Do {
	d := SlowDisk{Spell: readSpell(t)}
	t.require("fsync_delay", `fsync_delay = "50ms"`)
	d.Delay = t.fsyncDelay("fsync_delay")
	return d
}

func (SlowDisk) do() string { return "slow-disk" }

func (d SlowDisk) encode(s *section) {
	d.Spell.encode(s)
	d.Delay.encode(s)
}

// DiskStall has no fsync of members end for For.
type DiskStall struct{ Spell }

func readDiskStall(t *table) Do { return DiskStall{readSpell(t)} }

func (DiskStall) do() string { return "disk-stall" }

// DiskFull has the fsyncs of members fail for want of room for For. A member that
// ended of it is started again then.
type DiskFull struct{ Spell }

func readDiskFull(t *table) Do { return DiskFull{readSpell(t)} }

func (DiskFull) do() string { return "disk-full" }
