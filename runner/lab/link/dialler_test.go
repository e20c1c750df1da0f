package link

import (
	"net/netip"
	"testing"
	"time"
)

// The link follows the process that dialled, also when a party is started anew.
func TestProxyKnowsWhoDialled(t *testing.T) {
	const slow = 200 * time.Millisecond
	n := NewNetwork()
	upstream := startServer(t, echoBack)
	p := startProxy(t, n, upstream)
	shape(t, n, "m2", Shape{RTT: slow})
	m2, m3 := startParty(t), startParty(t)
	n.Register("m2", m2.pid)
	n.Register("m3", m3.pid)
	check := func(who string, p *party, address string, want bool) {
		t.Helper()
		if took := p.dial(address); (took >= slow) != want {
			t.Errorf("%s needed %v for a round trip, on the slow link: %v", who, took, want)
		}
	}
	check("m2", m2, p.Addr(), true)
	check("m3", m3, p.Addr(), false)
	check("m2, past the proxy,", m2, upstream, false)

	m2.end()
	again := startParty(t)
	check("a process not known yet", again, p.Addr(), false)
	n.Register("m2", again.pid)
	check("m2, started anew,", again, p.Addr(), true)
	n.Register("m2", 0)
	check("m2, forgotten,", again, p.Addr(), false)
}

func TestProxyKnowsWhoDialledOverIPv6(t *testing.T) {
	n := NewNetwork()
	p, err := n.Listen(t.Context(), "m1", "[::1]:0", startServer(t, echoBack))
	if err != nil {
		t.Skip("no IPv6 here: ", err)
	}
	t.Cleanup(func() { _ = p.Close() })
	const slow = 200 * time.Millisecond
	shape(t, n, "m2", Shape{RTT: slow})
	m2 := startParty(t)
	n.Register("m2", m2.pid)
	if took := m2.dial(p.Addr()); took < slow {
		t.Errorf("m2 needed %v for a round trip over a link of %v", took, slow)
	}
}

func TestInodeOfALine(t *testing.T) {
	const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	const rest = " 01 00000000:00000000 00:00000000 00000000  1000        0 "
	local, remote := netip.MustParseAddrPort("127.0.0.1:40000"), netip.MustParseAddrPort("127.0.0.1:2379")
	key := hex4(local) + " " + hex4(remote)
	for name, c := range map[string]struct{ table, want string }{
		"its line":           {"   0: " + key + rest + "4242 1 0\n", "4242"},
		"the other end's":    {"   0: " + hex4(remote) + " " + hex4(local) + rest + "4242 1 0\n", ""},
		"closed":             {"   0: " + key + rest + "0 1 0\n", ""},
		"cut short":          {"   0: " + key + " 01 0000", ""},
		"no line":            {"", ""},
		"after another line": {"   0: " + hex4(remote) + " " + hex4(local) + rest + "1 1 0\n   1: " + key + rest + "77 1 0\n", "77"},
	} {
		if got := inodeIn([]byte(head+c.table), key+" "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestADiallerThatIsGoneIsTheClient(t *testing.T) {
	n := NewNetwork()
	n.Register("m2", startParty(t).pid)
	from := n.dialler(netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort("127.0.0.1:2"))
	if from != Client {
		t.Errorf("a connection that is nowhere is from %q", from)
	}
}
