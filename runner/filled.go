package runner

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/runner/record"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// Fill writes a snapshot file of an etcd that has a scenario's setup and nothing
// else, from a lab of one member of the built-in etcd in a folder that is this
// function's alone and is taken away. Jobs that have the file as Filled begin with it.
func Fill(ctx context.Context, s scenarios.Scenario, folder, path string) (err error) {
	plain, err := scenarios.LoadConfiguration("single", nil)
	if err != nil {
		return err
	}
	// What a killed one has left goes.
	if err := errors.Join(os.RemoveAll(folder), os.Mkdir(folder, 0o755)); err != nil {
		return fmt.Errorf("filling an etcd for %s: %w", s.Name, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	job := Job{Scenario: s, Configuration: plain}
	t, err := open(ctx, folder, job)
	if err != nil {
		return fmt.Errorf("filling an etcd for %s: %w", s.Name, err)
	}
	defer func() { err = errors.Join(err, t.close(ctx)) }()
	e := &env{
		scenario: s, api: t.api, recorder: record.New(), clock: newClock(s.Phases), filler: kube.NewFiller(s.Seed), run: rand.Uint64(), finish: ctx,
		stores: map[string]*kube.Store{}, caches: map[string][]*kube.Watcher{}, lab: true, aborted: &atomic.Bool{}, warn: func(string) {},
	}
	if err := e.populate(ctx, func(scenarios.Population, string, int, int64) {}); err != nil {
		return fmt.Errorf("filling an etcd for %s: %w", s.Name, err)
	}
	return t.keep(ctx, path)
}

// keep writes a snapshot of a lab's only member under another name first.
func (t *target) keep(ctx context.Context, path string) error {
	endpoints, err := t.api.Endpoints()
	if err != nil {
		return err
	}
	tmp := path + ".tmp"
	f, err := os.Create(tmp)
	if err != nil {
		return fmt.Errorf("keeping a filled etcd: %w", err)
	}
	_, err = endpoints[0].Snapshot(ctx, f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("keeping a filled etcd: %w", err), os.Remove(tmp))
	}
	return os.Rename(tmp, path)
}

// errLacking tells that a snapshot has not got what a setup wants.
var errLacking = errors.New("the filled etcd has not got it")

// find is populate where all is there already: made is told of each object as it is.
func (e *env) find(ctx context.Context, made func(p scenarios.Population, key string, index int, revision int64)) error {
	e.expectSetup()
	for _, p := range e.scenario.Setup {
		store, err := e.store(p.Resource.Name)
		if err != nil {
			return err
		}
		revisions, err := store.Revisions(ctx)
		if err != nil {
			return fmt.Errorf("looking for setup.%s: %w", p.Name, err)
		}
		for i := range p.Count {
			key := store.Key(namespaceOf(i), objectName(p.Name, i))
			revision, there := revisions[key]
			if !there {
				return fmt.Errorf("looking for setup.%s: %s: %w", p.Name, key, errLacking)
			}
			e.api.Books().Found(key, revision)
			e.setup.done.Add(1)
			made(p, key, i, revision)
		}
	}
	return nil
}

// FilledFile is where the snapshot of a scenario's setup lies below a folder. Scenarios of
// one name have the same where their setups are the same.
func FilledFile(folder string, s scenarios.Scenario) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %+v", s.Seed, s.Setup))
	return filepath.Join(folder, fmt.Sprintf("filled-%s-%.4x.db", s.Name, sum))
}

// FilledFiles is a pattern of all snapshots of setups in a folder.
func FilledFiles(folder string) string { return filepath.Join(folder, "filled-*.db") }

// CanBegin reports whether a snapshot of Fill is of use for all of the configurations: they
// are labs of the built-in etcd. One alone must not have another beginning than those that it is compared with.
func CanBegin(all []scenarios.Configuration) bool {
	for _, c := range all {
		if len(c.Endpoints) > 0 || !c.BuiltIn() {
			return false
		}
	}
	return true
}
