package runner

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	protocodec "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// plan is what a proxy does to the messages between a run and etcd. A nil
// function lets them pass as they are.
type plan struct {
	// txn stands around a Txn: next sends it on to etcd and returns the answer,
	// which goes back when txn returns it. ctx ends when the run gives the Txn up;
	// etcd gets it nevertheless. Several run at once.
	txn func(ctx context.Context, r *pb.TxnRequest, next func() (*pb.TxnResponse, error)) (*pb.TxnResponse, error)
	// saw is told of each request, those for watches included, with its metadata. Several run at once.
	saw func(method string, md metadata.MD, m proto.Message)
	// open is told of each request for a watch before it goes on to etcd.
	open func(ctx context.Context, stream int, r *pb.WatchCreateRequest)
	// progress is told of each request for progress.
	progress func()
	// watched turns what etcd says on a stream of watches into what the run hears;
	// an error breaks the stream off. One call at a time.
	watched func(ctx context.Context, stream int, r *pb.WatchResponse) ([]*pb.WatchResponse, error)
}

// proxy stands between a run and an etcd, and passes on message by message.
type proxy struct {
	upstream *grpc.ClientConn
	plan     plan
	wg       sync.WaitGroup
	mu       sync.Mutex // guards streams, and the plan's watched
	streams  int        // of watches so far
}

// startProxy starts a proxy in front of an etcd and returns its URL.
func startProxy(tb testing.TB, etcd string, p plan) string {
	tb.Helper()
	upstream, err := grpc.NewClient(etcd, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(passing{encoding.GetCodecV2(protocodec.Name)})))
	if err != nil {
		tb.Fatal(err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	x := &proxy{upstream: upstream, plan: p}
	server := grpc.NewServer(grpc.UnknownServiceHandler(x.pass), grpc.ForceServerCodecV2(passing{encoding.GetCodecV2(protocodec.Name)}))
	x.wg.Go(func() { _ = server.Serve(listener) })
	tb.Cleanup(func() {
		server.Stop()
		_ = upstream.Close()
		x.wg.Wait()
	})
	return "http://" + listener.Addr().String()
}

// frame is a message that nobody looks into.
type frame struct{ bytes []byte }

// passing leaves frames as they are, and treats all other messages as usual.
type passing struct{ encoding.CodecV2 }

func (c passing) Marshal(v any) (mem.BufferSlice, error) {
	if f, ok := v.(*frame); ok {
		return mem.BufferSlice{mem.SliceBuffer(f.bytes)}, nil
	}
	return c.CodecV2.Marshal(v)
}

func (c passing) Unmarshal(data mem.BufferSlice, v any) error {
	if f, ok := v.(*frame); ok {
		f.bytes = data.Materialize()
		return nil
	}
	return c.CodecV2.Unmarshal(data, v)
}

// pass handles one call, with its metadata and its error.
func (x *proxy) pass(_ any, down grpc.ServerStream) error {
	ctx := down.Context()
	md, _ := metadata.FromIncomingContext(ctx)
	ctx = metadata.NewOutgoingContext(ctx, md.Copy())
	switch method, _ := grpc.MethodFromServerStream(down); method {
	case pb.Watch_Watch_FullMethodName:
		return x.watch(ctx, md, down)
	case pb.KV_Txn_FullMethodName:
		return x.txn(ctx, md, down)
	default:
		return x.others(ctx, method, md, down)
	}
}

// others passes on a call of one request and any number of replies, or a lease's keep-alive.
func (x *proxy) others(ctx context.Context, method string, md metadata.MD, down grpc.ServerStream) error {
	up, err := x.upstream.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
	if err != nil {
		return err
	}
	var request frame
	if err := down.RecvMsg(&request); err != nil {
		return err
	}
	if m := messageOf(method); m != nil && x.plan.saw != nil {
		if err := proto.Unmarshal(request.bytes, m); err != nil {
			return err
		}
		x.plan.saw(method, md, m)
	}
	if err := errors.Join(up.SendMsg(&request), up.CloseSend()); err != nil {
		return err
	}
	for {
		var reply frame
		err := up.RecvMsg(&reply)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = down.SendMsg(&reply)
		}
		if err != nil {
			return err
		}
	}
}

// messageOf is an empty request of a method; nil for those that are of no interest.
func messageOf(method string) proto.Message {
	switch method {
	case pb.KV_Range_FullMethodName, pb.KV_RangeStream_FullMethodName:
		return &pb.RangeRequest{}
	case pb.KV_Put_FullMethodName:
		return &pb.PutRequest{}
	case pb.KV_DeleteRange_FullMethodName:
		return &pb.DeleteRangeRequest{}
	case pb.KV_Compact_FullMethodName:
		return &pb.CompactionRequest{}
	case pb.Lease_LeaseGrant_FullMethodName:
		return &pb.LeaseGrantRequest{}
	case pb.Lease_LeaseRevoke_FullMethodName:
		return &pb.LeaseRevokeRequest{}
	case pb.Lease_LeaseKeepAlive_FullMethodName:
		return &pb.LeaseKeepAliveRequest{}
	default:
		return nil
	}
}

func (x *proxy) txn(ctx context.Context, md metadata.MD, down grpc.ServerStream) error {
	var request pb.TxnRequest
	if err := down.RecvMsg(&request); err != nil {
		return err
	}
	if x.plan.saw != nil {
		x.plan.saw(pb.KV_Txn_FullMethodName, md, &request)
	}
	next := func() (*pb.TxnResponse, error) {
		return pb.NewKVClient(x.upstream).Txn(context.WithoutCancel(ctx), &request)
	}
	around := x.plan.txn
	if around == nil {
		around = func(_ context.Context, _ *pb.TxnRequest, next func() (*pb.TxnResponse, error)) (*pb.TxnResponse, error) {
			return next()
		}
	}
	reply, err := around(ctx, &request, next)
	if err != nil {
		return err
	}
	return down.SendMsg(reply)
}

// watch passes on a stream of watches in both directions until one side ends it.
func (x *proxy) watch(ctx context.Context, md metadata.MD, down grpc.ServerStream) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	up, err := pb.NewWatchClient(x.upstream).Watch(ctx)
	if err != nil {
		return err
	}
	x.mu.Lock()
	stream := x.streams
	x.streams++
	x.mu.Unlock()
	x.wg.Go(func() { x.requests(ctx, md, stream, down, up) })
	for {
		r, err := up.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		passed, err := x.watched(ctx, stream, r)
		for _, r := range passed {
			if err := down.SendMsg(r); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}

func (x *proxy) watched(ctx context.Context, stream int, r *pb.WatchResponse) ([]*pb.WatchResponse, error) {
	if x.plan.watched == nil {
		return []*pb.WatchResponse{r}, nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.plan.watched(ctx, stream, r)
}

// requests passes on what the run asks on a stream of watches. An error shows
// on the other way too, and ends the stream there.
func (x *proxy) requests(ctx context.Context, md metadata.MD, stream int, down grpc.ServerStream, up pb.Watch_WatchClient) {
	for {
		var r pb.WatchRequest
		if err := down.RecvMsg(&r); err != nil {
			_ = up.CloseSend()
			return
		}
		if x.plan.saw != nil {
			x.plan.saw(pb.Watch_Watch_FullMethodName, md, &r)
		}
		if create := r.GetCreateRequest(); create != nil && x.plan.open != nil {
			x.plan.open(ctx, stream, create)
		}
		if r.GetProgressRequest() != nil && x.plan.progress != nil {
			x.plan.progress()
		}
		if err := up.Send(&r); err != nil {
			return
		}
	}
}

// brokenStream is the error of a stream that breaks off: the etcd client opens it again by itself.
func brokenStream() error { return status.Error(codes.Unavailable, "planted") }

// refusedStream is the error of a stream that the etcd client gives up.
func refusedStream() error { return status.Error(codes.FailedPrecondition, "planted") }
