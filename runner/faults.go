package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// end ends the processes of members, and starts them again after a while.
func (d *deed) end(ctx context.Context, of scenarios.Selector, lasts time.Duration, did string, end func(ctx context.Context, member string) error) error {
	members, err := d.crew.choose(ctx, of)
	if err != nil {
		return err
	}
	d.begin(members...)
	err = together(members, func(h hand) error {
		return d.stepOf(did, h, func() error { return end(ctx, h.name) })
	})
	if err != nil {
		return err
	}
	d.hold(lasts)
	return d.revive(ctx, members)
}

// revive starts members that are gone, all at once, and waits until each serves.
func (d *deed) revive(ctx context.Context, members []hand) error {
	if err := all(members, func(h hand) error { return d.reviveOne(ctx, h) }); err != nil {
		return err
	}
	return together(members, func(h hand) error {
		return d.stepOf("started again, until it serves", h, func() error { return awaitService(ctx, h) })
	})
}

// reviveOne starts a member unless it runs: another action may have been faster.
func (a *actions) reviveOne(ctx context.Context, h hand) error {
	for range 2 {
		if runs, err := a.lab.Runs(ctx, h.name); err != nil || runs {
			return err
		}
		if err := a.lab.Revive(ctx, h.name); err == nil {
			return nil
		}
	}
	return a.lab.Revive(ctx, h.name)
}

// makeWhole undoes on a lab whatever actions have left undone that failed or came
// into one another's way, so that the checks find members that could be asked.
func (a *actions) makeWhole(ctx context.Context) error {
	c := a.run.job.Configuration
	members := a.crew.members()
	undone := all(members, func(h hand) error {
		err := errors.Join(a.lab.Thaw(ctx, h.name), a.reviveOne(ctx, h))
		if c.Disk.Filtered && len(a.lab.Notes()) == 0 {
			err = errors.Join(err, a.lab.SetDisk(ctx, h.name, lab.Disk{Delay: c.Disk.FsyncDelay}))
		}
		for _, other := range append(namesOf(members), scenarios.ClientParty) {
			if c.Links.Proxied && other != h.name {
				err = errors.Join(err, a.lab.Heal(ctx, h.name, other), a.lab.Heal(ctx, other, h.name))
			}
		}
		return err
	})
	return errors.Join(undone, together(members, func(h hand) error {
		// It may end only now of what was done to it.
		return awaitServing(ctx, h, wholeWithin, func(ctx context.Context) error { return a.reviveOne(ctx, h) })
	}))
}

// wholeWithin is how long a member may take to serve once everything is undone.
const wholeWithin = 15 * time.Second

// stepOf is step for a member, without a detail.
func (d *deed) stepOf(name string, h hand, do func() error) error {
	return d.step(name, h.name, func() (string, error) { return "", do() })
}

// together does something for several members at once.
func together(members []hand, each func(h hand) error) error {
	failed := make([]error, len(members))
	var wg sync.WaitGroup
	for i, h := range members {
		wg.Go(func() { failed[i] = each(h) })
	}
	wg.Wait()
	return errors.Join(failed...)
}

// freeze stops the processes of members from running for a while.
func (d *deed) freeze(ctx context.Context, do scenarios.Freeze) error {
	members, err := d.crew.choose(ctx, do.Member)
	if err != nil {
		return err
	}
	d.begin(members...)
	err = together(members, func(h hand) error { return d.lab.Freeze(ctx, h.name) })
	if err == nil {
		d.hold(do.For)
	}
	return errors.Join(err, together(members, func(h hand) error {
		if err := d.lab.Thaw(ctx, h.name); err != nil {
			return err
		}
		return d.stepOf("thawed, until it serves", h, func() error { return awaitService(ctx, h) })
	}))
}

// way is one direction between two parties of the network.
type way struct{ from, to string }

// partition cuts members off from all others.
func (d *deed) partition(ctx context.Context, do scenarios.Partition) error {
	var side []hand
	for _, of := range do.Members {
		chosen, err := d.crew.choose(ctx, of)
		if err != nil {
			return err
		}
		for _, h := range chosen {
			if !slices.Contains(namesOf(side), h.name) {
				side = append(side, h)
			}
		}
	}
	within := namesOf(side)
	var ways []way
	for _, other := range d.parties(do.Clients) {
		if slices.Contains(within, other) {
			continue
		}
		for _, name := range within {
			if do.Direction != scenarios.Out {
				ways = append(ways, way{other, name})
			}
			if do.Direction != scenarios.In {
				ways = append(ways, way{name, other})
			}
		}
	}
	if len(ways) == 0 {
		return fmt.Errorf("%s are all that there are: nothing lies on the other side", strings.Join(within, ", "))
	}
	d.begin(side...)
	return d.cutOff(ctx, ways, do.For)
}

// parties are all members, and with clients the generator.
func (d *deed) parties(clients bool) []string {
	names := namesOf(d.crew.members())
	if clients {
		names = append(names, scenarios.ClientParty)
	}
	return names
}

// cutOff lets nothing pass on some ways for a while.
func (d *deed) cutOff(ctx context.Context, ways []way, lasts time.Duration) error {
	var failed []error
	for _, w := range ways {
		failed = append(failed, d.lab.Cut(ctx, w.from, w.to))
	}
	err := errors.Join(failed...)
	if err == nil {
		d.hold(lasts)
	}
	failed = nil
	for _, w := range ways {
		failed = append(failed, d.lab.Heal(ctx, w.from, w.to))
	}
	return errors.Join(append(failed, err)...)
}

// cutLink lets nothing pass between two parties for a while.
func (d *deed) cutLink(ctx context.Context, do scenarios.CutLink) error {
	d.begin(d.ends(do.A, do.B)...)
	return d.cutOff(ctx, []way{{do.A, do.B}, {do.B, do.A}}, do.For)
}

// slowLink changes what a link adds, for a while.
func (d *deed) slowLink(ctx context.Context, do scenarios.SlowLink) error {
	usual := d.run.job.Configuration.Links.Between(do.A, do.B)
	d.begin(d.ends(do.A, do.B)...)
	err := d.lab.SetLink(ctx, do.A, do.B, do.Link)
	if err == nil {
		d.hold(do.For)
	}
	return errors.Join(err, d.lab.SetLink(ctx, do.A, do.B, usual))
}

// ends are the members at the ends of a link.
func (d *deed) ends(a, b string) []hand {
	return slices.DeleteFunc(d.crew.members(), func(h hand) bool { return h.name != a && h.name != b })
}

// usualDelay is what the configuration adds to fsyncs.
func (d *deed) usualDelay() scenarios.FsyncDelay { return d.run.job.Configuration.Disk.FsyncDelay }

// disk changes the disk of members for a while.
func (d *deed) disk(ctx context.Context, of scenarios.Selector, lasts time.Duration, to lab.Disk) error {
	members, err := d.crew.choose(ctx, of)
	if err != nil {
		return err
	}
	d.begin(members...)
	err = d.setDisks(ctx, members, to)
	if err == nil {
		d.hold(lasts)
	}
	return errors.Join(err, d.setDisks(ctx, members, lab.Disk{Delay: d.usualDelay()}))
}

func (d *deed) setDisks(ctx context.Context, members []hand, to lab.Disk) error {
	return together(members, func(h hand) error { return d.lab.SetDisk(ctx, h.name, to) })
}

// diskFull leaves members no room on their disks for a while. etcd ends when it
// cannot write; whoever did is started again when there is room.
func (d *deed) diskFull(ctx context.Context, do scenarios.DiskFull) error {
	err := d.disk(ctx, do.Member, do.For, lab.Disk{Delay: d.usualDelay(), Full: true})
	if err != nil {
		return err
	}
	var gone []hand
	for _, h := range d.crew.members() {
		if !slices.Contains(d.row.Members, h.name) {
			continue
		}
		runs, err := d.lab.Runs(ctx, h.name)
		if err != nil {
			return err
		}
		if !runs {
			gone = append(gone, h)
		}
	}
	return d.revive(ctx, gone)
}
