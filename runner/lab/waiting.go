package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// awaitHealthy returns when all members are healthy, or the first has exited, or
// ctx has ended.
func awaitHealthy(ctx context.Context, members []*member, dial dialer, each time.Duration) error {
	ctx, fail := context.WithCancelCause(ctx)
	errs := make([]error, len(members))
	var probing, watching sync.WaitGroup
	for i, m := range members {
		watching.Go(func() {
			select {
			case <-m.latest().exited:
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
	return &diedError{member: m.site.name, state: m.latest().state(), log: lastWords(m.log)}
}

func (e *diedError) Error() string {
	return fmt.Sprintf("member %s ended (%s)%s", e.member, e.state, indented(e.log))
}

// Is tells a lost race for a port, the one end that is worth another attempt.
func (e *diedError) Is(target error) bool {
	return target == errPortTaken && strings.Contains(strings.Join(e.log, "\n"), "address already in use")
}
