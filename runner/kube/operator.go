package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
)

// Operator does to a cluster what its administrator does, one member at a time
// where that is asked for. It may be shared by goroutines.
type Operator struct {
	api  *API
	user Login
}

// Operator makes an operator. It has no connection until it is given a member.
func (a *API) Operator() *Operator {
	user := a.options.Login
	if a.options.Examiner != nil {
		user = *a.options.Examiner
	}
	return &Operator{api: a, user: user}
}

// reconnectEvery is how soon a client that waits for a member tries it again;
// gRPC's own pauses grow to two minutes.
const reconnectEvery = 20 * time.Millisecond

// prompt makes a client come back to a member as soon as that is there again.
func prompt() grpc.DialOption {
	return grpc.WithConnectParams(grpc.ConnectParams{
		Backoff:           backoff.Config{BaseDelay: reconnectEvery, Multiplier: 1, MaxDelay: reconnectEvery},
		MinConnectTimeout: time.Second,
	})
}

// ConnectPrompt is Connect for who watches whether the cluster serves: its
// client is back as soon as a member is, and its connections are no news.
func (a *API) ConnectPrompt() (*clientv3.Client, error) {
	c, err := a.connect(a.options.Endpoints, grpc.WithChainUnaryInterceptor(a.interceptors()...), prompt())
	if err != nil {
		return nil, err
	}
	return c.Client, nil
}

// ConnectMember is ConnectPrompt to one member alone, by its client URL.
func (a *API) ConnectMember(url string) (*clientv3.Client, error) {
	c, err := a.connect([]string{url}, grpc.WithChainUnaryInterceptor(a.interceptors()...), prompt())
	if err != nil {
		return nil, err
	}
	return c.Client, nil
}

// Member connects to one member by its client URL; Close of the API closes it.
func (o *Operator) Member(url string) (Endpoint, error) {
	c, err := o.api.connectAs(o.user, []string{url}, prompt())
	if err != nil {
		return Endpoint{}, err
	}
	return Endpoint{URL: url, client: c.Client}, nil
}

// MoveLeader is MoveLeader{to}; the endpoint must be the leader's.
func (e Endpoint) MoveLeader(ctx context.Context, to uint64) error {
	if _, err := e.client.MoveLeader(ctx, to); err != nil {
		return fmt.Errorf("moving the leader from %s: %w", e.URL, err)
	}
	return nil
}

// Compact compacts the history up to the store's present revision, which it
// returns, and waits until it is applied at the endpoint.
func (e Endpoint) Compact(ctx context.Context) (revision int64, err error) {
	r, err := e.client.Get(ctx, "\x00", clientv3.WithLimit(1))
	if err == nil {
		revision = r.Header.Revision
		_, err = e.client.Compact(ctx, revision, clientv3.WithCompactPhysical())
	}
	if errors.Is(err, rpctypes.ErrCompacted) {
		err = nil // somebody else was faster
	}
	if err != nil {
		return 0, fmt.Errorf("compacting at %s: %w", e.URL, err)
	}
	return revision, nil
}

// Defragment rewrites the member's database file. The member serves nothing meanwhile.
func (e Endpoint) Defragment(ctx context.Context) error {
	if _, err := e.client.Defragment(ctx, e.URL); err != nil {
		return fmt.Errorf("defragmenting %s: %w", e.URL, err)
	}
	return nil
}

// Snapshot streams the member's database to w, with its SHA-256 behind it. It
// returns how many bytes came.
func (e Endpoint) Snapshot(ctx context.Context, w io.Writer) (bytes int64, err error) {
	r, err := e.client.Snapshot(ctx)
	if err != nil {
		return 0, fmt.Errorf("asking %s for a snapshot: %w", e.URL, err)
	}
	bytes, err = io.Copy(w, r)
	if err = errors.Join(err, r.Close()); err != nil {
		return bytes, fmt.Errorf("receiving the snapshot of %s, %d bytes so far: %w", e.URL, bytes, err)
	}
	return bytes, nil
}

// Disarm takes all alarms back.
func (e Endpoint) Disarm(ctx context.Context) error {
	if _, err := e.client.AlarmDisarm(ctx, &clientv3.AlarmMember{}); err != nil {
		return fmt.Errorf("disarming the alarms at %s: %w", e.URL, err)
	}
	return nil
}

// Served reports whether the member serves a linearizable read.
func (e Endpoint) Served(ctx context.Context) error {
	_, err := e.client.Get(ctx, "\x00", clientv3.WithLimit(1))
	return err
}

// AddLearner adds a member at a peer URL that does not vote. It waits while the
// cluster takes none because its members have not known one another for long enough.
func (e Endpoint) AddLearner(ctx context.Context, peerURL string) (id uint64, err error) {
	err = again(ctx, func() (bool, error) {
		r, err := e.client.MemberAddAsLearner(ctx, []string{peerURL})
		if err == nil {
			id = r.Member.ID
		}
		return errors.Is(err, rpctypes.ErrUnhealthy) || errors.Is(err, rpctypes.ErrTooManyLearners), err
	})
	if err != nil {
		return 0, fmt.Errorf("adding a learner at %s: %w", peerURL, err)
	}
	return id, nil
}

// Promote makes a learner vote, as soon as it has caught up with the leader.
func (e Endpoint) Promote(ctx context.Context, id uint64) error {
	err := again(ctx, func() (bool, error) {
		_, err := e.client.MemberPromote(ctx, id)
		return errors.Is(err, rpctypes.ErrMemberLearnerNotReady) || errors.Is(err, rpctypes.ErrUnhealthy), err
	})
	if err != nil {
		return fmt.Errorf("promoting the learner %x: %w", id, err)
	}
	return nil
}

// RemoveMember takes a member out of the cluster; it waits while too few others are healthy.
func (e Endpoint) RemoveMember(ctx context.Context, id uint64) error {
	err := again(ctx, func() (bool, error) {
		_, err := e.client.MemberRemove(ctx, id)
		return errors.Is(err, rpctypes.ErrUnhealthy), err
	})
	if err != nil {
		return fmt.Errorf("removing the member %x: %w", id, err)
	}
	return nil
}

// Peer is a member and where its peers reach it.
type Peer struct {
	Member
	PeerURLs []string
}

// Peers is the member list as the endpoint's member has it.
func (e Endpoint) Peers(ctx context.Context) ([]Peer, error) {
	r, err := e.client.MemberList(ctx, clientv3.WithSerializable())
	if err != nil {
		return nil, fmt.Errorf("asking %s for the members of its cluster: %w", e.URL, err)
	}
	all := make([]Peer, len(r.Members))
	for i, m := range r.Members {
		all[i] = Peer{Member{m.ID, m.Name}, m.PeerURLs}
	}
	return all, nil
}

// again calls try every 50 ms while it says that it may do better later, until ctx ends.
func again(ctx context.Context, try func() (later bool, err error)) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		later, err := try()
		if err == nil || !later {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}
