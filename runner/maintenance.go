package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.etcd.io/etcd/etcdutl/v3/snapshot"
	"go.uber.org/zap"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// How long a request of an administrator may take; a defragmentation or a
// snapshot of gigabytes on a slow disk takes minutes.
const (
	administerWithin = 30 * time.Second
	rewriteWithin    = 15 * time.Minute
)

// moveLeader hands the leader's office to another member.
func (d *deed) moveLeader(ctx context.Context, do scenarios.MoveLeader) error {
	to, err := d.crew.choose(ctx, do.To)
	if err != nil {
		return err
	}
	leader, err := d.crew.leader(ctx)
	if err != nil {
		return err
	}
	if leader.name == to[0].name {
		return fmt.Errorf("%s leads already", leader.name)
	}
	ctx, cancel := context.WithTimeout(ctx, administerWithin)
	defer cancel()
	raft, err := to[0].Raft(ctx)
	if err != nil {
		return err
	}
	d.begin(leader, to[0])
	return d.step("leader moved", to[0].name, func() (string, error) {
		return "from " + leader.name, leader.MoveLeader(ctx, raft.Member)
	})
}

// compact compacts the history.
func (d *deed) compact(ctx context.Context) error {
	leader, err := d.crew.leader(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, rewriteWithin)
	defer cancel()
	d.begin(leader)
	return d.step("compacted", leader.name, func() (string, error) {
		revision, err := leader.Compact(ctx)
		return fmt.Sprintf("up to revision %d", revision), err
	})
}

// defragment rewrites the databases of members, one after the other, the leader's last.
func (d *deed) defragment(ctx context.Context, do scenarios.Defragment) error {
	members, err := d.crew.choose(ctx, do.Member)
	if err == nil {
		members, err = d.crew.leaderLast(ctx, members)
	}
	if err != nil {
		return err
	}
	d.begin(members...)
	return d.defragmentAll(ctx, members)
}

func (d *deed) defragmentAll(ctx context.Context, members []hand) error {
	return all(members, func(h hand) error {
		ctx, cancel := context.WithTimeout(ctx, rewriteWithin)
		defer cancel()
		return d.step("defragmented", h.name, func() (string, error) {
			before, err := h.Raft(ctx)
			if err == nil {
				err = h.Defragment(ctx)
			}
			if err != nil {
				return "", err
			}
			after, err := h.Raft(ctx)
			return fmt.Sprintf("database from %s to %s", bytesOf(before.Database), bytesOf(after.Database)), err
		})
	})
}

// bytesOf is a size as people read it.
func bytesOf(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

// lastSnapshot is the snapshot that a disaster would be recovered from.
type lastSnapshot struct {
	path string
	ref  results.SnapshotRef
}

// snapshot streams a member's database to a file and has etcd's own tool check it.
func (d *deed) snapshot(ctx context.Context, do scenarios.Snapshot) error {
	of := do.Member
	if len(d.crew.members()) == 1 && of == scenarios.SelectFollower {
		of = scenarios.SelectLeader
	}
	members, err := d.crew.choose(ctx, of)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, rewriteWithin)
	defer cancel()
	d.begin(members...)
	if d.expectsDisaster() {
		d.run.env.api.Books().Tally() // it is from here on that writes may be lost
	}
	return all(members, func(h hand) error {
		path := filepath.Join(d.snapshots, fmt.Sprintf("%s-%d.db", d.action.Name, len(d.row.Steps)))
		ref := results.SnapshotRef{Member: h.name}
		err := d.step("streamed", h.name, func() (string, error) {
			begin := time.Now()
			var err error
			ref.Bytes, err = d.stream(ctx, h, path)
			ref.TookMS = milliseconds(time.Since(begin))
			return bytesOf(ref.Bytes), err
		})
		if err == nil {
			err = d.step("checked", h.name, func() (string, error) { return "by etcd's snapshot status", examine(path, &ref) })
		}
		if err != nil {
			return errors.Join(err, removeFile(path))
		}
		d.write(func(row *results.Action) { row.Snapshot = &ref })
		return d.keepLast(path, ref)
	})
}

// expectsDisaster reports whether the cluster will be made anew from a snapshot.
func (a *actions) expectsDisaster() bool {
	return slices.ContainsFunc(a.run.job.Scenario.Actions, func(each scenarios.Action) bool {
		_, is := each.Do.(scenarios.DisasterRecovery)
		return is
	})
}

// keepLast makes a snapshot the last one; the one before it goes.
func (a *actions) keepLast(path string, ref results.SnapshotRef) error {
	a.mu.Lock()
	before := a.last.path
	a.last = lastSnapshot{path, ref}
	a.mu.Unlock()
	if before == "" || before == path {
		return nil
	}
	return removeFile(before)
}

// latest is the last snapshot; its path is empty where there is none.
func (a *actions) latest() lastSnapshot {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.last
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing a snapshot: %w", err)
	}
	return nil
}

// stream writes a member's snapshot to a file that nobody else may read.
func (d *deed) stream(ctx context.Context, h hand, path string) (bytes int64, err error) {
	if err := os.MkdirAll(d.snapshots, 0o700); err != nil {
		return 0, fmt.Errorf("making the folder for snapshots: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, fmt.Errorf("creating the snapshot's file: %w", err)
	}
	bytes, err = h.Snapshot(ctx, f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return bytes, fmt.Errorf("taking a snapshot: %w", err)
	}
	return bytes, nil
}

// examine has etcd's own code look whether a snapshot is whole, as etcdutl snapshot status does.
func examine(path string, ref *results.SnapshotRef) error {
	status, err := snapshot.NewV3(zap.NewNop()).Status(path)
	if err != nil {
		return fmt.Errorf("the snapshot is not whole: %w", err)
	}
	ref.Revision, ref.Keys, ref.Hash = status.Revision, int64(status.TotalKey), fmt.Sprintf("%08x", status.Hash)
	return nil
}

// rollingRestart restarts all members, one after the other, the leader last.
func (d *deed) rollingRestart(ctx context.Context, do scenarios.RollingRestart) error {
	members, err := d.crew.leaderLast(ctx, d.crew.members())
	if err != nil {
		return err
	}
	d.begin(members...)
	for i, h := range members {
		if i > 0 && do.Pause > 0 {
			d.hold(do.Pause)
		}
		if err := d.stepOf("stopped", h, func() error { return d.lab.Terminate(ctx, h.name) }); err != nil {
			return err
		}
		if err := d.revive(ctx, []hand{h}); err != nil {
			return err
		}
	}
	return nil
}

// administer does one request within its time.
func (d *deed) administer(ctx context.Context, do func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, administerWithin)
	defer cancel()
	return do(ctx)
}

// memberIDs are the IDs of the members by their names, as a member has them.
func memberIDs(ctx context.Context, of hand) (map[string]uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, administerWithin)
	defer cancel()
	peers, err := of.Peers(ctx)
	if err != nil {
		return nil, err
	}
	ids := map[string]uint64{}
	for _, p := range peers {
		ids[cmp.Or(p.Name, p.PeerURLs[0])] = p.ID
	}
	return ids, nil
}
