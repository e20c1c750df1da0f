package linear

import (
	"context"
	"hash/maphash"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/grpc"
)

// Intercept is a grpc.UnaryClientInterceptor that records. It belongs below the
// retries of etcd's client: each attempt has an outcome of its own.
func (h *History) Intercept(ctx context.Context, method string, request, reply any, c *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	key, a, fits := h.asks(request)
	if !fits {
		return invoke(ctx, method, request, reply, c, options...)
	}
	o, ok := h.begin(key, a)
	err := invoke(ctx, method, request, reply, c, options...)
	switch {
	case !ok:
	case err == nil:
		h.finish(o, h.answered(a, reply))
	case h.options.Refused != nil && h.options.Refused(err):
	default:
		h.finish(o, answer{unknown: true})
	}
	return err
}

// asks is what a request asks of a key that is recorded; false for all others.
func (h *History) asks(request any) (key []byte, a asked, fits bool) {
	switch q := request.(type) {
	case *pb.RangeRequest:
		return q.Key, asked{verb: read}, plainRead(q) && h.watches(q.Key)
	case *pb.PutRequest:
		a, fits = h.putting(q)
		return q.Key, a, fits
	case *pb.DeleteRangeRequest:
		return q.Key, asked{verb: remove}, h.removing(q)
	case *pb.TxnRequest:
		return h.txn(q)
	default:
		return nil, asked{}, false
	}
}

// plainRead reports whether a read asks for one key as it is now.
func plainRead(q *pb.RangeRequest) bool {
	return len(q.RangeEnd) == 0 && !q.Serializable && q.Revision == 0 && !q.KeysOnly && !q.CountOnly &&
		q.MinModRevision == 0 && q.MaxModRevision == 0 && q.MinCreateRevision == 0 && q.MaxCreateRevision == 0
}

// putting is what a put asks; one with a lease, or without a value, drops its key.
func (h *History) putting(q *pb.PutRequest) (asked, bool) {
	if !h.watches(q.Key) {
		return asked{}, false
	}
	if q.Lease != 0 || q.IgnoreValue || q.IgnoreLease {
		h.drop(q.Key)
		return asked{}, false
	}
	return asked{verb: put, value: h.hash(q.Value)}, true
}

// removing reports whether a deletion is of one key; a range drops all keys that it has.
func (h *History) removing(q *pb.DeleteRangeRequest) bool {
	if len(q.RangeEnd) == 0 {
		return h.watches(q.Key)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for key := range h.keys {
		if key >= string(q.Key) && (string(q.RangeEnd) == "\x00" || key < string(q.RangeEnd)) {
			h.dropped[key] = struct{}{}
		}
	}
	return false
}

// txn is what a Txn in Kubernetes' form asks; one of another form drops the keys that it writes.
func (h *History) txn(q *pb.TxnRequest) (key []byte, a asked, fits bool) {
	if len(q.Success) == 1 && len(q.Compare) <= 1 && len(q.Failure) <= 1 {
		switch op := q.Success[0].Request.(type) {
		case *pb.RequestOp_RequestPut:
			key = op.RequestPut.Key
			a, fits = h.putting(op.RequestPut)
		case *pb.RequestOp_RequestDeleteRange:
			key = op.RequestDeleteRange.Key
			a, fits = asked{verb: remove}, h.removing(op.RequestDeleteRange)
		}
	}
	if fits && guard(&a, key, q) {
		return key, a, true
	}
	for _, side := range [...][]*pb.RequestOp{q.Success, q.Failure} {
		for _, op := range side {
			h.spoil(op)
		}
	}
	return nil, asked{}, false
}

// guard takes a Txn's condition and what it reads otherwise; false where they are of another form.
func guard(a *asked, key []byte, q *pb.TxnRequest) bool {
	if len(q.Compare) == 1 {
		c := q.Compare[0]
		if string(c.Key) != string(key) || len(c.RangeEnd) > 0 || c.Result != pb.Compare_EQUAL {
			return false
		}
		switch {
		case c.Target == pb.Compare_MOD:
			a.guard = c.GetModRevision()
		case c.Target == pb.Compare_VERSION && c.GetVersion() == 0, c.Target == pb.Compare_CREATE && c.GetCreateRevision() == 0:
		default:
			return false
		}
		a.guarded = true
	}
	if len(q.Failure) == 1 {
		r := q.Failure[0].GetRequestRange()
		if r == nil || string(r.Key) != string(key) || !plainRead(r) {
			return false
		}
		a.reads = true
	}
	return true
}

// spoil drops the keys that an operation of a Txn writes.
func (h *History) spoil(op *pb.RequestOp) {
	switch q := op.Request.(type) {
	case *pb.RequestOp_RequestPut:
		if h.watches(q.RequestPut.Key) {
			h.drop(q.RequestPut.Key)
		}
	case *pb.RequestOp_RequestDeleteRange:
		if h.removing(q.RequestDeleteRange) {
			h.drop(q.RequestDeleteRange.Key)
		}
	case *pb.RequestOp_RequestTxn:
		for _, side := range [...][]*pb.RequestOp{q.RequestTxn.Success, q.RequestTxn.Failure} {
			for _, inner := range side {
				h.spoil(inner)
			}
		}
	}
}

// answered is what a reply says.
func (h *History) answered(a asked, reply any) answer {
	switch r := reply.(type) {
	case *pb.RangeResponse:
		return answer{found: h.registerOf(r.Kvs)}
	case *pb.PutResponse:
		return answer{revision: r.Header.Revision}
	case *pb.DeleteRangeResponse:
		return removed(r.Deleted, r.Header.Revision)
	case *pb.TxnResponse:
		if !r.Succeeded {
			no := answer{refused: true}
			if a.reads && len(r.Responses) == 1 {
				no.found = h.registerOf(r.Responses[0].GetResponseRange().GetKvs())
			}
			return no
		}
		if a.verb == remove && len(r.Responses) == 1 {
			return removed(r.Responses[0].GetResponseDeleteRange().GetDeleted(), r.Header.Revision)
		}
		return answer{revision: r.Header.Revision}
	default:
		return answer{unknown: true}
	}
}

// removed is the answer of a deletion, which changes nothing where there was nothing.
func removed(n, revision int64) answer {
	if n == 0 {
		return answer{}
	}
	return answer{revision: revision}
}

func (h *History) registerOf(kvs []*mvccpb.KeyValue) register {
	if len(kvs) == 0 {
		return register{known: true}
	}
	return register{known: true, present: true, revision: kvs[0].ModRevision, value: h.hash(kvs[0].Value)}
}

func (h *History) hash(value []byte) uint64 { return maphash.Bytes(h.seed, value) }
