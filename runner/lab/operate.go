package lab

import (
	"context"
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
// when it is gone. One that is still there after StopTimeout is killed.
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

// carryOut has the host do something whose outcome is an error or none.
func (l *Lab) carryOut(ctx context.Context, doing string, r request) error {
	if _, err := l.ask(ctx, r); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
