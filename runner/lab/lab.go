// Package lab starts a real etcd cluster on this machine for one run and takes
// it away again without a trace.
//
// Three kinds of process make a lab, all of the same executable: the tool, which
// calls [Start]; the lab host ([HostMain]), which the tool starts and which
// parents the members; and the members ([MemberMain]), each an etcd server with
// a heap, a scheduler and a garbage collector of its own. Death runs downwards:
// the kernel kills the host when the tool dies and the members when the host
// dies, whatever killed them. An flock on the data folder is shared by the host
// and its members, so that it can be taken exactly when the last of them is gone;
// [Sweep] and [Lab.Stop] remove the data only then.
package lab

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/etcd-dyno/etcd-dyno/runner/lab/limit"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// The hidden subcommands by which the executable starts itself anew. Both are
// followed by "--run" and the absolute run folder, so that ps tells whose they are.
const (
	HostCommand   = "lab-host"
	MemberCommand = "member"
)

// LogFolder is where the logs of the host and the members lie in a run folder.
const LogFolder = "logs"

const (
	defaultStartTimeout = 10 * time.Second
	defaultStopTimeout  = 5 * time.Second
	// margin is what the host gets beyond its own time limits before it is killed.
	margin = 2 * time.Second
)

// Spec is the lab that is wanted.
type Spec struct {
	// Run is the absolute path of the run folder. The data lie in its data/ and
	// the logs in its logs/; data/ must not exist yet.
	Run string
	// Configuration says what the members are: Members and Flags.
	Configuration scenarios.Configuration
	// Etcd is what FindEtcd returned for the configuration; Start finds it where it is not given.
	Etcd Etcd
	// Executable is this program: it must hand HostCommand to HostMain and
	// MemberCommand to MemberMain. Empty means os.Executable.
	Executable string
	// StartTimeout bounds the time until every member is healthy; 0 means 10 s and
	// what the delays of its disk and links add to that.
	StartTimeout time.Duration
	// StopTimeout is how long members may take to end by themselves before they
	// are killed; 0 means 5 s.
	StopTimeout time.Duration
	// Most is how many voting members the lab may come to have by Prepare; 0 for no more than at the start.
	Most int
	// Snapshot is a snapshot file of an etcd of the same version whose data the members
	// begin with; empty for none.
	Snapshot string
	// Keep leaves the data where they are when the lab has stopped; Sweep does
	// not touch them either.
	Keep bool
}

// Member is one etcd server of a lab.
type Member struct {
	// Name is m1, m2 and so on: also that of its folder in data/ and of its log.
	Name string `json:"name"`
	PID  int    `json:"pid"`
	// Endpoint is its client URL, on 127.0.0.1.
	Endpoint string `json:"endpoint"`
	// Peer is its peer URL, as others reach it.
	Peer string `json:"peer"`
	// Metrics is where it tells of itself to Prometheus, in plain text whatever
	// the configuration encrypts, and without passing a link.
	Metrics string `json:"metrics"`
	// Learner tells that it does not vote; it takes no requests then.
	Learner bool `json:"learner,omitempty"`
	// Version is the etcd version that the member itself reports, without "v".
	Version string `json:"version"`
	// Command is the name of its program and etcd's flags.
	Command []string `json:"command"`
	// Env is its whole environment, as NAME=VALUE.
	Env []string `json:"env,omitempty"`
	// Settings are what it runs with, as it says in its log when it starts.
	Settings map[string]any `json:"settings,omitempty"`
}

// Event is the end of one of a lab's processes.
type Event struct {
	// Process is the member's name, or HostCommand for the lab host, in which
	// case all members are dead too.
	Process string
	// State is the exit state as os.ProcessState has it, for example "signal: killed".
	State string
	// Log is what the process complained of last, oldest first; often empty.
	Log []string
	// At is when the tool heard of it; it has a monotonic reading.
	At time.Time
	// Expected tells that it was told to end, by a method of the Lab.
	Expected bool
}

// Lab is a running local cluster. Its methods may be called from several
// goroutines.
type Lab struct {
	spec    Spec
	host    *process
	orders  *os.File // the host's stdin; its end kills the members
	reports *os.File // the host's stdout
	first   chan message
	events  chan Event
	reading sync.WaitGroup
	gone    chan struct{} // closed when the host is, and all has been read that it said
	ready   ready         // but its members, which change
	folders folders
	// passwords are those of the users, by name; they are written nowhere.
	passwords map[string]string

	sending sync.Mutex // held while a line is written to orders

	mu      sync.Mutex // guards the following
	members []Member
	asked   int // requests so far
	waiting map[int]chan reply

	onEcho   atomic.Pointer[func(Echo)]
	stopping atomic.Bool
	stopOnce sync.Once
	stopErr  error
}

// Start starts the lab and returns when each member answers, knows a leader and
// has served a linearizable read. When it returns an error, or ctx ends before
// that, nothing of the lab is left but its logs. The error of a member that does
// not start holds the last messages of its log.
func Start(ctx context.Context, spec Spec) (*Lab, error) {
	spec, err := spec.resolved(ctx)
	if err != nil {
		return nil, fmt.Errorf("starting the lab: %w", err)
	}
	l, err := launch(ctx, spec)
	if err != nil {
		return nil, fmt.Errorf("starting the lab: %w", err)
	}
	if err := l.awaitReady(ctx); err != nil {
		l.stopping.Store(true)
		return nil, fmt.Errorf("starting the lab: %w", errors.Join(err, l.end())) //nolint:contextcheck // ending goes on when ctx has ended
	}
	return l, nil
}

func (s Spec) resolved(ctx context.Context) (Spec, error) {
	if !filepath.IsAbs(s.Run) {
		return s, fmt.Errorf("the run folder %q is not an absolute path", s.Run)
	}
	if err := checkFlags(s.Configuration.Flags); err != nil {
		return s, err
	}
	switch s.Configuration.Members {
	case 1, 3, 5:
	default:
		return s, fmt.Errorf("a lab has 1, 3 or 5 members, not %d", s.Configuration.Members)
	}
	if s.Executable == "" {
		executable, err := os.Executable()
		if err != nil {
			return s, fmt.Errorf("finding this program: %w", err)
		}
		s.Executable = executable
	}
	if s.Etcd.Version == "" {
		var err error
		if s.Etcd, err = findBinary(ctx, s.Configuration, nil); err != nil {
			return s, err
		}
	}
	if s.StartTimeout == 0 {
		s.StartTimeout = startTimeoutOf(s.Configuration)
	}
	if s.StopTimeout == 0 {
		s.StopTimeout = defaultStopTimeout
	}
	return s, nil
}

// Endpoints are the client URLs of those members that take requests, in the
// order of the members: a learner does not.
func (l *Lab) Endpoints() []string {
	var endpoints []string
	for _, m := range l.Members() {
		if !m.Learner {
			endpoints = append(endpoints, m.Endpoint)
		}
	}
	return endpoints
}

// Members are the lab's members as they are now: with those that joined, without
// those that were discarded. The PID of one that does not run is its last one.
func (l *Lab) Members() []Member {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.members)
}

// Notes are what of the configuration this machine could not do, a sentence each.
func (l *Lab) Notes() []string { return l.ready.Notes }

// Etcd is what its members run.
func (l *Lab) Etcd() Etcd { return l.spec.Etcd }

// Resources are what became of those that the configuration asks for.
func (l *Lab) Resources() limit.Applied { return l.ready.Resources }

// OnEcho has each round trip of the lab's links told from now on, one at a time.
func (l *Lab) OnEcho(tell func(Echo)) { l.onEcho.Store(&tell) }

// Certificates are those by which the configuration's client reaches the lab;
// empty where nothing is encrypted. They go with the data.
func (l *Lab) Certificates() Certificates { return l.ready.Certificates }

// TLS is for the configuration's client; nil where nothing is encrypted.
func (l *Lab) TLS() (*tls.Config, error) { return l.ready.Certificates.config() }

// User is whom the configuration wants the load to be sent as, with the password
// that the lab made for this run; both are empty where no users are demanded.
func (l *Lab) User() (name, password string) {
	name = l.spec.Configuration.Auth.As
	return name, l.passwords[name]
}

// WAL is the folder in which the members' folders with their WAL lie; empty where it lies with the data.
func (l *Lab) WAL() string { return l.folders.WAL }

// RootPassword is root's; empty where no users are demanded.
func (l *Lab) RootPassword() string { return l.passwords[scenarios.Root] }

// Data is the folder in which the members' folders with their data lie.
func (l *Lab) Data() string { return cmp.Or(l.folders.Data, dataFolder(l.spec.Run)) }

// Events yields each process that ended before Stop, those that were told to
// included. It holds the latest 64, so nobody need receive; it is closed when the
// lab host has ended.
func (l *Lab) Events() <-chan Event { return l.events }

// Stop ends the members (SIGTERM, and SIGKILL for those that are still there
// after StopTimeout or when ctx ends), waits until no process of the lab is left
// and removes the data unless they are to be kept. An error means that something
// is left. Further calls return what the first one did.
func (l *Lab) Stop(ctx context.Context) error {
	l.stopOnce.Do(func() {
		l.stopping.Store(true)
		if err := l.send(request{Stop: true}); err == nil {
			l.host.awaitExit(ctx, l.spec.StopTimeout+margin)
		}
		if err := l.end(); err != nil { //nolint:contextcheck // ending goes on when ctx has ended
			l.stopErr = fmt.Errorf("stopping the lab: %w", err)
		}
	})
	return l.stopErr
}

// end makes sure that no process and, unless kept, no data of the lab is left.
// It is not bound to a context: what ends the tool must not end this.
func (l *Lab) end() error {
	_ = l.orders.Close() // an order that the host did not read is no loss
	if !l.host.awaitExit(context.Background(), margin) {
		l.host.signal(syscall.SIGKILL)
		<-l.host.exited
	}
	l.reading.Wait()
	removeIfEmpty(hostLog(l.spec.Run))
	left := releaseData(l.spec.Run, l.spec.Keep)
	if l.mayHaveGroups() {
		// The host takes them away unless it was killed.
		_, err := SweepGroups(context.Background())
		left = errors.Join(left, err)
	}
	return left
}

// mayHaveGroups reports whether the host has made cgroups, or may have before it
// was killed without a word.
func (l *Lab) mayHaveGroups() bool {
	mode := l.ready.Resources.Mode
	silent := l.ready.Members == nil && l.spec.Configuration.Resources != (scenarios.Resources{})
	return silent || mode == limit.V1 || mode == limit.V2
}
