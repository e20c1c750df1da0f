package runner

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// shapes is what a proxy has seen of a run's requests, in order, in the words of
// the tables that describe a kube-apiserver's. It may be shared by goroutines.
type shapes struct {
	prefix string // that stands in front of the registry
	mu     sync.Mutex
	all    []shape // guarded by mu
}

// shape is one request: what it is about, and what it does.
type shape struct {
	object, text string
	at           time.Time
}

// between counts requests by their method from one instant to another.
func (s *shapes) between(from, to time.Time) map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := map[string]int{}
	for _, each := range s.all {
		if each.at.After(from) && each.at.Before(to) {
			method, _, _ := strings.Cut(each.text, "{")
			counts[strings.TrimSuffix(method, " hasleader")]++
		}
	}
	return counts
}

// saw takes one request; those of the run's own housekeeping on a cluster that exists are left out.
func (s *shapes) saw(method string, md metadata.MD, m proto.Message) {
	object, text := s.shapeOf(m)
	if text == "" {
		return
	}
	if method == pb.KV_RangeStream_FullMethodName {
		text = strings.Replace(text, "Range{", "RangeStream{", 1)
	}
	if len(md.Get("hasleader")) > 0 {
		text += " hasleader"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, shape{object, text, time.Now()})
}

// of are the shapes of what is about an object, in order; an object that ends in '*' is all that begin so.
func (s *shapes) of(object string) (texts []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	begin, several := strings.CutSuffix(object, "*")
	for _, each := range s.all {
		if each.object == object || several && strings.HasPrefix(each.object, begin) {
			texts = append(texts, each.text)
		}
	}
	return texts
}

// objects are all that a prefix has, in order of their first request.
func (s *shapes) objects(prefix string) (all []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, each := range s.all {
		if strings.HasPrefix(each.object, prefix) && !slices.Contains(all, each.object) {
			all = append(all, each.object)
		}
	}
	return all
}

// shapeOf is what a request is about and does; nothing where it is none of the load's.
func (s *shapes) shapeOf(m proto.Message) (object, text string) {
	switch r := m.(type) {
	case *pb.TxnRequest:
		return s.txn(r)
	case *pb.RangeRequest:
		return s.name(r.Key), s.rangeText(r)
	case *pb.PutRequest:
		return s.name(r.Key), "Put" + leased(r.Lease)
	case *pb.DeleteRangeRequest:
		if len(r.RangeEnd) > 0 {
			return "", "" // the run cleans up
		}
		return s.name(r.Key), "DeleteRange"
	case *pb.CompactionRequest:
		return "compact", fmt.Sprintf("Compact{physical=%v}", r.Physical)
	case *pb.LeaseGrantRequest:
		if r.TTL == int64(ownerTTL/time.Second) {
			return "", "" // the run takes its prefix
		}
		return "lease", fmt.Sprintf("LeaseGrant{ttl=%d}", r.TTL)
	case *pb.LeaseRevokeRequest:
		return "lease", "LeaseRevoke"
	case *pb.LeaseKeepAliveRequest:
		return "lease", "LeaseKeepAlive"
	case *pb.WatchRequest:
		if c := r.GetCreateRequest(); c != nil {
			return s.name(c.Key), fmt.Sprintf("Watch{prefix=%v prev_kv=%v progress_notify=%v fragment=%v filters=%d start=%v}",
				isPrefix(c.Key, c.RangeEnd), c.PrevKv, c.ProgressNotify, c.Fragment, len(c.Filters), c.StartRevision > 0)
		}
		if r.GetProgressRequest() != nil {
			return "progress", "WatchProgressRequest"
		}
	}
	return "", ""
}

// name is a key without what stands in front of the registry.
func (s *shapes) name(key []byte) string {
	return strings.TrimPrefix(strings.TrimPrefix(string(key), s.prefix), "/registry/")
}

func isPrefix(key, end []byte) bool {
	return string(end) == clientv3.GetPrefixRangeEnd(string(key))
}

func leased(id int64) string {
	if id != 0 {
		return "+lease"
	}
	return ""
}

func (s *shapes) rangeText(r *pb.RangeRequest) string {
	var flags []string
	switch {
	case len(r.RangeEnd) == 0:
		flags = append(flags, "key")
	case isPrefix(r.Key, r.RangeEnd):
		flags = append(flags, "prefix")
	default:
		flags = append(flags, "from-key")
	}
	if r.Limit > 0 {
		flags = append(flags, fmt.Sprintf("limit=%d", r.Limit))
	}
	for _, f := range []struct {
		set  bool
		name string
	}{
		{r.Revision > 0, "rev"},
		{r.CountOnly, "count_only"},
		{r.KeysOnly, "keys_only"},
		{r.Serializable, "serializable"},
		{r.SortOrder != 0 || r.MinModRevision+r.MaxModRevision+r.MinCreateRevision+r.MaxCreateRevision > 0, "sorted or filtered"},
	} {
		if f.set {
			flags = append(flags, f.name)
		}
	}
	return "Range{" + strings.Join(flags, ",") + "}"
}

func (s *shapes) txn(r *pb.TxnRequest) (object, text string) {
	if slices.ContainsFunc(r.Compare, func(c *pb.Compare) bool {
		return strings.Contains(string(c.Key), ownFolder) || strings.HasSuffix(string(c.Key), "/")
	}) {
		return "", "" // the run takes its prefix, or cleans up
	}
	compare := "nothing"
	if len(r.Compare) == 1 {
		c := r.Compare[0]
		object = s.name(c.Key)
		value := "R"
		switch {
		case c.Target == pb.Compare_VERSION:
			compare, value = "VERSION", "n"
		case c.GetModRevision() == 0:
			compare, value = "MOD", "0"
		default:
			compare = "MOD"
		}
		compare += "=" + value
	}
	then, elsewhere := make([]string, 0, len(r.Success)), make([]string, 0, len(r.Failure))
	for _, o := range r.Success {
		if p := o.GetRequestPut(); p != nil && object == "" {
			object = s.name(p.Key)
		}
		then = append(then, opText(o))
	}
	for _, o := range r.Failure {
		elsewhere = append(elsewhere, opText(o))
	}
	return object, fmt.Sprintf("Txn{if %s then %s else %s}", compare, then, elsewhere)
}

func opText(o *pb.RequestOp) string {
	switch {
	case o.GetRequestPut() != nil:
		return "put" + leased(o.GetRequestPut().Lease)
	case o.GetRequestDeleteRange() != nil:
		return "delete"
	case o.GetRequestRange() != nil:
		return "range"
	default:
		return "txn"
	}
}
