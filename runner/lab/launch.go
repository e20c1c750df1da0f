package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// launch claims the data folder, starts the lab host and hands it its order.
func launch(ctx context.Context, spec Spec) (*Lab, error) {
	if err := os.MkdirAll(logFolder(spec.Run), 0o755); err != nil {
		return nil, fmt.Errorf("creating the log folder: %w", err)
	}
	where := foldersOf(spec)
	lock, err := claimData(spec.Run, spec.Keep, where)
	if err != nil {
		return nil, err
	}
	l := &Lab{
		spec:      spec,
		folders:   where,
		passwords: makePasswords(spec.Configuration.Auth),
		first:     make(chan message, 1),
		events:    make(chan Event, heldEvents),
		gone:      make(chan struct{}),
		waiting:   map[int]chan reply{},
	}
	err = l.startHost(ctx, lock)
	_ = lock.Close() // from here on the lock is the host's and the members'
	if err != nil {
		return nil, errors.Join(err, releaseData(spec.Run, spec.Keep))
	}
	l.reading.Go(l.read)
	// A host that is gone already cannot be written to; awaitReady tells why it is gone.
	_ = l.send(l.order())
	return l, nil
}

func (l *Lab) order() order {
	return order{
		Executable:    l.spec.Executable,
		Configuration: l.spec.Configuration,
		Binary:        l.spec.Etcd.Path,
		Folders:       l.folders,
		Passwords:     l.passwords,
		Most:          l.spec.Most,
		Snapshot:      l.spec.Snapshot,
		StartTimeout:  l.spec.StartTimeout,
		StopTimeout:   l.spec.StopTimeout,
	}
}

// startHost starts the lab host with pipes to it. It has a process group of its
// own, so that Ctrl-C on the terminal reaches the tool alone.
func (l *Lab) startHost(ctx context.Context, lock *os.File) error {
	stderr, err := os.Create(hostLog(l.spec.Run))
	if err != nil {
		return fmt.Errorf("creating the lab host's log: %w", err)
	}
	defer stderr.Close()
	stdin, orders, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("making the lab host's pipes: %w", err)
	}
	defer stdin.Close()
	reports, stdout, err := os.Pipe()
	if err != nil {
		return errors.Join(fmt.Errorf("making the lab host's pipes: %w", err), orders.Close())
	}
	defer stdout.Close()

	cmd := command(ctx, l.spec.Executable, HostCommand, "--run", l.spec.Run)
	cmd.Dir = l.spec.Run
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	cmd.ExtraFiles = []*os.File{lock}
	cmd.SysProcAttr.Setpgid = true
	l.host, err = spawn(HostCommand, cmd, nil)
	if err != nil {
		return errors.Join(err, orders.Close(), reports.Close())
	}
	l.orders, l.reports = orders, reports
	return nil
}

// command is an exec.Cmd with an empty environment: etcd takes every flag from
// ETCD_* as well, and Go's runtime is tuned by variables too. It is not bound to
// ctx: who starts a process ends it.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.WithoutCancel(ctx), name, args...)
	cmd.Env = []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// read passes on what the host says until the host is gone.
func (l *Lab) read() {
	defer close(l.gone)
	defer close(l.events)
	defer close(l.first)
	defer l.reports.Close()
	in := json.NewDecoder(l.reports)
	for {
		var m message
		if err := in.Decode(&m); err != nil {
			break
		}
		switch {
		case m.Echo != nil:
			if tell := l.onEcho.Load(); tell != nil {
				(*tell)(*m.Echo)
			}
		case m.Reply != nil:
			l.answer(*m.Reply)
		case m.Exited != nil:
			e := m.Exited
			l.tell(Event{Process: e.Member, State: e.State, Log: e.Log, At: time.Now(), Expected: e.Expected})
		default:
			l.first <- m
		}
	}
	at := time.Now()
	<-l.host.exited
	if !l.stopping.Load() {
		l.tell(Event{Process: HostCommand, State: l.host.state(), Log: lastWords(hostLog(l.spec.Run)), At: at})
	}
}

// heldEvents is how many events are held for who may receive them.
const heldEvents = 64

// tell adds an event; the oldest gives way where there is no room. Only read calls it.
func (l *Lab) tell(e Event) {
	for {
		select {
		case l.events <- e:
			return
		default:
		}
		select {
		case <-l.events:
		default:
		}
	}
}

// awaitReady waits for the host's first message.
func (l *Lab) awaitReady(ctx context.Context) error {
	// The host keeps the limit itself; this one is for a host that hangs.
	limit := time.NewTimer(l.spec.StartTimeout + margin)
	defer limit.Stop()
	select {
	case m, ok := <-l.first:
		switch {
		case !ok:
			return fmt.Errorf("the lab host ended (%s)%s", l.host.state(), indented(lastWords(hostLog(l.spec.Run))))
		case m.Failed != "":
			return errors.New(m.Failed)
		}
		l.ready = *m.Ready
		l.mu.Lock()
		l.members = m.Ready.Members
		l.mu.Unlock()
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-limit.C:
		return fmt.Errorf("the lab host says nothing after %v", l.spec.StartTimeout+margin)
	}
}

func logFolder(run string) string { return filepath.Join(run, LogFolder) }

func memberLog(run, member string) string { return filepath.Join(logFolder(run), member+".log") }

func hostLog(run string) string { return memberLog(run, HostCommand) }

func removeIfEmpty(path string) {
	if info, err := os.Stat(path); err == nil && info.Size() == 0 {
		_ = os.Remove(path) // an empty file more does no harm
	}
}

// indented sets lines below a sentence; none leave the sentence alone.
func indented(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return ":\n    " + strings.Join(lines, "\n    ")
}
