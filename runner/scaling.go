package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// joinWithin is how long a new member may take until the cluster takes it, and until it has caught up.
const joinWithin = 5 * time.Minute

// scale makes the cluster one of so many members, one after the other, as etcd
// wants it done: a member is added as a learner, catches up, and is promoted. The
// load stays with the endpoints that it knew, as API servers do.
func (d *deed) scale(ctx context.Context, do scenarios.Scale) error {
	d.resizing.Lock() // one that comes meanwhile waits
	defer d.resizing.Unlock()
	d.begin(d.crew.members()...)
	for len(d.crew.members()) < do.To {
		if err := d.grow(ctx); err != nil {
			return errors.Join(err, d.run.resized(ctx, d.crew))
		}
	}
	for len(d.crew.members()) > do.To {
		if err := d.shrink(ctx); err != nil {
			return errors.Join(err, d.run.resized(ctx, d.crew))
		}
	}
	return d.run.resized(ctx, d.crew)
}

// grow adds one member.
func (d *deed) grow(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, joinWithin)
	defer cancel()
	leader, err := d.crew.leader(ctx)
	if err != nil {
		return err
	}
	m, err := d.lab.Prepare(ctx)
	if err != nil {
		return err
	}
	var id uint64
	var cluster string
	err = d.step("added as a learner", m.Name, func() (string, error) {
		if id, err = leader.AddLearner(ctx, m.Peer); err != nil {
			return "", err
		}
		cluster, err = initialCluster(ctx, leader, m.Name)
		return "", err
	})
	if err != nil {
		return err
	}
	err = d.step("started", m.Name, func() (string, error) { return "", d.lab.Join(ctx, m.Name, cluster) })
	if err != nil {
		return err
	}
	err = d.step("caught up and promoted", m.Name, func() (string, error) { return "", leader.Promote(ctx, id) })
	if err != nil {
		return err
	}
	return d.step("serves", m.Name, func() (string, error) {
		h, err := d.crew.join(ctx, m)
		if err != nil {
			return "", err
		}
		return "", awaitService(ctx, h)
	})
}

// initialCluster is what a new member is told of the members, itself included.
func initialCluster(ctx context.Context, of hand, name string) (string, error) {
	peers, err := of.Peers(ctx)
	if err != nil {
		return "", err
	}
	var all []string
	for _, p := range peers {
		own := p.Name
		if own == "" {
			own = name // the one that has not started yet
		}
		all = append(all, own+"="+strings.Join(p.PeerURLs, ","+own+"="))
	}
	return strings.Join(all, ","), nil
}

// shrink removes the last member that does not lead. The first is never removed: the load may know no other.
func (d *deed) shrink(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, joinWithin)
	defer cancel()
	leader, err := d.crew.leader(ctx)
	if err != nil {
		return err
	}
	members := d.crew.members()
	last := members[len(members)-1]
	stay := members[0]
	if last.name == leader.name {
		raft, err := stay.Raft(ctx)
		if err != nil {
			return err
		}
		err = d.step("leader moved", stay.name, func() (string, error) { return "from " + last.name, leader.MoveLeader(ctx, raft.Member) })
		if err != nil {
			return err
		}
	}
	ids, err := memberIDs(ctx, stay)
	if err != nil {
		return err
	}
	id, ok := ids[last.name]
	if !ok {
		return fmt.Errorf("the cluster knows no member %s", last.name)
	}
	if err := d.stepOf("removed", last, func() error { return stay.RemoveMember(ctx, id) }); err != nil {
		return err
	}
	d.crew.remove(last.name)
	return d.stepOf("ended", last, func() error { return d.lab.Discard(ctx, last.name) })
}

// recover is what is left to do when all members and their data are lost: a new
// cluster from the last snapshot, at the addresses of the old one, so that the
// load goes on there.
func (d *deed) recover(ctx context.Context, do scenarios.DisasterRecovery) error {
	from := d.latest()
	if from.path == "" {
		return errors.New("there is no snapshot to recover from")
	}
	members := d.crew.members()
	d.begin(members...)
	err := d.step("lost", "", func() (string, error) {
		return "all members and their data", together(members, func(h hand) error { return d.lab.Kill(ctx, h.name) })
	})
	if err != nil {
		return err
	}
	d.hold(do.For)
	lost := d.run.rewind(from.ref.Revision)
	d.write(func(row *results.Action) { row.Loss = &lost })
	err = d.step("restored", "", func() (string, error) {
		return fmt.Sprintf("from the snapshot of revision %d", from.ref.Revision), d.lab.Restore(ctx, from.path)
	})
	if err != nil {
		return err
	}
	if err := together(members, func(h hand) error { return d.stepOf("serves", h, func() error { return awaitService(ctx, h) }) }); err != nil {
		return err
	}
	return d.run.resized(ctx, d.crew)
}
