package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// send writes a line to the host.
func (l *Lab) send(line any) error {
	l.sending.Lock()
	defer l.sending.Unlock()
	if err := json.NewEncoder(l.orders).Encode(line); err != nil {
		return fmt.Errorf("writing to the lab host: %w", err)
	}
	return nil
}

// ask has the host do something and waits for its reply. When ctx ends first,
// the host goes on with it.
func (l *Lab) ask(ctx context.Context, r request) (reply, error) {
	answered := make(chan reply, 1)
	l.mu.Lock()
	l.asked++
	r.ID = l.asked
	l.waiting[r.ID] = answered
	l.mu.Unlock()
	defer l.forget(r.ID)
	// A host that is gone cannot be written to; then gone is closed too.
	_ = l.send(r)
	select {
	case answer := <-answered:
		if answer.Failed != "" {
			return answer, errors.New(answer.Failed)
		}
		return answer, nil
	case <-ctx.Done():
		return reply{}, context.Cause(ctx)
	case <-l.gone:
		return reply{}, fmt.Errorf("the lab host ended (%s)", l.host.state())
	}
}

// answer hands a reply to who waits for it, if anybody still does.
func (l *Lab) answer(r reply) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.members = r.Members
	if waiting := l.waiting[r.ID]; waiting != nil {
		waiting <- r
		delete(l.waiting, r.ID)
	}
}

func (l *Lab) forget(id int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.waiting, id)
}
