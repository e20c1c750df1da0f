package runner

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/runner/linear"
	"github.com/etcd-dyno/etcd-dyno/runner/record"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

// Credentials open a cluster that exists. They are in no file, log or error.
type Credentials struct {
	// Username and Password are empty where the cluster asks for none.
	Username, Password string
}

// target is the cluster that a run is against: a lab, or one that exists.
type target struct {
	lab     *lab.Lab // nil for a cluster that exists
	api     *kube.API
	prefix  string
	own     string // the prefix of every key of the run; empty on a lab
	version string
	ref     results.ConfigurationRef
	// filesystem is the type of the file system that holds a lab's data.
	filesystem string
	// walFilesystem is that of the WAL's folder, where it has one of its own.
	walFilesystem string
	// options are those that it was dialled with, before its clients were held to some members.
	options kube.Options
	// members are who is behind the endpoints; empty where there is only one.
	members membership
	// endpoints tell answers of several endpoints apart; nil where there is only one.
	endpoints *record.Endpoints
	// foreign is nil on a lab.
	foreign *foreign
	// leases are what the run has granted; nil until it is prepared.
	leases *leaseList
	// history is what clients saw of a few keys; nil unless something happens to the cluster.
	history *linear.History
	// snapshots is the folder for those that are taken of it.
	snapshots string
}

// registry is where Kubernetes' objects lie.
const registry = "/registry/"

// open starts the lab, or connects to the endpoints and makes a prefix there the run's own.
func open(ctx context.Context, folder string, job Job) (*target, error) {
	if len(job.Configuration.Endpoints) > 0 {
		return openForeign(ctx, folder, job)
	}
	l, err := lab.Start(ctx, lab.Spec{Run: folder, Configuration: job.Configuration, Etcd: job.Etcd, Most: job.Scenario.MostMembers(), Keep: job.Keep, Snapshot: job.Filled})
	if err != nil {
		return nil, fmt.Errorf("starting the lab %s: %w", job.Configuration.Name, err)
	}
	t := &target{lab: l, prefix: registry}
	if err := t.dialLab(ctx, job); err != nil {
		return nil, errors.Join(err, t.close(ctx))
	}
	if t.filesystem, err = lab.FilesystemOf(l.Data()); err != nil {
		return nil, errors.Join(err, t.close(ctx))
	}
	if wal := l.WAL(); wal != "" {
		if t.walFilesystem, err = lab.FilesystemOf(wal); err != nil {
			return nil, errors.Join(err, t.close(ctx))
		}
	}
	return t, nil
}

// dialLab connects to the lab as its configuration wants it.
func (t *target) dialLab(ctx context.Context, job Job) error {
	o := kube.Options{Endpoints: t.lab.Endpoints()}
	o.Username, o.Password = t.lab.User()
	if o.Username != "" {
		// The checks ask for what only root may know.
		o.Examiner = &kube.Login{Username: scenarios.Root, Password: t.lab.RootPassword()}
	}
	var err error
	if o.TLS, err = t.lab.TLS(); err != nil {
		return err
	}
	if err := t.dial(ctx, o, job); err != nil {
		return err
	}
	t.describe(job)
	for _, m := range t.lab.Members() {
		t.ref.MemberList = append(t.ref.MemberList, results.MemberRef{
			Name: m.Name, Endpoint: m.Endpoint, Learner: m.Learner, Version: m.Version, Command: m.Command, Env: m.Env, Settings: m.Settings,
		})
	}
	return nil
}

func (t *target) dial(ctx context.Context, o kube.Options, job Job) error {
	c := job.Configuration
	t.options = o
	o.Prefix, o.NoRangeStream = t.prefix, job.Scenario.Cluster.APIServer == model.NoRangeStream
	o.Members = o.Endpoints
	if len(job.Scenario.Actions) > 0 {
		t.history = linear.New(linear.Options{Prefix: t.prefix + registerPrefix, Refused: kube.Refused})
		o.Interceptors = append(o.Interceptors, t.history.Intercept)
	}
	if err := t.choose(ctx, &o, c.Client); err != nil {
		return err
	}
	api, status, err := kube.Dial(ctx, o)
	if err != nil {
		return err
	}
	t.api, t.version = api, status.Version
	t.ref = results.ConfigurationRef{
		Name: c.Name, SHA256: c.SHA256, Lab: t.lab != nil, Members: c.Members, Endpoints: o.Members, EtcdVersion: status.Version,
		MemberNames: t.members.names(), Leader: t.members.leaderEndpoint(),
	}
	if pins(c.Client) {
		t.ref.Pin, t.ref.PinnedTo = c.Client, o.Endpoints
	}
	for _, f := range c.Flags {
		if t.ref.Flags == nil {
			t.ref.Flags = map[string]string{}
		}
		t.ref.Flags[f.Name] = f.Value
	}
	return nil
}

// choose looks who is behind several endpoints, and holds the clients to those that are asked for.
func (t *target) choose(ctx context.Context, o *kube.Options, pin string) (err error) {
	if len(o.Endpoints) == 1 && !pins(pin) {
		return nil
	}
	if t.members, err = survey(ctx, *o); err != nil {
		return err
	}
	if len(o.Endpoints) > 1 {
		t.endpoints = endpointsOf(ctx, o.Endpoints)
	}
	if pins(pin) {
		o.Endpoints, err = t.members.pinned(pin)
	}
	return err
}

// CheckFiles looks whether the files that a configuration names are there and of
// use; nothing is sent. The error says which is wrong.
func CheckFiles(c scenarios.Configuration) error {
	if len(c.Apply) > 0 {
		if _, err := exec.LookPath(c.Apply[0]); err != nil {
			return fmt.Errorf("looking for the program of apply: %w", err)
		}
	}
	_, err := TLS(c)
	return err
}

// TLS is for the endpoints of a cluster that exists; nil for plain text. The error
// says which of the configuration's files is wrong.
func TLS(c scenarios.Configuration) (*tls.Config, error) {
	secure := false
	for _, e := range c.Endpoints {
		secure = secure || strings.HasPrefix(e, "https://")
	}
	if !secure {
		if c.CACert+c.Cert+c.Key != "" {
			return nil, errors.New("a certificate is given, but no endpoint begins with https://")
		}
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CACert != "" {
		pem, err := os.ReadFile(c.CACert)
		if err != nil {
			return nil, fmt.Errorf("reading the CA certificate: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("reading the CA certificate: %s holds no PEM certificate", c.CACert)
		}
	}
	if c.Cert != "" {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, fmt.Errorf("reading the client certificate and its key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// closeTimeout bounds how long taking everything away may last, whatever became
// of the run. A cluster that does not answer is given up sooner: see kube.DeletePrefix.
const closeTimeout = 10 * time.Minute

// close takes away what the run has made: the lab, or on a cluster that exists
// its keys and leases. It does so also when ctx has ended.
func (t *target) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	var all []error
	if t.api != nil {
		if t.lab == nil {
			all = append(all, t.clean(ctx))
		}
		all = append(all, t.api.Close())
	}
	if t.lab != nil {
		all = append(all, t.lab.Stop(ctx))
	}
	return errors.Join(all...)
}
