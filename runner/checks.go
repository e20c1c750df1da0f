package runner

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/runner/linear"
)

// examination is what must be true of the target once the load is over.
type examination struct {
	examiner *kube.Examiner
	books    *kube.Books
	own      string   // the prefix of the run's keys; empty where all keys are the run's
	apart    []string // keys below it that are no part of the load
	lab      bool
	members  []kube.Member   // before the load
	unlisted error           // why members is not known
	history  *linear.History // nil where nothing was done to the cluster
	folder   string          // where the picture of a fault is drawn
	silent   []string        // endpoints that did not answer before the load
	mu       sync.Mutex      // held while the members are looked for anew
}

// checkTimeout bounds all checks together, answerTimeout is how long a cluster
// may take to answer at all, and listTimeout to list its members before the load.
const (
	checkTimeout  = 15 * time.Second
	answerTimeout = 5 * time.Second
	listTimeout   = 4 * time.Second
)

// membersHealthy is the check that is made also where nothing answers.
const membersHealthy = "members-healthy"

// linearizable is the check of what clients saw, for which nobody is asked.
const linearizable = "linearizable"

// newExamination notes what there is before the load.
func newExamination(ctx context.Context, t *target, folder string) (*examination, error) {
	examiner, err := t.api.Examiner()
	if err != nil {
		return nil, err
	}
	x := &examination{examiner: examiner, books: t.api.Books(), own: t.own, lab: t.lab != nil, history: t.history, folder: folder}
	if t.foreign != nil {
		x.apart = []string{t.own + markerKey, t.own + ownerKey}
	}
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	x.members, x.unlisted = examiner.Members(ctx)
	for _, s := range x.states(ctx) {
		if s.err != nil {
			x.silent = append(x.silent, s.url)
		}
	}
	return x, nil
}

// checks are made side by side. None takes longer than ctx or checkTimeout: what
// is not known by then is skipped, with the reason.
func (x *examination) checks(ctx context.Context) []results.Check {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	silent := sync.OnceValue(func() error {
		err := x.answers(ctx)
		if err == nil {
			x.settle(ctx)
		}
		return err
	})
	all := [...]struct {
		name string
		make func(context.Context) (results.Status, string, error)
	}{
		{"acknowledged-writes", x.acknowledgedWrites},
		{"live-keys", x.liveKeys},
		{"members-agree", x.membersAgree},
		{membersHealthy, x.membersHealthy},
		{linearizable, x.linearizable},
	}
	made := make([]results.Check, len(all))
	var wg sync.WaitGroup
	for i, c := range all {
		wg.Go(func() {
			var status results.Status
			var detail string
			var err error
			if c.name != membersHealthy && c.name != linearizable {
				err = silent()
			}
			if err == nil {
				status, detail, err = c.make(ctx)
			}
			if err != nil {
				status, detail = results.Skipped, whySkipped(err)
			}
			made[i] = results.Check{Name: c.name, Status: status, Detail: detail}
		})
	}
	wg.Wait()
	return slices.DeleteFunc(made, func(c results.Check) bool { return c.Status == "" })
}

// linearizable is made of what was recorded; there is none where nothing was.
func (x *examination) linearizable(ctx context.Context) (results.Status, string, error) {
	if x.history == nil {
		return "", "", nil
	}
	v, err := x.history.Check(ctx, x.folder)
	what := fmt.Sprintf("%d reads and writes of %d keys", v.Operations, v.Keys)
	switch {
	case len(v.Faulty) > 0:
		detail := fmt.Sprintf("of %s, no order explains those of %s", what, some(v.Faulty))
		if v.Picture != "" && err == nil {
			detail += "; see " + filepath.Base(v.Picture) + " in the run folder"
		}
		return results.Fail, detail, nil
	case v.Unknown > 0:
		return results.Skipped, fmt.Sprintf("of %s, those of %d keys could not be judged in time", what, v.Unknown), nil
	case v.Operations == 0:
		return results.Skipped, "nothing was recorded", nil
	default:
		return results.Pass, what + " are as if each had been done alone", nil
	}
}

// answers asks the cluster for what needs a majority of its members; the error says that it has none.
func (x *examination) answers(ctx context.Context) error {
	asking, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	_, err := x.examiner.Revision(asking)
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("the cluster does not answer: %v", err) //nolint:errorlint // it is not ctx that has ended
	}
	return err
}

// whySkipped says why a check could not be made.
func whySkipped(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "the run was cut short"
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("not known within %v: %v", checkTimeout, err)
	default:
		return err.Error()
	}
}

// leases is which there are, where the books do not know. Without an answer, not
// known, their keys stay in doubt.
func (x *examination) leases(ctx context.Context) (alive []int64, known bool) {
	if !x.books.LeasesInDoubt(time.Now()) {
		return nil, false
	}
	alive, err := x.examiner.Leases(ctx)
	return alive, err == nil
}

// settle takes the keys of leases that are over out of the books.
func (x *examination) settle(ctx context.Context) {
	now := time.Now()
	if alive, known := x.leases(ctx); known {
		x.books.Alive(alive, now)
	}
}

// errUnbooked tells that it is not known what must be there.
var errUnbooked = errors.New("ranges of keys were deleted, so that it is not known which must be there")

// errRewound tells that more is there than was left, as far as anybody can know.
var errRewound = errors.New("a snapshot was restored: which of the keys that were deleted or expired since are back is not known")

// acknowledgedWrites reads a sample of keys back.
func (x *examination) acknowledgedWrites(ctx context.Context) (results.Status, string, error) {
	if x.books.Unbooked() {
		return "", "", errUnbooked
	}
	// A lease may end between the sample and the reads.
	sample := x.books.Sample(time.Now().Add(checkTimeout))
	keys := make([]string, len(sample))
	for i, each := range sample {
		keys[i] = each.Key
	}
	found, err := x.examiner.Read(ctx, keys)
	if err != nil {
		return "", "", err
	}
	var faults []string
	present := 0
	for i, each := range sample {
		if found[i] != nil {
			present++
		}
		if fault := each.Fault(found[i]); fault != "" {
			faults = append(faults, fault)
		}
	}
	if len(faults) > 0 {
		return results.Fail, fmt.Sprintf("%d of %d keys that were read back are not as acknowledged: %s", len(faults), len(sample), some(faults)), nil
	}
	return results.Pass, fmt.Sprintf("%d keys read back as written, %d absent as deleted", present, len(sample)-present), nil
}

// some is the first three of many.
func some(all []string) string {
	const told = 3
	if more := len(all) - told; more > 0 {
		return strings.Join(all[:told], "; ") + fmt.Sprintf("; and %d more", more)
	}
	return strings.Join(all, "; ")
}

// countAgain is how often a count that is wrong is made again, and after which time.
const (
	countAgain = 3
	countAfter = 300 * time.Millisecond
)

// liveKeys counts the run's keys.
func (x *examination) liveKeys(ctx context.Context) (results.Status, string, error) {
	switch {
	case x.books.Unbooked():
		return "", "", errUnbooked
	case x.books.Rewound():
		return "", "", errRewound
	}
	for try := 1; ; try++ {
		// Of a lease that there is no more before the count, or still is after it, it is known whether its keys are counted.
		x.settle(ctx)
		count, err := x.count(ctx)
		if err != nil {
			return "", "", err
		}
		now := time.Now()
		alive, _ := x.leases(ctx)
		must := x.books.Balance(now, alive)
		if count >= must.Lowest && count <= must.Highest {
			return results.Pass, keysFound(count, must), nil
		}
		if try == countAgain {
			return results.Fail, keysFound(count, must), nil
		}
		if err := pause(ctx, countAfter); err != nil {
			return "", "", err
		}
	}
}

// count is how many keys of the load there are.
func (x *examination) count(ctx context.Context) (int64, error) {
	all, err := x.examiner.Count(ctx, x.own)
	if err != nil || len(x.apart) == 0 {
		return all, err
	}
	apart, err := x.examiner.Read(ctx, x.apart)
	for _, kv := range apart {
		if kv != nil {
			all--
		}
	}
	return all, err
}

// keysFound tells how many keys there are, and how many there must be.
func keysFound(count int64, must kube.Balance) string {
	switch {
	case must.Lowest != must.Highest:
		return fmt.Sprintf("%d keys, to be from %d to %d: the outcome of some writes is not known, or leases may be over", count, must.Lowest, must.Highest)
	case count == must.Lowest:
		return fmt.Sprintf("%d keys, exactly those that were acknowledged", count)
	default:
		return fmt.Sprintf("%d keys, where %d were acknowledged", count, must.Lowest)
	}
}

// pause waits; the error is that ctx has ended.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
