package runner

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"time"

	"github.com/etcd-dyno/etcd-dyno/runner/record"
)

// lookupTimeout is how long looking up the endpoints' addresses may take.
const lookupTimeout = 2 * time.Second

// endpointsOf are the client URLs with the addresses that they have now. A URL
// whose host cannot be looked up has none, and an address that two of them have
// belongs to neither.
func endpointsOf(ctx context.Context, urls []string) *record.Endpoints {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	addresses, shared := map[netip.AddrPort]string{}, map[netip.AddrPort]bool{}
	for _, each := range urls {
		for _, a := range addressesOf(ctx, each) {
			_, again := addresses[a]
			shared[a] = again
			addresses[a] = each
		}
	}
	for a, both := range shared {
		if both {
			delete(addresses, a)
		}
	}
	return record.NewEndpoints(urls, addresses)
}

// addressesOf are the addresses of a client URL, none where they cannot be looked up.
func addressesOf(ctx context.Context, endpoint string) (all []netip.AddrPort) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "tcp", u.Port())
	if err != nil {
		return nil
	}
	hosts, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		return nil
	}
	for _, h := range hosts {
		all = append(all, netip.AddrPortFrom(h.Unmap(), uint16(port)))
	}
	return all
}
