package record

import (
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
)

// Endpoints tells which endpoint an address belongs to. It may be shared by
// goroutines; looking up takes no lock and does not allocate.
type Endpoints struct {
	most  int
	mu    sync.Mutex // orders changes of table
	table atomic.Pointer[endpointTable]
}

// endpointTable is never changed: an address that is new makes another table.
type endpointTable struct {
	names []string
	by    map[netip.AddrPort]int
}

// strangers is how many addresses that belong to no endpoint are told apart.
// What is answered by more of them is only in the whole.
const strangers = 32

// NewEndpoints makes the endpoints with those client URLs. addresses says which
// URL an address belongs to; one that is not there is an endpoint by itself,
// named host:port.
func NewEndpoints(urls []string, addresses map[netip.AddrPort]string) *Endpoints {
	t := &endpointTable{names: slices.Clone(urls), by: map[netip.AddrPort]int{}}
	for address, url := range addresses {
		if i := slices.Index(urls, url); i >= 0 {
			t.by[plain(address)] = i
		}
	}
	e := &Endpoints{most: len(urls) + strangers}
	e.table.Store(t)
	return e
}

// unknown stands for an endpoint that is not known.
const unknown = -1

// of is the number of the endpoint that an address belongs to, or unknown.
func (e *Endpoints) of(remote net.Addr) int {
	tcp, ok := remote.(*net.TCPAddr)
	if e == nil || !ok || tcp == nil {
		return unknown
	}
	address := plain(tcp.AddrPort())
	if i, ok := e.table.Load().by[address]; ok {
		return i
	}
	return e.stranger(address)
}

// stranger adds an address that belongs to no URL, unless there are too many.
func (e *Endpoints) stranger(address netip.AddrPort) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	old := e.table.Load()
	if i, ok := old.by[address]; ok {
		return i
	}
	if len(old.names) == e.most {
		return unknown
	}
	t := &endpointTable{names: append(slices.Clone(old.names), address.String()), by: maps.Clone(old.by)}
	t.by[address] = len(old.names)
	e.table.Store(t)
	return len(old.names)
}

// name is what the user knows an endpoint by.
func (e *Endpoints) name(i int) string { return e.table.Load().names[i] }

// plain is an address as all ways of writing it come to: without a zone, IPv4 as such.
func plain(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}
