package kube

import (
	"context"
	"fmt"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
)

// Endpoint is one member's client URL, asked for its state on a connection of
// its own. It may be shared by goroutines.
type Endpoint struct {
	URL    string
	client *clientv3.Client
}

// Endpoints opens a connection to each member's endpoint alone, those that
// requests do not go to included; Close of the API closes them.
func (a *API) Endpoints() ([]Endpoint, error) { return a.endpointsAs(a.options.Login) }

func (a *API) endpointsAs(user Login) ([]Endpoint, error) {
	var all []Endpoint
	for _, url := range a.members() {
		c, err := a.connectAs(user, []string{url}, grpc.WithStatsHandler(wireStats{&a.connections}))
		if err != nil {
			return nil, err
		}
		all = append(all, Endpoint{URL: url, client: c.Client})
	}
	return all, nil
}

// members are the client URLs of all members that are known.
func (a *API) members() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.options.Members != nil {
		return a.options.Members
	}
	return a.options.Endpoints
}

// Raft is what a member knows of its cluster.
type Raft struct {
	// Member is its own ID.
	Member uint64
	// Leads tells that the member is the leader itself; Leader is 0 where it knows of none.
	Leads        bool
	Leader, Term uint64
	// Database is how many bytes the member's database file has.
	Database int64
}

// Raft asks the member, which answers without asking the others.
func (e Endpoint) Raft(ctx context.Context) (Raft, error) {
	// Note: Client.Status dials anew at each call.
	r, err := pb.NewMaintenanceClient(e.client.ActiveConnection()).Status(ctx, &pb.StatusRequest{})
	if err != nil {
		return Raft{}, fmt.Errorf("asking %s for its state: %w", e.URL, err)
	}
	member := r.GetHeader().GetMemberId()
	return Raft{Database: r.DbSize, Leads: r.Leader != 0 && r.Leader == member, Member: member, Leader: r.Leader, Term: r.RaftTerm}, nil
}

// MemberNames asks the cluster for its members' names, by their IDs.
func (e Endpoint) MemberNames(ctx context.Context) (map[uint64]string, error) {
	r, err := e.client.MemberList(ctx, clientv3.WithSerializable())
	if err != nil {
		return nil, fmt.Errorf("asking %s for the members of its cluster: %w", e.URL, err)
	}
	names := map[uint64]string{}
	for _, m := range r.Members {
		names[m.ID] = m.Name
	}
	return names, nil
}

// SetMembers says which client URLs all members have from now on, for Endpoints and Examiner.
func (a *API) SetMembers(urls []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.options.Members = urls
}
