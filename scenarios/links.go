package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// Links are the network between a lab's members and to them.
type Links struct {
	// Proxied tells that all connections pass through the lab host, also where
	// it adds nothing.
	Proxied bool
	// Client is between the generator and each member, Peer between any two members.
	Client, Peer Link
	// Pairs are the links that differ, in order of their names.
	Pairs []Pair
}

// Link is what the network does to what passes between two parties.
type Link struct {
	// RTT is the round-trip time, half of it each way, and Jitter by how much it
	// varies: between RTT − Jitter/2 and RTT + Jitter/2.
	RTT, Jitter time.Duration
	// Bandwidth is in bytes a second, each way for itself; 0 for no limit.
	Bandwidth int64
}

// Pair is the link between two parties, whichever of them dials.
type Pair struct {
	// A is a member's name or ClientParty, B another member's.
	A, B string
	Link
}

// ClientParty is the generator as a party of a link.
const ClientParty = "client"

// minBandwidth is in bytes a second.
const minBandwidth = 1000

// readLinks reads [links] of a lab with these members.
func readLinks(t *table, members []string) Links {
	defer t.unknown()
	l := Links{Proxied: len(t.values) > 0}
	l.Client = t.link("client_", Link{})
	l.Peer = t.link("peer_", Link{})
	if len(members) == 1 {
		for _, key := range []string{"peer_rtt", "peer_jitter", "peer_bandwidth"} {
			if t.has(key) {
				t.fault(key, "has no use: a single member has no peers; write members = 3")
			}
		}
	}
	for _, below := range t.named("pair") {
		p, ok := readPair(below, l, append([]string{ClientParty}, members...))
		if ok && slices.ContainsFunc(l.Pairs, func(q Pair) bool { return q.A == p.A && q.B == p.B }) {
			below.faultHere("[links.pair.%s] is the same pair as another; write one", below.name())
		}
		l.Pairs = append(l.Pairs, p)
	}
	return l
}

// link reads what a link does, by keys with that prefix.
func (t *table) link(prefix string, fallback Link) Link {
	l := Link{RTT: t.duration(prefix+"rtt", fallback.RTT, 0, maxDelay)}
	l.Jitter = t.duration(prefix+"jitter", min(fallback.Jitter, l.RTT), 0, maxDelay)
	if l.Jitter > l.RTT {
		t.fault(prefix+"jitter", "= %q is more than the round-trip time %q that it varies", unit.FormatDuration(l.Jitter), unit.FormatDuration(l.RTT))
	}
	l.Bandwidth = t.bandwidth(prefix+"bandwidth", fallback.Bandwidth)
	return l
}

func (t *table) bandwidth(key string, fallback int64) int64 {
	t.shape.say(key, bandwidthShape())
	text, ok := t.quantity(key, "a bandwidth", "Mbit/s")
	if !ok {
		return fallback
	}
	b, err := unit.ParseBandwidth(text)
	switch {
	case err != nil:
		t.fault(key, "= %v", err)
	case b < minBandwidth || b > 1<<40:
		t.fault(key, `= %q is out of range; it is at least "1KB/s" and at most "1000GB/s"`, text)
	default:
		return b
	}
	return fallback
}

// readPair reads [links.pair.m1-m2]: what it does not say is as between any two.
func readPair(t *table, l Links, parties []string) (Pair, bool) {
	defer t.unknown()
	a, b, _ := strings.Cut(t.name(), "-")
	known := slices.Contains(parties, a) && slices.Contains(parties, b) && a != b
	if !known {
		t.faultHere("[links.pair.%s] names no two parties of the lab, which are %s; write for example [links.pair.%s-%s]",
			t.name(), strings.Join(parties, ", "), parties[0], parties[1])
	}
	if slices.Index(parties, a) > slices.Index(parties, b) {
		a, b = b, a
	}
	fallback := l.Peer
	if a == ClientParty {
		fallback = l.Client
	}
	return Pair{A: a, B: b, Link: t.link("", fallback)}, known
}

// Between is the link of two parties, each a member's name or ClientParty.
func (l Links) Between(a, b string) Link {
	for _, p := range l.Pairs {
		if p.A == a && p.B == b || p.A == b && p.B == a {
			return p.Link
		}
	}
	if a == ClientParty || b == ClientParty {
		return l.Client
	}
	return l.Peer
}

// encode writes [links] of a lab with so many members.
func (l Links) encode(top *section, members int) {
	if !l.Proxied {
		return
	}
	s := section{out: top.out, header: "links"}
	l.Client.encode(&s, "client_")
	if members > 1 {
		l.Peer.encode(&s, "peer_")
	}
	s.flush()
	for _, p := range l.Pairs {
		below := section{out: top.out, header: "links.pair." + p.A + "-" + p.B}
		p.Link.encode(&below, "")
		below.flush()
	}
}

func (l Link) encode(s *section, prefix string) {
	s.duration(prefix+"rtt", l.RTT)
	s.duration(prefix+"jitter", l.Jitter)
	if l.Bandwidth > 0 {
		s.text(prefix+"bandwidth", unit.FormatBandwidth(l.Bandwidth))
	}
}
