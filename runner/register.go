package runner

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// registers are a few keys that a client of each member reads and writes all the
// time, so that it shows when members do not tell the same. That each write leaves
// its revision makes what they may answer sharp; see package linear.
type registers struct {
	clients []*clientv3.Client
	prefix  string
	seed    uint64
}

// registerPrefix is where they lie below the run's prefix.
const registerPrefix = "etcd-dyno/register/"

// How many registers there are, how often each client does something, and how long it waits for an answer.
const (
	registerKeys     = 5
	registerEvery    = 100 * time.Millisecond
	registerDeadline = 5 * time.Second
)

// newRegisters connects to each member.
func newRegisters(t *target, c *crew, seed uint64) (*registers, error) {
	r := &registers{prefix: t.prefix + registerPrefix, seed: seed}
	for _, h := range c.members() {
		if h.learner {
			continue
		}
		client, err := t.api.ConnectMember(h.URL)
		if err != nil {
			return nil, fmt.Errorf("preparing to see whether members tell the same: %w", err)
		}
		r.clients = append(r.clients, client)
	}
	return r, nil
}

// run reads and writes until ctx ends, and returns when nothing is under way.
func (r *registers) run(ctx context.Context) {
	var clients sync.WaitGroup
	defer clients.Wait()
	for i, c := range r.clients {
		clients.Go(func() { r.use(ctx, c, i) })
	}
}

// use is one client's doing: one operation after the other.
func (r *registers) use(ctx context.Context, c *clientv3.Client, number int) {
	rng := rand.New(rand.NewPCG(r.seed, uint64(number)))
	known := map[string]int64{}
	tick := time.NewTicker(registerEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		key := r.prefix + strconv.Itoa(rng.IntN(registerKeys))
		value := fmt.Sprintf("%d/%d", number, n)
		// What is under way when ctx ends gets its answer, which the check needs.
		asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), registerDeadline)
		switch rng.IntN(4) {
		case 0:
			_, _ = c.Put(asking, key, value) // outcomes are seen below
		case 1:
			r.update(asking, c, key, value, known)
		default:
			r.read(asking, c, key, known)
		}
		cancel()
	}
}

func (r *registers) read(ctx context.Context, c *clientv3.Client, key string, known map[string]int64) {
	if got, err := c.Get(ctx, key); err == nil && len(got.Kvs) > 0 {
		known[key] = got.Kvs[0].ModRevision
	}
}

// update is the API server's: a Txn that writes where the key is as it was last seen.
func (r *registers) update(ctx context.Context, c *clientv3.Client, key, value string, known map[string]int64) {
	done, err := c.Txn(ctx).
		If(clientv3.Compare(clientv3.ModRevision(key), "=", known[key])).
		Then(clientv3.OpPut(key, value)).
		Else(clientv3.OpGet(key)).
		Commit()
	if err == nil && done.Succeeded {
		known[key] = done.Header.Revision
	}
}
