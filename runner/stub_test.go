package runner

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// stubCommand makes the test binary a gRPC server that answers at once, or after
// a time that it stamps itself: what a run measures beyond that is the generator's own.
const stubCommand = "stub"

// The ways in which a stub holds a put, by the stub command's argument.
const (
	atOnce    = "at-once"
	fixed5    = "fixed-5ms"
	fixed20   = "fixed-20ms"
	bimodal   = "bimodal-2ms-20ms"
	logNormal = "log-normal-5ms-50ms"
)

// holding draws how long a put is held.
func holding(how string, rng *rand.Rand) time.Duration {
	switch how {
	case fixed5:
		return 5 * time.Millisecond
	case fixed20:
		return 20 * time.Millisecond
	case bimodal:
		if rng.IntN(10) == 0 {
			return 20 * time.Millisecond
		}
		return 2 * time.Millisecond
	case logNormal:
		return time.Duration(float64(5*time.Millisecond) * math.Exp(math.Log(10)/scenarios.Z99*rng.NormFloat64()))
	default:
		return 0
	}
}

// stub answers what a run of raw puts asks, and keeps when each put came and how long it was held.
type stub struct {
	pb.UnimplementedKVServer
	pb.UnimplementedMaintenanceServer
	pb.UnimplementedLeaseServer
	how     string
	start   time.Time
	mu      sync.Mutex // guards all below
	rng     *rand.Rand
	own     []*mvccpb.KeyValue // what Txns have put: the run's own keys
	held    *hdr.Histogram
	arrived []int64
}

// stubReport is what a stub tells in the end, in microseconds.
type stubReport struct {
	P50, P99 int64
	// Arrived is when each put came, since the stub's start.
	Arrived []int64
}

// stampedConn is a connection of a stub that tells when its bytes came, and
// when those of a reply leave: what lies between is the stub's own time, and what
// a client sees beyond it is the network's and its own.
type stampedConn struct {
	net.Conn
	stub    *stub
	came    atomic.Int64 // of the last bytes, in nanoseconds since the stub's start
	mu      sync.Mutex   // guards leaving
	leaving []int64      // when the puts came whose reply is to be written
}

func (c *stampedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.came.Store(int64(time.Since(c.stub.start)))
	return n, err
}

func (c *stampedConn) Write(b []byte) (int, error) {
	now := int64(time.Since(c.stub.start))
	c.mu.Lock()
	leaving := c.leaving
	c.leaving = nil
	c.mu.Unlock()
	c.stub.left(leaving, now)
	return c.Conn.Write(b)
}

// stampedListener makes stampedConns.
type stampedListener struct {
	net.Listener
	stub  *stub
	mu    sync.Mutex // guards conns
	conns map[string]*stampedConn
}

func (l *stampedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	stamped := &stampedConn{Conn: c, stub: l.stub}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[c.RemoteAddr().String()] = stamped
	return stamped, nil
}

// connKey has the connection, begunKey when the bytes of a put came.
type (
	connKey  struct{}
	begunKey struct{}
)

func (l *stampedListener) TagConn(ctx context.Context, i *stats.ConnTagInfo) context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	return context.WithValue(ctx, connKey{}, l.conns[i.RemoteAddr.String()])
}

func (*stampedListener) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	c, ok := ctx.Value(connKey{}).(*stampedConn)
	if !ok || c == nil || !strings.HasSuffix(info.FullMethodName, "/Put") {
		return ctx
	}
	return context.WithValue(ctx, begunKey{}, c.came.Load())
}

func (*stampedListener) HandleConn(context.Context, stats.ConnStats) {}
func (*stampedListener) HandleRPC(context.Context, stats.RPCStats)   {}

// left notes that the replies of puts leave, by when these came.
func (s *stub) left(came []int64, now int64) {
	if len(came) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range came {
		s.arrived = append(s.arrived, at/1000)
		_ = s.held.RecordValue((now - at) / 1000) // an hour is never held
	}
}

func (s *stub) Put(ctx context.Context, _ *pb.PutRequest) (*pb.PutResponse, error) {
	if s.how != atOnce {
		s.mu.Lock()
		d := holding(s.how, s.rng)
		s.mu.Unlock()
		select {
		case <-time.After(d):
		case <-ctx.Done():
		}
	}
	begun, stamps := ctx.Value(begunKey{}).(int64)
	if c, ok := ctx.Value(connKey{}).(*stampedConn); ok && stamps {
		c.mu.Lock()
		c.leaving = append(c.leaving, begun)
		c.mu.Unlock()
	}
	return &pb.PutResponse{Header: &pb.ResponseHeader{Revision: 2}}, nil
}

func (s *stub) Range(_ context.Context, r *pb.RangeRequest) (*pb.RangeResponse, error) {
	reply := &pb.RangeResponse{Header: &pb.ResponseHeader{Revision: 1}}
	if strings.HasSuffix(string(r.Key), ownFolder) {
		s.mu.Lock()
		defer s.mu.Unlock()
		reply.Kvs, reply.Count = s.own, int64(len(s.own))
	}
	return reply, nil
}

// Txn lets a run own its prefix, and let go of it.
func (s *stub) Txn(_ context.Context, r *pb.TxnRequest) (*pb.TxnResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	reply := &pb.TxnResponse{Header: &pb.ResponseHeader{Revision: 2}, Succeeded: true}
	for _, o := range r.Success {
		if put := o.GetRequestPut(); put != nil {
			s.own = append(s.own, &mvccpb.KeyValue{Key: put.Key, Value: put.Value})
			reply.Responses = append(reply.Responses, &pb.ResponseOp{Response: &pb.ResponseOp_ResponsePut{ResponsePut: &pb.PutResponse{}}})
			continue
		}
		gone := o.GetRequestDeleteRange().GetKey()
		s.own = slices.DeleteFunc(s.own, func(kv *mvccpb.KeyValue) bool { return string(kv.Key) == string(gone) })
		reply.Responses = append(reply.Responses, &pb.ResponseOp{Response: &pb.ResponseOp_ResponseDeleteRange{ResponseDeleteRange: &pb.DeleteRangeResponse{}}})
	}
	return reply, nil
}

func (*stub) LeaseGrant(_ context.Context, r *pb.LeaseGrantRequest) (*pb.LeaseGrantResponse, error) {
	return &pb.LeaseGrantResponse{ID: 1, TTL: r.TTL}, nil
}

func (*stub) LeaseRevoke(context.Context, *pb.LeaseRevokeRequest) (*pb.LeaseRevokeResponse, error) {
	return &pb.LeaseRevokeResponse{}, nil
}

func (*stub) LeaseKeepAlive(all pb.Lease_LeaseKeepAliveServer) error {
	for {
		r, err := all.Recv()
		if err != nil {
			return nil //nolint:nilerr // the run has gone
		}
		if err := all.Send(&pb.LeaseKeepAliveResponse{ID: r.ID, TTL: 60}); err != nil {
			return err
		}
	}
}

func (*stub) Status(context.Context, *pb.StatusRequest) (*pb.StatusResponse, error) {
	return &pb.StatusResponse{Version: "stub", DbSizeQuota: -1}, nil // it keeps nothing, and has no end
}

// HashKV lets what members hold be compared: without it the check asks until its time is over.
func (*stub) HashKV(context.Context, *pb.HashKVRequest) (*pb.HashKVResponse, error) {
	return &pb.HashKVResponse{Header: &pb.ResponseHeader{Revision: 2}, Hash: 1}, nil
}

// serveStub serves until standard input ends, and then tells its report.
func serveStub(args []string) error {
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &stub{how: args[0], start: time.Now(), rng: rand.New(rand.NewPCG(1, 1)), held: results.NewHistogram(results.Figures)}
	var options []grpc.ServerOption
	if len(args) > 1 {
		stamped := &stampedListener{Listener: listener, stub: s, conns: map[string]*stampedConn{}}
		listener = stamped
		options = append(options, grpc.StatsHandler(stamped))
	}
	server := grpc.NewServer(options...)
	pb.RegisterKVServer(server, s)
	pb.RegisterMaintenanceServer(server, s)
	pb.RegisterLeaseServer(server, s)
	fmt.Fprintln(os.Stdout, "http://"+listener.Addr().String())
	go func() {
		_, _ = bufio.NewReader(os.Stdin).ReadString(0)
		server.Stop()
	}()
	if err := server.Serve(listener); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return json.NewEncoder(os.Stdout).Encode(stubReport{P50: s.held.ValueAtPercentile(50), P99: s.held.ValueAtPercentile(99), Arrived: s.arrived})
}

// startStub starts a stub that answers at once and keeps nothing, and returns its URL.
func startStub(tb testing.TB) string {
	tb.Helper()
	url, stop := stubProcess(tb, atOnce)
	tb.Cleanup(func() { stop() })
	return url
}

// startStampingStub starts a stub that holds puts in a way, and returns its URL
// and what ends it and gives its report.
func startStampingStub(tb testing.TB, how string) (url string, stop func() stubReport) {
	tb.Helper()
	return stubProcess(tb, how, "stamp")
}

func stubProcess(tb testing.TB, args ...string) (url string, stop func() stubReport) {
	tb.Helper()
	c := exec.CommandContext(context.Background(), os.Args[0], append([]string{stubCommand}, args...)...)
	c.Stderr = os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := c.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := c.Start(); err != nil {
		tb.Fatal(err)
	}
	told := bufio.NewReader(out)
	stop = sync.OnceValue(func() (report stubReport) {
		_ = in.Close()
		if err := json.NewDecoder(told).Decode(&report); err != nil {
			tb.Errorf("the stub's report: %v", err)
		}
		if err := c.Wait(); err != nil {
			tb.Errorf("the stub: %v", err)
		}
		return report
	})
	tb.Cleanup(func() { stop() })
	url, err = told.ReadString('\n')
	if err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSpace(url), stop
}
