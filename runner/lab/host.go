package lab

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"

	"github.com/etcd-dyno/etcd-dyno/runner/lab/pki"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// lockFD is where the tool hands the locked lock file to the host.
const lockFD = 3

var errToolGone = errors.New("the tool is gone")

// HostMain is the lab host: HostCommand hands it its arguments and the standard
// files. It returns when the tool wants it to, or when stdin or ctx ends; members
// do not outlive it. One goroutine reads stdin until its end.
func HostMain(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) (err error) {
	run, _, ok := cutRun(args)
	if !ok {
		return fmt.Errorf("%s is started by etcd-dyno itself: it wants --run and a folder", HostCommand)
	}
	lock := os.NewFile(lockFD, lockPath(run))
	if err := checkLock(run, lock); err != nil {
		return fmt.Errorf("%s is started by etcd-dyno itself: %w", HostCommand, err)
	}
	defer lock.Close() // and so held until here
	in := json.NewDecoder(stdin)
	var o order
	if err := in.Decode(&o); err != nil {
		return fmt.Errorf("reading the order for a lab: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	requests := make(chan request)
	go func() {
		defer cancel(errToolGone)
		for {
			var r request
			if err := in.Decode(&r); err != nil {
				return
			}
			select {
			case requests <- r:
			case <-ctx.Done():
				return
			}
		}
	}()
	h := host{run: run, lock: lock, order: o, ports: freePorts}
	out := json.NewEncoder(stdout)
	if o.Configuration.Disk.Filtered || o.Configuration.Links.Proxied {
		// Who answers fsyncs, or a link whose time has come, shall not wait for a
		// processor that Go gives to another goroutine.
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 2)
	}
	if err := h.prepare(); err != nil { //nolint:contextcheck // what it begins is taken back in no time
		return errors.Join(err, out.Encode(message{Failed: err.Error()}))
	}
	defer func() { err = errors.Join(err, h.around.close(context.WithoutCancel(ctx))) }()
	return h.serve(ctx, requests, out)
}

// cutRun takes "--run FOLDER" off the front of the arguments.
func cutRun(args []string) (run string, rest []string, ok bool) {
	if len(args) < 2 || args[0] != "--run" {
		return "", args, false
	}
	return args[1], args[2:], true
}

// host is what the lab host needs to start members.
type host struct {
	run    string
	lock   *os.File
	order  order
	files  pki.Files
	around surroundings
	ports  func(ctx context.Context, n int) ([]int, error)
}

// prepare makes what is there before any member.
func (h *host) prepare() (err error) {
	if h.order.Configuration.Disk.DropCaches {
		if err := DropCaches(); err != nil {
			h.around.notes = append(h.around.notes, err.Error())
		}
	}
	if h.files, err = makeCertificates(h.run, h.order.Configuration, h.names()); err != nil {
		return err
	}
	around, err := surround(h.run, h.order.Configuration, h.names())
	around.notes = append(h.around.notes, around.notes...)
	h.around = around
	return err
}

// serve starts the members, tells the tool what becomes of them, and ends them
// when the tool wants it or, at once, when ctx ends. Requests are carried out
// beside it, several at a time.
func (h host) serve(ctx context.Context, requests <-chan request, out *json.Encoder) error {
	c, err := h.start(ctx)
	if err != nil {
		return errors.Join(err, out.Encode(message{Failed: err.Error()}))
	}
	defer c.kill()
	if err := out.Encode(message{Ready: h.ready(c)}); err != nil {
		return fmt.Errorf("reporting to the tool: %w", err)
	}
	working, stopWorking := context.WithCancel(ctx)
	echoes, replies := make(chan Echo), make(chan reply)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer stopWorking()
	links := c.network.echo(working, c.sites, func(e Echo) { pass(working, echoes, e) })
	beside.Go(links.Wait)
	for {
		var m message
		select {
		case e := <-echoes:
			m.Echo = &e
		case p := <-c.exits:
			m.Exited = &exit{Member: p.name, State: p.state(), Log: complaints(memberLog(h.run, p.name)), Expected: p.expected.Load()}
		case a := <-replies:
			a.Members = c.list()
			m.Reply = &a
		case r := <-requests:
			if r.Stop {
				stopWorking()
				beside.Wait()
				c.stop(ctx, h.order.StopTimeout)
				return nil
			}
			beside.Go(func() { pass(working, replies, h.obey(working, c, r)) })
			continue
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := out.Encode(m); err != nil {
			return fmt.Errorf("reporting to the tool: %w", err)
		}
	}
}

// pass sends v unless ctx ends before it is taken.
func pass[T any](ctx context.Context, to chan<- T, v T) {
	select {
	case to <- v:
	case <-ctx.Done():
	}
}

func (h host) ready(c *cluster) *ready {
	of := h.order.Configuration
	return &ready{Members: c.list(), Certificates: clientCertificates(of, h.files, userOf(of)), Resources: h.around.groups.Applied, Notes: h.around.notes}
}

// userOf is whom the load is sent as.
func userOf(c scenarios.Configuration) string { return cmp.Or(c.Auth.As, scenarios.Root) }

// start starts the cluster. Between the choice of the ports and their use
// another process may take one; then it chooses again.
func (h host) start(ctx context.Context) (*cluster, error) {
	const attempts = 3
	ctx, cancel := context.WithTimeout(ctx, h.order.StartTimeout)
	defer cancel()
	for attempt := 1; ; attempt++ {
		c, err := h.attempt(ctx)
		if err == nil {
			return c, nil
		}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, fmt.Errorf("giving up after %v%s: %w", h.order.StartTimeout, impatience(h.order.Configuration), err)
		}
		if attempt == attempts || !errors.Is(err, errPortTaken) {
			return nil, err
		}
	}
}
