package kube

import (
	"context"
	"errors"
	"fmt"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
)

// Examiner asks a cluster whether it is as it must be; it only reads. It may be
// shared by goroutines.
type Examiner struct {
	client *clientv3.Client
	// Endpoints are the members that can be asked one by one.
	Endpoints []Endpoint
}

// Examiner makes an examiner with connections of its own.
func (a *API) Examiner() (*Examiner, error) {
	user := a.options.Login
	if a.options.Examiner != nil {
		user = *a.options.Examiner
	}
	c, err := a.connectAs(user, a.options.Endpoints, grpc.WithStatsHandler(wireStats{&a.connections}))
	if err != nil {
		return nil, err
	}
	endpoints, err := a.endpointsAs(user)
	if err != nil {
		return nil, err
	}
	return &Examiner{client: c.Client, Endpoints: endpoints}, nil
}

// Member is one of a cluster's.
type Member struct {
	ID uint64
	// Name is empty where the member has not started yet.
	Name string
}

// Members is the list that the cluster agrees on.
func (x *Examiner) Members(ctx context.Context) ([]Member, error) {
	r, err := x.client.MemberList(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the members: %w", err)
	}
	all := make([]Member, len(r.Members))
	for i, m := range r.Members {
		all[i] = Member{m.ID, m.Name}
	}
	return all, nil
}

// Alarms is those that are raised, as "NOSPACE by member 8e9e05c52164694d".
func (x *Examiner) Alarms(ctx context.Context) ([]string, error) {
	r, err := x.client.AlarmList(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the alarms: %w", err)
	}
	var all []string
	for _, a := range r.Alarms {
		all = append(all, fmt.Sprintf("%s by member %x", a.Alarm, a.MemberID))
	}
	return all, nil
}

// Revision is the store's present one.
func (x *Examiner) Revision(ctx context.Context) (int64, error) {
	r, err := x.client.Get(ctx, "\x00", clientv3.WithLimit(1))
	if err != nil {
		return 0, fmt.Errorf("asking for the revision: %w", err)
	}
	return r.Header.Revision, nil
}

// Count is how many keys begin with a prefix; an empty one counts all.
func (x *Examiner) Count(ctx context.Context, prefix string) (int64, error) {
	// With an empty key, WithPrefix asks for all that there are.
	r, err := x.client.Get(ctx, prefix, clientv3.WithPrefix(), clientv3.WithCountOnly())
	if err != nil {
		return 0, fmt.Errorf("counting the keys: %w", err)
	}
	return r.Count, nil
}

// readTogether is how many keys one Txn reads; etcd's own limit is 128 unless it is set.
const readTogether = 64

// Read reads keys, without their values, as the cluster agrees on them; nil for one that is not there.
func (x *Examiner) Read(ctx context.Context, keys []string) ([]*mvccpb.KeyValue, error) {
	all := make([]*mvccpb.KeyValue, 0, len(keys))
	for len(keys) > 0 {
		some := keys[:min(readTogether, len(keys))]
		keys = keys[len(some):]
		reads := make([]clientv3.Op, len(some))
		for i, key := range some {
			reads[i] = clientv3.OpGet(key, clientv3.WithKeysOnly())
		}
		r, err := x.client.Txn(ctx).Then(reads...).Commit()
		if err != nil {
			return nil, fmt.Errorf("reading keys back: %w", err)
		}
		for _, each := range r.Responses {
			var found *mvccpb.KeyValue
			if kvs := each.GetResponseRange().GetKvs(); len(kvs) > 0 {
				found = kvs[0]
			}
			all = append(all, found)
		}
	}
	return all, nil
}

// Leases is the cluster's leases, by a member that has applied all that was
// acknowledged before.
func (x *Examiner) Leases(ctx context.Context) ([]int64, error) {
	var failed []error
	for _, e := range x.Endpoints {
		// A member tells its own leases without asking; the read before has it catch up.
		if _, err := e.client.Get(ctx, "\x00", clientv3.WithLimit(1)); err != nil {
			failed = append(failed, err)
			continue
		}
		r, err := e.client.Leases(ctx)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		all := make([]int64, len(r.Leases))
		for i, l := range r.Leases {
			all[i] = int64(l.ID)
		}
		return all, nil
	}
	return nil, fmt.Errorf("listing the leases: %w", errors.Join(failed...))
}

// Hash is that of all that a member holds and held, from a compaction to a revision.
type Hash struct {
	Member          uint64
	Compacted, Upto int64
	Hash            uint32
}

// Hash is HashKV{revision}.
func (e Endpoint) Hash(ctx context.Context, revision int64) (Hash, error) {
	r, err := pb.NewMaintenanceClient(e.client.ActiveConnection()).HashKV(ctx, &pb.HashKVRequest{Revision: revision})
	if err != nil {
		return Hash{}, fmt.Errorf("asking %s for its hash: %w", e.URL, err)
	}
	return Hash{Member: r.GetHeader().GetMemberId(), Compacted: r.CompactRevision, Upto: r.HashRevision, Hash: r.Hash}, nil
}
