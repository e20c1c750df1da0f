package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/kube"
)

// How long a member may take to answer, and how often members that have not come to the same are asked again.
const (
	stateTimeout = 2 * time.Second
	agreeEvery   = 250 * time.Millisecond
	agreeWithin  = 5 * time.Second
)

// largeForeign is the size of a database that is not read as a whole on a cluster that is not ours.
const largeForeign = 1 << 30

// membersAgree compares what the members hold, at one revision.
func (x *examination) membersAgree(ctx context.Context) (results.Status, string, error) {
	if len(x.members) == 1 {
		return results.Pass, "one member, nothing to compare", nil
	}
	if why, err := x.tooLarge(ctx); err != nil || why != "" {
		return results.Skipped, why, err
	}
	for begin := time.Now(); ; {
		revision, err := x.examiner.Revision(ctx)
		if err != nil {
			return "", "", err
		}
		hashes, err := x.hashes(ctx, revision)
		if err == nil {
			status, detail := compare(hashes)
			if status != results.Skipped {
				return status, detail, nil
			}
			err = errors.New(detail)
		}
		if time.Since(begin) > agreeWithin {
			return "", "", err
		}
		if stop := pause(ctx, agreeEvery); stop != nil {
			return "", "", stop
		}
	}
}

// tooLarge says why the members of a cluster that is not ours are not compared, if so.
func (x *examination) tooLarge(ctx context.Context) (string, error) {
	if x.lab {
		return "", nil
	}
	for _, s := range x.states(ctx) {
		if s.err != nil {
			return "", s.err
		}
		if s.raft.Database >= largeForeign {
			return fmt.Sprintf("the database of %s has %d MiB, which a cluster that is not ours is not made to read", s.url, s.raft.Database>>20), nil
		}
	}
	return "", nil
}

// hashes asks all members at once.
func (x *examination) hashes(ctx context.Context, revision int64) ([]kube.Hash, error) {
	endpoints := x.examiner.Endpoints
	all, failed := make([]kube.Hash, len(endpoints)), make([]error, len(endpoints))
	var wg sync.WaitGroup
	for i, e := range endpoints {
		wg.Go(func() { all[i], failed[i] = e.Hash(ctx, revision) })
	}
	wg.Wait()
	for _, err := range failed {
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// compare says whether members hold the same. It is skipped where they have
// compacted at different revisions, as they do for a moment, so that their
// hashes are not of the same.
func compare(all []kube.Hash) (results.Status, string) {
	slices.SortFunc(all, func(a, b kube.Hash) int { return cmp.Compare(a.Member, b.Member) })
	all = slices.CompactFunc(all, func(a, b kube.Hash) bool { return a.Member == b.Member }) // several ways to one member
	first := all[0]
	var each []string
	same, together := true, true
	for _, h := range all {
		each = append(each, fmt.Sprintf("%08x of member %x", h.Hash, h.Member))
		same = same && h.Hash == first.Hash
		together = together && h.Compacted == first.Compacted && h.Upto == first.Upto
	}
	switch {
	case !together:
		return results.Skipped, "the members have not compacted at the same revision"
	case !same:
		return results.Fail, fmt.Sprintf("the members differ at revision %d, compacted at %d: %s", first.Upto, first.Compacted, strings.Join(each, ", "))
	case len(all) == 1:
		return results.Pass, "one member was asked, nothing to compare"
	default:
		return results.Pass, fmt.Sprintf("%d members hold the same at revision %d: HashKV %08x", len(all), first.Upto, first.Hash)
	}
}

// state is what one endpoint tells.
type state struct {
	url  string
	raft kube.Raft
	err  error
}

// states asks all endpoints at once.
func (x *examination) states(ctx context.Context) []state {
	all := make([]state, len(x.examiner.Endpoints))
	var wg sync.WaitGroup
	for i, e := range x.examiner.Endpoints {
		wg.Go(func() {
			asking, cancel := context.WithTimeout(ctx, stateTimeout)
			defer cancel()
			raft, err := e.Raft(asking)
			all[i] = state{e.URL, raft, err}
		})
	}
	wg.Wait()
	return all
}

// membersHealthy looks at the member list, the alarms and the leader. What may
// only be on its way, a leader that is being elected above all, is given time.
func (x *examination) membersHealthy(ctx context.Context) (results.Status, string, error) {
	if x.unlisted != nil {
		return "", "", fmt.Errorf("at the start: %w", x.unlisted)
	}
	for begin := time.Now(); ; {
		troubles, detail, err := x.look(ctx)
		switch {
		case err == nil && len(troubles) == 0:
			return results.Pass, detail, nil
		case ctx.Err() != nil:
			return "", "", ctx.Err()
		case time.Since(begin) < agreeWithin:
		case err != nil:
			return "", "", err
		default:
			return results.Fail, strings.Join(troubles, "; "), nil
		}
		if stop := pause(ctx, agreeEvery); stop != nil {
			return "", "", stop
		}
	}
}

// look looks once.
func (x *examination) look(ctx context.Context) (troubles []string, detail string, err error) {
	states := x.states(ctx)
	for _, s := range states {
		if s.err != nil && !slices.Contains(x.silent, s.url) {
			troubles = append(troubles, s.url+" does not answer")
		}
	}
	troubles = append(troubles, leaders(states)...)
	asking, cancel := context.WithTimeout(ctx, stateTimeout)
	defer cancel()
	now, err := x.examiner.Members(asking)
	if err != nil {
		return asTroubles(troubles, err)
	}
	troubles = append(troubles, changes(x.members, now)...)
	alarms, err := x.examiner.Alarms(asking)
	if err != nil {
		return asTroubles(troubles, err)
	}
	for _, a := range alarms {
		troubles = append(troubles, "alarm "+a)
	}
	if len(troubles) > 0 {
		return troubles, "", nil
	}
	members := "1 member"
	if len(now) > 1 {
		members = fmt.Sprintf("%d members", len(now))
	}
	detail = fmt.Sprintf("%s as before, no alarm, leader %x", members, leaderOf(states))
	if len(x.silent) > 0 {
		detail += "; no answer before the load already: " + strings.Join(x.silent, ", ")
	}
	return nil, detail, nil
}

// leaderOf is the leader by the first endpoint that answers.
func leaderOf(all []state) uint64 {
	for _, s := range all {
		if s.err == nil {
			return s.raft.Leader
		}
	}
	return 0
}

// asTroubles: a question without an answer is no trouble of its own beside others.
func asTroubles(troubles []string, err error) ([]string, string, error) {
	if len(troubles) > 0 {
		return append(troubles, err.Error()), "", nil
	}
	return nil, "", err
}

// leaders says where members that answer know of no leader, or of different ones.
func leaders(all []state) (troubles []string) {
	var seen []string
	for _, s := range all {
		if s.err != nil {
			continue
		}
		if s.raft.Leader == 0 {
			troubles = append(troubles, s.url+" knows of no leader")
			continue
		}
		if l := fmt.Sprintf("%x in term %d", s.raft.Leader, s.raft.Term); !slices.Contains(seen, l) {
			seen = append(seen, l)
		}
	}
	if len(seen) > 1 {
		troubles = append(troubles, "the members see different leaders: "+strings.Join(seen, ", "))
	}
	return troubles
}

// changes says how the member list is not what it was.
func changes(was, now []kube.Member) (troubles []string) {
	for _, m := range was {
		i := slices.IndexFunc(now, func(n kube.Member) bool { return n.ID == m.ID })
		switch {
		case i < 0:
			troubles = append(troubles, fmt.Sprintf("member %x (%s) is no longer there", m.ID, m.Name))
		case m.Name != "" && now[i].Name == "":
			troubles = append(troubles, fmt.Sprintf("member %x (%s) has not started", m.ID, m.Name))
		}
	}
	for _, n := range now {
		if !slices.ContainsFunc(was, func(m kube.Member) bool { return m.ID == n.ID }) {
			troubles = append(troubles, fmt.Sprintf("member %x (%s) was not there at the start", n.ID, n.Name))
		}
	}
	return troubles
}
