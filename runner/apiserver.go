package runner

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/etcd-dyno/etcd-dyno/runner/arrival"
	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

// apiServers is what API servers do by themselves. Their caches are watchers: see newWatching.
type apiServers struct {
	kind                         scenarios.APIServer
	env                          *env
	cached                       []*kube.Store
	events                       []*kube.Store // one a version of the API
	endpoints, slices            *kube.Store
	identities                   []beat
	owners                       []*ownLeases // by API server
	probers                      []*kube.Prober
	masterLease, peerLease       *operation
	revision, check, count       *operation
	countObjects                 *operation // instead of revision and check, where there is no watch cache
	get, grant, update, list     *operation
	renewIdentity, probe, status *operation
}

// The API server's own leases, and the objects that its reconciler reads.
const (
	ownLeaseTTL      = 15
	healthTimeout    = 2 * time.Second
	masterLeaseBytes = 62
	peerLeaseBytes   = 139
	identityBytes    = 720
	defaultNamespace = "default"
	apiServerService = "kubernetes"
)

func newAPIServers(e *env, w scenarios.Workload, kind scenarios.APIServer) (*apiServers, error) {
	a := &apiServers{kind: kind, env: e}
	if err := a.open(); err != nil {
		return nil, err
	}
	s := e.stream(w)
	a.operations(w)
	leases := e.stores["leases"]
	a.identities = make([]beat, kind.Servers)
	for i := range a.identities {
		b := &a.identities[i]
		b.store, b.get, b.operation, b.seed = leases.At(i), a.readFirst(), a.renewIdentity, e.seed(w.Name)+uint64(i)<<32
		b.namespace, b.name, b.size = lockNamespace, serverName(i), sizesIn(scenarios.SizeDistribution{P50: identityBytes, P99: identityBytes})
	}
	a.arrive(w, s)
	return a, nil
}

// serverName is an API server's, as it calls itself.
func serverName(i int) string {
	return fmt.Sprintf("apiserver-%026x", rand.New(rand.NewPCG(uint64(i), 0)).Uint64())
}

// open opens the stores and connections that API servers have.
func (a *apiServers) open() (err error) {
	for _, r := range model.CachedResources() {
		s, err := a.env.storeOf(r)
		if err != nil {
			return err
		}
		a.cached = append(a.cached, s)
	}
	events, err := a.env.store("events")
	if err != nil {
		return err
	}
	second, err := a.env.api.Store(events.Resource, a.kind.Servers)
	if err != nil {
		return err
	}
	a.events = []*kube.Store{events, second}
	a.endpoints, a.slices = a.env.stores["endpoints"], a.env.stores["endpointslices"]
	masters, err := a.env.api.Store(model.Resource{Name: "masterleases", Path: "masterleases"}, a.kind.Servers)
	if err != nil {
		return err
	}
	peers, err := a.env.api.Store(model.Resource{Name: "peerserverleases", Path: "peerserverleases"}, a.kind.Servers)
	if err != nil {
		return err
	}
	for i := range a.kind.Servers {
		a.owners = append(a.owners, &ownLeases{
			master: ownLease{store: masters.At(i), key: masters.Key("", fmt.Sprintf("10.0.0.%d", i+1)), bytes: masterLeaseBytes},
			peer:   ownLease{store: peers.At(i), key: peers.Key("", serverName(i)), bytes: peerLeaseBytes},
		})
		for range 2 { // one for /livez and /healthz, one for /readyz
			p, err := a.env.api.Prober()
			if err != nil {
				return err
			}
			a.probers = append(a.probers, p)
		}
	}
	return nil
}

func (a *apiServers) operations(w scenarios.Workload) {
	e := a.env
	a.masterLease = &operation{series: e.recorder.Chain(w.Name, "master-lease", "masterleases")}
	a.peerLease = &operation{series: e.recorder.Chain(w.Name, "peer-lease", "peerserverleases")}
	if a.kind.Uncached {
		a.countObjects = e.operation(w, "count-objects", "", readTimeout)
	} else {
		a.revision = e.operation(w, "get-revision", "", readTimeout)
		a.check = e.operation(w, "check-consistency", "", readTimeout)
	}
	for _, o := range []struct {
		to      **operation
		name    string
		timeout time.Duration
	}{
		{&a.count, "count-events", readTimeout},
		{&a.get, "get", readTimeout},
		{&a.grant, "lease-grant", writeTimeout},
		{&a.update, "update-lease", writeTimeout},
		{&a.list, "list-leases", readTimeout},
		{&a.renewIdentity, "renew-identity", writeTimeout},
		{&a.probe, "probe", healthTimeout},
		{&a.status, "status", readTimeout},
	} {
		*o.to = e.operation(w, o.name, "", o.timeout)
	}
}

// readFirst is the operation that comes before a change, where there is no watch cache.
func (a *apiServers) readFirst() *operation {
	if a.kind.Uncached {
		return a.get
	}
	return nil
}

// arrive gives each loop its arrivals.
func (a *apiServers) arrive(w scenarios.Workload, s *stream) {
	e, n, seed := a.env, a.kind.Servers, a.env.seed(w.Name)
	loops, number := a.kind.Loops(), uint64(0)
	loop := func(subjects int, l scenarios.Loop, start func(arriving)) {
		number++
		e.pacer.add(e.windowed(w, arrival.Periodic(subjects, l.Least, float64(l.Most)/float64(l.Least)-1, seed+number)), start)
	}
	one := func(o *operation, do single) func(arriving) {
		return func(at arriving) { s.arrive(do, nil, o, at) }
	}
	if a.kind.Uncached {
		loop(n*len(a.cached), loops.Poll, one(a.countObjects, a.countsObjects))
	} else {
		loop(n*len(a.cached), loops.Poll, one(a.revision, a.poll))
		loop(n*len(a.cached), loops.Check, one(a.check, a.checks))
	}
	loop(n*len(a.events), loops.Count, one(a.count, a.counts))
	loop(n, loops.OwnLease, func(at arriving) {
		s.arrive(&leaseTurn{servers: a, server: at.index, lease: &a.owners[at.index].master, steps: a.masterSteps()}, &chain{row: a.masterLease}, a.get, at)
	})
	loop(n, loops.OwnLease, func(at arriving) {
		s.arrive(&leaseTurn{servers: a, server: at.index, lease: &a.owners[at.index].peer, steps: a.peerSteps()}, &chain{row: a.peerLease}, a.get, at)
	})
	loop(n, loops.OwnLease, func(at arriving) { s.arrive(&a.identities[at.index], nil, a.identities[at.index].first(), at) })
	if a.kind.Probes {
		// /readyz is asked once a second and asks etcd once by each prober; /livez, every 10 s, finds
		// the answer of a moment ago nearly always.
		loop(2*n, loops.Probe, one(a.probe, a.probes))
	}
	if a.kind.Scrape > 0 {
		loop(n, scenarios.Loop{Least: a.kind.Scrape, Most: a.kind.Scrape}, one(a.status, a.asks))
	}
}

// prepare makes what API servers find long after their start: their own leases and objects.
func (a *apiServers) prepare(ctx context.Context, e *env) error {
	for i := range a.kind.Servers {
		if err := a.identities[i].create(ctx, e, uint64(i)); err != nil {
			return err
		}
		for _, l := range []*ownLease{&a.owners[i].master, &a.owners[i].peer} {
			if err := l.create(ctx, e); err != nil {
				return err
			}
		}
	}
	for _, s := range a.events { // the first count opens the connection
		for i := range a.kind.Servers {
			if _, err := s.At(i).Count(ctx); err != nil {
				return fmt.Errorf("counting events: %w", err)
			}
		}
	}
	for _, s := range []*kube.Store{a.endpoints, a.slices} {
		f := filled{store: s, namespace: defaultNamespace, name: apiServerService, size: sizesIn(scenarios.SizeDistribution{P50: 300, P99: 300})}
		if _, err := e.create(ctx, f, 1); err != nil {
			return err
		}
	}
	return nil
}

// single is a script of one request that nothing follows.
type single func(ctx context.Context, w *worker, t *task) bool

func (s single) do(ctx context.Context, w *worker, t *task) next { return next{failed: !s(ctx, w, t)} }

func (single) unreached(*task) []*operation { return nil }

// at is the API server's store of the cached resource that an arrival is about, and its watcher.
func (a *apiServers) at(index int) (*kube.Store, *kube.Watcher) {
	server, s := index/len(a.cached), a.cached[index%len(a.cached)]
	return s.At(server), a.env.caches[s.Resource.Name][server]
}

// poll asks for the store's revision, and where the cache is behind it for the watch's progress.
func (a *apiServers) poll(ctx context.Context, w *worker, t *task) bool {
	store, watcher := a.at(t.index)
	var revision int64
	ok := w.call(ctx, t, func(ctx context.Context) (reply kube.Reply, err error) {
		revision, err = store.Revision(ctx)
		return kube.Reply{Revision: revision}, err
	})
	if ok && watcher.Reached() < revision {
		kube.AskProgress(ctx, []*kube.Watcher{watcher})
	}
	return ok
}

// checks reads a resource again at the revision that its cache has.
func (a *apiServers) checks(ctx context.Context, w *worker, t *task) bool {
	store, watcher := a.at(t.index)
	return w.call(ctx, t, func(ctx context.Context) (kube.Reply, error) {
		revision, err := store.ReadAll(ctx, kube.FallbackPage, watcher.Reached(), w.chunk)
		return kube.Reply{Revision: revision}, err
	})
}

// countsObjects counts a resource's objects, which nothing else knows without a cache.
func (a *apiServers) countsObjects(ctx context.Context, w *worker, t *task) bool {
	return a.countsIn(ctx, w, t, a.cached[t.index%len(a.cached)].At(t.index/len(a.cached)))
}

func (a *apiServers) counts(ctx context.Context, w *worker, t *task) bool {
	return a.countsIn(ctx, w, t, a.events[t.index%len(a.events)].At(t.index/len(a.events)))
}

func (*apiServers) countsIn(ctx context.Context, w *worker, t *task, store *kube.Store) bool {
	return w.call(ctx, t, func(ctx context.Context) (kube.Reply, error) {
		_, err := store.Count(ctx)
		return kube.Reply{}, err
	})
}

func (a *apiServers) probes(ctx context.Context, w *worker, t *task) bool {
	return w.call(ctx, t, a.probers[t.index].Health)
}

func (a *apiServers) asks(ctx context.Context, w *worker, t *task) bool {
	return w.call(ctx, t, func(ctx context.Context) (kube.Reply, error) { return a.probers[2*t.index].Status(ctx, t.index) })
}
