package lab

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-dyno/etcd-dyno/runner/lab/fsync"
)

var errPortTaken = errors.New("a port was taken by another process")

// cluster is the members' processes, as the lab host sees them.
type cluster struct {
	sites   []site
	members []*member
	network *network
	devices []*fsync.Device
	exits   chan *process // each member's end; has room for all
}

type member struct {
	*process
	site
	log     string
	version string // known when it is healthy
	command []string
}

// attempt starts all members on free ports and waits until they are healthy; if
// they are not, none is left.
func (h host) attempt(ctx context.Context) (*cluster, error) {
	sites, err := h.makeSites(ctx)
	if err != nil {
		return nil, err
	}
	c := &cluster{sites: sites, exits: make(chan *process, len(sites))}
	if c.network, err = openNetwork(ctx, h.order.Configuration, sites); err != nil {
		return nil, err
	}
	if err := h.startAll(ctx, c); err != nil {
		c.kill()
		return nil, err
	}
	return c, nil
}

func (h host) startAll(ctx context.Context, c *cluster) error {
	token := "etcd-dyno-" + rand.Text()
	for _, s := range c.sites {
		if s.learner {
			continue
		}
		if err := h.startMember(ctx, c, s, token); err != nil {
			return err
		}
	}
	dial := h.dial()
	if err := awaitHealthy(ctx, c.members, dial, probeTimeoutOf(h.order.Configuration)); err != nil {
		return err
	}
	for _, s := range c.sites {
		if !s.learner {
			continue
		}
		if err := h.startLearner(ctx, c, s, token); err != nil {
			return err
		}
	}
	client, err := dial(c.members[0].clientURL())
	if err != nil {
		return err
	}
	defer client.Close()
	return setUpAuth(ctx, client, h.order.Configuration.Auth, h.order.Passwords)
}

func (h host) startMember(ctx context.Context, c *cluster, s site, token string) error {
	// An earlier attempt may have got as far as writing.
	for _, folder := range []string{s.data, s.wal} {
		if err := os.RemoveAll(folder); err != nil {
			return fmt.Errorf("clearing the data of %s: %w", s.name, err)
		}
	}
	path := memberLog(h.run, s.name)
	log, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("creating the log of %s: %w", s.name, err)
	}
	defer log.Close()
	flags := etcdFlags(h.order.Configuration, h.files, c.sites, s, token)
	first := shim{Host: os.Getpid(), Binary: h.order.Binary, Groups: h.around.groups.Of(s.name).Procs(), Disk: fsync.None}
	device, handed, err := h.around.device(h.order.Configuration, s.name)
	if err != nil {
		return err
	}
	inherited := []*os.File{h.lock}
	if device != nil {
		defer handed.Close() // from here on it is the member's
		c.devices = append(c.devices, device)
		inherited = append(inherited, handed)
		first.Disk = lockFD + 1
	}
	args := []string{MemberCommand, "--run", h.run}
	if !first.idle() {
		text, err := first.argument()
		if err != nil {
			return err
		}
		args = append(args, shimFlag, text)
	}
	cmd := command(ctx, h.order.Executable, append(args, flags...)...)
	cmd.Env = append(cmd.Env, h.environment(s.name)...)
	cmd.Dir = h.run
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = inherited
	p, err := spawn(s.name, cmd, c.exits)
	if err != nil {
		return err
	}
	c.network.register(s.name, p.pid())
	c.members = append(c.members, &member{process: p, site: s, log: path, command: append([]string{cmp.Or(h.order.Binary, "etcd")}, flags...)})
	return nil
}

// environment is all that a member inherits: what the configuration says, and
// before it what stands in for limits that the kernel does not keep.
func (h host) environment(member string) []string {
	var env []string
	for _, v := range h.order.Configuration.Env {
		env = append(env, v.Name+"="+v.Value)
	}
	for _, instead := range h.around.groups.Of(member).Env() {
		name, _, _ := strings.Cut(instead, "=")
		if !slices.ContainsFunc(env, func(own string) bool { return strings.HasPrefix(own, name+"=") }) {
			env = append(env, instead)
		}
	}
	return env
}

// startLearner adds a member that does not vote to a cluster that runs.
func (h host) startLearner(ctx context.Context, c *cluster, s site, token string) error {
	client, err := h.dial()(c.members[0].clientURL())
	if err != nil {
		return err
	}
	defer client.Close()
	if err := addLearner(ctx, client, s.peerEndpoint()); err != nil {
		return fmt.Errorf("adding the learner %s: %w", s.name, err)
	}
	if err := h.startMember(ctx, c, s, token); err != nil {
		return err
	}
	return awaitHealthy(ctx, c.members[len(c.members)-1:], h.dial(), probeTimeoutOf(h.order.Configuration))
}

// addLearner adds a learner as soon as the cluster takes one: it does not while
// its members have not known one another for long enough.
func addLearner(ctx context.Context, client *clientv3.Client, peerURL string) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := client.MemberAddAsLearner(ctx, []string{peerURL})
		if !errors.Is(err, rpctypes.ErrUnhealthy) && !errors.Is(err, rpctypes.ErrGRPCUnhealthy) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}

// awaitHealthy returns when all members are healthy, or the first has exited, or
// ctx has ended.
func awaitHealthy(ctx context.Context, members []*member, dial dialer, each time.Duration) error {
	ctx, fail := context.WithCancelCause(ctx)
	errs := make([]error, len(members))
	var probing, watching sync.WaitGroup
	for i, m := range members {
		watching.Go(func() {
			select {
			case <-m.exited:
				fail(m.died())
			case <-ctx.Done():
			}
		})
		probing.Go(func() { errs[i] = m.awaitHealthy(ctx, dial, each) })
	}
	probing.Wait()
	cause := context.Cause(ctx)
	fail(nil)
	watching.Wait()
	if died, ok := errors.AsType[*diedError](cause); ok {
		return died
	}
	return errors.Join(errs...)
}

// diedError is a member that exited before it was healthy.
type diedError struct {
	member, state string
	log           []string
}

func (m *member) died() error {
	return &diedError{member: m.site.name, state: m.state(), log: lastWords(m.log)}
}

func (e *diedError) Error() string {
	return fmt.Sprintf("member %s ended (%s)%s", e.member, e.state, indented(e.log))
}

// Is tells a lost race for a port, the one end that is worth another attempt.
func (e *diedError) Is(target error) bool {
	return target == errPortTaken && strings.Contains(strings.Join(e.log, "\n"), "address already in use")
}

func (c *cluster) list() []Member {
	list := make([]Member, len(c.members))
	for i, m := range c.members {
		list[i] = Member{
			Name: m.site.name, PID: m.pid(), Endpoint: m.endpoint(), Metrics: m.metricsURL() + "/metrics", Learner: m.learner,
			Version: m.version, Command: m.command, Env: m.cmd.Env, Settings: readSettings(m.log),
		}
	}
	return list
}

// stop asks the members to end, and kills those that have not within grace or
// when ctx ends.
//
// It asks one after the other: a leader that ends hands over its office first,
// and where all end at the same time it waits for a successor until it is killed.
func (c *cluster) stop(ctx context.Context, grace time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	// A member takes up to a second to take leave of peers that live; half the
	// grace is for asking and half for that.
	turn := grace / time.Duration(2*len(c.members))
	for _, m := range c.members {
		m.signal(syscall.SIGTERM)
		m.awaitExit(ctx, turn)
	}
	for _, m := range c.members {
		m.awaitExit(ctx, grace)
	}
	c.kill()
}

// kill ends all members at once, waits until they are gone, and takes away what was around them.
func (c *cluster) kill() {
	for _, m := range c.members {
		m.signal(syscall.SIGKILL)
	}
	for _, m := range c.members {
		<-m.exited
	}
	for _, d := range c.devices {
		_ = d.Close() // its processes are gone; that one never came to it is told by its log
	}
	c.devices = nil
	c.network.close()
}
