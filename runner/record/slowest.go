package record

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// slowest keeps the slowest operations of a series in the measure phase. It may be shared by goroutines.
type slowest struct {
	// floor is the response from which an operation belongs to them, less one.
	floor atomic.Int64
	mu    sync.Mutex // guards all below
	kept  []exemplar
}

// exemplar is one of them, and whether Swap has told of it.
type exemplar struct {
	results.Exemplar
	response time.Duration
	told     bool
}

// add keeps an operation if it is slow enough. Few are once a run is under way.
// endpoints may be nil.
func (s *slowest) add(o *Outcome, endpoints *Endpoints) {
	response := o.Done - o.Intended
	if int64(response) <= s.floor.Load() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := exemplar{response: response, Exemplar: results.Exemplar{
		AtMS: milliseconds(o.Intended), ResponseMS: milliseconds(response), Code: o.Code.String(), Revision: o.Revision,
	}}
	if !o.NotSent {
		e.ServiceMS = milliseconds(o.Done - o.Sent)
	}
	if i := endpoints.of(o.Remote); i != unknown {
		e.Endpoint = endpoints.name(i)
	} else if o.Remote != nil {
		e.Endpoint = o.Remote.String()
	}
	if len(s.kept) < results.Exemplars {
		if s.kept = append(s.kept, e); len(s.kept) < results.Exemplars {
			return
		}
	} else if least := s.least(); s.kept[least].response < response {
		s.kept[least] = e
	}
	s.floor.Store(int64(s.kept[s.least()].response))
}

// least is the fastest of those kept.
func (s *slowest) least() int {
	least := 0
	for i := range s.kept {
		if s.kept[i].response < s.kept[least].response {
			least = i
		}
	}
	return least
}

// take returns those that have come since it was called last.
func (s *slowest) take() []results.Exemplar {
	s.mu.Lock()
	defer s.mu.Unlock()
	var fresh []results.Exemplar
	for i := range s.kept {
		if !s.kept[i].told {
			s.kept[i].told = true
			fresh = append(fresh, s.kept[i].Exemplar)
		}
	}
	return fresh
}
