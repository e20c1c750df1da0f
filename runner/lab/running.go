package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/etcd-dyno/etcd-dyno/runner/lab/fsync"
)

// member is one member of a cluster, whether it runs or not.
type member struct {
	site
	log     string
	flags   []string
	command []string

	turn sync.Mutex // held while an order is carried out

	mu      sync.Mutex // guards the following
	process *process   // the latest; nil before the first
	frozen  bool
	version string // known when it is healthy
	device  *fsync.Device
	disk    Disk // what the device is, or the next one will be
	// settings are what it said of itself when it started.
	settings map[string]any
	// spoken is how long the log was when the process started.
	spoken int64
}

var (
	errRuns    = errors.New("it runs")
	errRunsNot = errors.New("it does not run")
	// errNeverRan is a place without data.
	errNeverRan = errors.New("it has not joined yet")
)

// launchMember starts a process of a member that has none, on the data that there are.
func (h host) launchMember(ctx context.Context, c *cluster, m *member) error {
	log, err := os.OpenFile(m.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("opening the log of %s: %w", m.name, err)
	}
	defer log.Close()
	info, err := log.Stat()
	if err != nil {
		return fmt.Errorf("opening the log of %s: %w", m.name, err)
	}
	first := shim{Host: os.Getpid(), Binary: h.order.Binary, Groups: h.around.groups.Of(m.name).Procs(), Disk: fsync.None}
	inherited := []*os.File{h.lock}
	handed, err := h.openDisk(m)
	if err != nil {
		return err
	}
	if handed != nil {
		defer handed.Close() // from here on it is the member's
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
	cmd := command(ctx, h.order.Executable, append(args, m.flags...)...)
	cmd.Env = append(cmd.Env, h.environment(m.name)...)
	cmd.Dir = h.run
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = inherited
	p, err := spawn(m.name, cmd, nil)
	if err != nil {
		return err
	}
	c.network.register(m.name, p.pid())
	c.report(p)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.process, m.frozen, m.spoken = p, false, info.Size()
	m.command = append([]string{cmp.Or(h.order.Binary, "etcd")}, m.flags...)
	return nil
}

// latest is the member's latest process; nil before the first.
func (m *member) latest() *process {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.process
}

// running is the member's process, if one lives.
func (m *member) running() (*process, error) {
	p := m.latest()
	if p == nil || p.gone() {
		return nil, errRunsNot
	}
	return p, nil
}

// signal sends s to what runs, if anything does.
func (m *member) signal(s os.Signal) {
	if p := m.latest(); p != nil {
		p.signal(s)
	}
}

// awaitExit waits for the end of what runs, if anything does.
func (m *member) awaitExit(ctx context.Context, d time.Duration) {
	if p := m.latest(); p != nil {
		p.awaitExit(ctx, d)
	}
}

// setFrozen stops the process where it is, or lets it go on.
func (m *member) setFrozen(p *process, frozen bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := syscall.SIGCONT
	if frozen {
		s = syscall.SIGSTOP
	}
	p.signal(s)
	m.frozen = frozen
}

// free lets a member go on that is frozen or whose disk holds it.
func (m *member) free() {
	if p := m.latest(); p != nil {
		m.setFrozen(p, false)
	}
	m.freeDisk()
}

// end ends the member's process by a signal, and by SIGKILL where that takes
// longer than grace. That it is gone already is what is wanted.
func (m *member) end(ctx context.Context, s syscall.Signal, grace time.Duration) error {
	p, err := m.running()
	if err != nil {
		return nil //nolint:nilerr // gone is what is wanted
	}
	p.expected.Store(true)
	p.signal(s)
	m.setFrozen(p, false)
	if !p.awaitExit(ctx, grace) && ctx.Err() == nil {
		p.signal(syscall.SIGKILL)
	}
	select {
	case <-p.exited:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// described is the member as the tool is told of it.
func (m *member) described() Member {
	m.mu.Lock()
	defer m.mu.Unlock()
	if said := readSettings(m.log, m.spoken); said != nil {
		m.settings = said
	}
	told := Member{
		Name: m.name, Endpoint: m.endpoint(), Peer: m.peerEndpoint(), Metrics: m.metricsURL() + "/metrics", Learner: m.learner,
		Version: m.version, Command: m.command, Settings: m.settings,
	}
	if m.process != nil {
		told.PID, told.Env = m.process.pid(), m.process.cmd.Env
	}
	return told
}
