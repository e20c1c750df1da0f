package lab

import (
	"context"
	"errors"
	"fmt"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// Disk is the state of a member's disk.
type Disk struct {
	// Delay is what is added to each fsync; zero adds nothing.
	Delay scenarios.FsyncDelay
	// Held tells that no fsync ends, Full that each fails for want of space.
	Held, Full bool
}

// Kill kills a member (SIGKILL) and returns when it is gone. One that is gone
// already is no error.
//
// As with all that is done to a lab, a name that no member has is an error, what
// is done to one member is done in turn, and when ctx ends before it is done, it
// goes on without the caller.
func (l *Lab) Kill(ctx context.Context, member string) error {
	return l.carryOut(ctx, "killing "+member, request{Do: doKill, Member: member})
}

// Terminate asks a member to end (SIGTERM), also one that is frozen, and returns
// when it is gone. One that is still there after 30 s is killed.
func (l *Lab) Terminate(ctx context.Context, member string) error {
	return l.carryOut(ctx, "ending "+member, request{Do: doTerminate, Member: member})
}

// Revive starts a member that is gone, on its data and with the flags that it
// had, and returns when its process runs; it is not healthy yet. One that runs is an error.
func (l *Lab) Revive(ctx context.Context, member string) error {
	return l.carryOut(ctx, "starting "+member+" again", request{Do: doRevive, Member: member})
}

// Freeze stops a member where it is (SIGSTOP). One that does not run is an error.
func (l *Lab) Freeze(ctx context.Context, member string) error {
	return l.carryOut(ctx, "freezing "+member, request{Do: doFreeze, Member: member})
}

// Thaw lets a frozen member go on (SIGCONT). One that is not frozen, or does not
// run, is no error.
func (l *Lab) Thaw(ctx context.Context, member string) error {
	return l.carryOut(ctx, "thawing "+member, request{Do: doThaw, Member: member})
}

// Cut lets nothing through that one party sends to another, whoever dialled, until
// Heal. Each is a member's name or link.Client. It is an error where connections
// do not pass through the lab host.
func (l *Lab) Cut(ctx context.Context, from, to string) error {
	return l.carryOut(ctx, "cutting the link from "+from+" to "+to, request{Do: doCut, From: from, To: to})
}

// Heal undoes Cut: what was sent meanwhile is delivered.
func (l *Lab) Heal(ctx context.Context, from, to string) error {
	return l.carryOut(ctx, "healing the link from "+from+" to "+to, request{Do: doHeal, From: from, To: to})
}

// SetLink changes what the network does between two parties, whoever dials.
func (l *Lab) SetLink(ctx context.Context, a, b string, to scenarios.Link) error {
	return l.carryOut(ctx, "changing the link of "+a+" and "+b, request{Do: doSetLink, From: a, To: b, Link: to})
}

// SetDisk changes a member's disk, also for the processes that it has later. It is
// an error where fsyncs do not pass through the lab host.
func (l *Lab) SetDisk(ctx context.Context, member string, d Disk) error {
	return l.carryOut(ctx, "changing the disk of "+member, request{Do: doSetDisk, Member: member, Disk: d})
}

// Prepare makes the place of one more member: its name and addresses. Nothing runs
// there until Join. A lab has at most as many as Spec.Most said.
func (l *Lab) Prepare(ctx context.Context) (Member, error) {
	answer, err := l.ask(ctx, request{Do: doPrepare})
	if err == nil && answer.Prepared == nil {
		err = errors.New("the lab host names none")
	}
	if err != nil {
		return Member{}, fmt.Errorf("preparing a member: %w", err)
	}
	return *answer.Prepared, nil
}

// Join starts a prepared member that the cluster has taken, and returns when its
// process runs. initialCluster is all members, it included, as etcd's flag wants them.
func (l *Lab) Join(ctx context.Context, member, initialCluster string) error {
	return l.carryOut(ctx, "starting "+member, request{Do: doJoin, Member: member, InitialCluster: initialCluster})
}

// Discard ends a member and removes its data, for good.
func (l *Lab) Discard(ctx context.Context, member string) error {
	return l.carryOut(ctx, "taking "+member+" away", request{Do: doDiscard, Member: member})
}

// Restore gives all members, which must not run, the data of a snapshot file, as
// etcdutl snapshot restore does: a new cluster of the same names and addresses,
// whose revisions begin a thousand million above the snapshot's and have all
// before compacted, so that no client takes old for new. It returns when their
// processes run. What they had is lost. Learners vote then.
func (l *Lab) Restore(ctx context.Context, snapshot string) error {
	return l.carryOut(ctx, "restoring "+snapshot, request{Do: doRestore, Snapshot: snapshot})
}

// Runs reports whether a member's process lives, by what the lab host has told.
func (l *Lab) Runs(ctx context.Context, member string) (bool, error) {
	answer, err := l.ask(ctx, request{Do: doLook, Member: member})
	if err != nil {
		return false, fmt.Errorf("looking after %s: %w", member, err)
	}
	return answer.Runs, nil
}

// carryOut has the host do something whose outcome is an error or none.
func (l *Lab) carryOut(ctx context.Context, doing string, r request) error {
	if _, err := l.ask(ctx, r); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
