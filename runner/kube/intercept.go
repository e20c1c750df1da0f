package kube

import (
	"bytes"
	"context"
	"strings"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
)

// intercept keeps the books of each request that writes. It is chained, which
// puts it below the retries of etcd's client: each attempt has an outcome of its own.
func (b *Books) intercept(ctx context.Context, method string, request, reply any, c *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	switch q := request.(type) {
	case *pb.TxnRequest:
		b.beginAll(q.Success)
		b.beginAll(q.Failure)
		err := invoke(ctx, method, request, reply, c, options...)
		b.endTxn(q, reply, err)
		return err
	case *pb.PutRequest:
		b.begin(q.Key)
		err := invoke(ctx, method, request, reply, c, options...)
		b.end(writing{key: q.Key, put: true, lease: q.Lease}, always, revisionOf(reply), err)
		return err
	case *pb.DeleteRangeRequest:
		if len(q.RangeEnd) > 0 {
			b.unbooked.Store(true)
			return invoke(ctx, method, request, reply, c, options...)
		}
		b.begin(q.Key)
		err := invoke(ctx, method, request, reply, c, options...)
		b.end(writing{key: q.Key}, always, revisionOf(reply), err)
		return err
	case *pb.LeaseGrantRequest:
		sent := time.Now()
		err := invoke(ctx, method, request, reply, c, options...)
		if granted, ok := reply.(*pb.LeaseGrantResponse); err == nil && ok {
			b.granted(granted.ID, time.Duration(granted.TTL)*time.Second, sent)
		}
		return err
	case *pb.LeaseRevokeRequest:
		err := invoke(ctx, method, request, reply, c, options...)
		if err == nil {
			b.revoked(q.ID, time.Now())
		} else {
			b.doubted(q.ID, time.Now()) // also where it is not found: an earlier attempt may have revoked it
		}
		return err
	default:
		return invoke(ctx, method, request, reply, c, options...)
	}
}

// writing is one write of a request.
type writing struct {
	key   []byte
	put   bool // otherwise it deletes
	lease int64
}

// writingOf is what an operation of a Txn writes, if it does.
func writingOf(op *pb.RequestOp) (w writing, ok bool) {
	switch q := op.Request.(type) {
	case *pb.RequestOp_RequestPut:
		return writing{q.RequestPut.Key, true, q.RequestPut.Lease}, true
	case *pb.RequestOp_RequestDeleteRange:
		return writing{key: q.RequestDeleteRange.Key}, len(q.RequestDeleteRange.RangeEnd) == 0
	default:
		return writing{}, false
	}
}

// beginAll begins what one side of a Txn writes.
func (b *Books) beginAll(side []*pb.RequestOp) {
	for _, op := range side {
		if w, ok := writingOf(op); ok {
			b.begin(w.key)
		} else if op.GetRequestRange() == nil {
			b.unbooked.Store(true)
		}
	}
}

// endTxn ends what beginAll began, on both sides.
func (b *Books) endTxn(q *pb.TxnRequest, reply any, err error) {
	t, ok := reply.(*pb.TxnResponse)
	succeeded := ok && t.Succeeded
	revision := revisionOf(reply)
	for i, side := range [...][]*pb.RequestOp{q.Success, q.Failure} {
		for _, op := range side {
			w, writes := writingOf(op)
			switch {
			case !writes:
			case err == nil && succeeded == (i == 1):
				b.refused(w.key) // the Txn went to the other side
			case i == 1:
				b.end(w, always, revision, err)
			default:
				b.end(w, untilOf(q.Compare, w.key), revision, err)
			}
		}
	}
}

// end ends one write, by the error of its request.
func (b *Books) end(w writing, until, revision int64, err error) {
	switch {
	case err == nil:
		b.acknowledged(w.key, revision, w.put, w.lease)
	case Refused(err):
		b.refused(w.key)
	default:
		b.unknown(w.key, doubt{w.put, !w.put, until})
	}
}

// untilOf is the last revision of a key at which a Txn can write it, by its compares.
func untilOf(compares []*pb.Compare, key []byte) int64 {
	for _, c := range compares {
		revision := c.GetModRevision()
		// A key that is to be absent may be so again later.
		if c.Target == pb.Compare_MOD && c.Result == pb.Compare_EQUAL && len(c.RangeEnd) == 0 && revision > 0 && bytes.Equal(c.Key, key) {
			return revision
		}
	}
	return always
}

// revisionOf is a write's own, or the store's where nothing was changed.
func revisionOf(reply any) int64 {
	if r, ok := reply.(interface{ GetHeader() *pb.ResponseHeader }); ok {
		return r.GetHeader().GetRevision()
	}
	return 0
}

// Refused reports whether an error proves that a request was not applied and never will be.
func Refused(err error) bool { return NotApplied(err) || neverSent(err) }

// neverSent reports whether an error is that of a connection that could not be made.
func neverSent(err error) bool {
	return Code(err) == codes.Unavailable && strings.Contains(err.Error(), "while dialing")
}
