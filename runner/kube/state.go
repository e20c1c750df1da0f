package kube

import (
	"context"
	"sync"
	"time"
)

// State is what a member tells of itself and its database.
type State struct {
	URL string
	// Err says why the member does not answer; then nothing else is known.
	Err error
	// Version is the member's, for example "3.7.3".
	Version string
	// Database is how many bytes its file has, InUse how many of them are not free.
	Database, InUse int64
	// Quota is the most that the file may have; 0 where etcd does not tell (before
	// 3.6), below 0 where there is none.
	Quota int64
	// Leader is the member that it takes for the leader; 0 where it knows of none.
	Leader uint64
}

// stateTimeout is how long a member may take to tell its state.
const stateTimeout = 4 * time.Second

// States asks all members at once, also those that requests do not go to, and returns what they tell in their order.
func (a *API) States(ctx context.Context) ([]State, error) {
	c, err := a.Connect()
	if err != nil {
		return nil, err
	}
	urls := a.members()
	all := make([]State, len(urls))
	var wg sync.WaitGroup
	for i, url := range urls {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, stateTimeout)
			defer cancel()
			all[i] = State{URL: url}
			r, err := c.Status(ctx, url)
			if err != nil {
				all[i].Err = err
				return
			}
			all[i] = State{URL: url, Version: r.Version, Database: r.DbSize, InUse: r.DbSizeInUse, Quota: r.DbSizeQuota, Leader: r.Leader}
		})
	}
	wg.Wait()
	a.forget(c)
	return all, c.Close()
}
