package runner

import (
	"context"
	"fmt"
	"slices"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// cutInterval has the journal's interval end now, so that none straddles what happens.
func (r *run) cutInterval() {
	select {
	case r.cuts <- struct{}{}:
	default: // it is about to end already
	}
}

// resized tells the checks that the cluster has other members than before.
func (r *run) resized(ctx context.Context, c *crew) error {
	members := c.members()
	urls := make([]string, 0, len(members))
	for _, h := range members {
		if !h.learner {
			urls = append(urls, h.URL)
		}
	}
	r.target.api.SetMembers(urls)
	if err := r.examination.regroup(ctx, r.target, namesOf(members)); err != nil {
		return fmt.Errorf("looking who the members are now: %w", err)
	}
	return nil
}

// rewind tells all who keep accounts that the cluster is back at a revision.
func (r *run) rewind(revision int64) results.Loss {
	lost := r.target.api.Books().Rewind(revision)
	for i := range r.watching.resources {
		r.watching.resources[i].store.Ledger.Lose()
	}
	if h := r.target.history; h != nil {
		h.Break()
	}
	return results.Loss{Revision: revision, Acknowledged: lost.Writes, Keys: lost.Keys}
}

// regroup has the checks expect these members from now on.
func (x *examination) regroup(ctx context.Context, t *target, names []string) error {
	examiner, err := t.api.Examiner()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	members, err := examiner.Members(ctx)
	if err != nil {
		return err
	}
	found := make([]string, 0, len(members))
	for _, m := range members {
		found = append(found, m.Name)
	}
	slices.Sort(found)
	slices.Sort(names)
	if !slices.Equal(found, names) {
		return fmt.Errorf("the cluster has %q, where %q were to be", found, names)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.examiner, x.members = examiner, members
	return nil
}
