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
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
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
	how     string
	start   time.Time
	mu      sync.Mutex // guards all below
	rng     *rand.Rand
	held    *hdr.Histogram
	arrived []int64
}

// stubReport is what a stub tells in the end, in microseconds.
type stubReport struct {
	P50, P99 int64
	// Arrived is when each put came, since the stub's start.
	Arrived []int64
}

// begunKey has the instant at which a request's headers were read, the first that gRPC tells of.
type begunKey struct{}

func (*stub) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	if !strings.HasSuffix(info.FullMethodName, "/Put") {
		return ctx
	}
	return context.WithValue(ctx, begunKey{}, time.Now())
}

func (*stub) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (*stub) HandleConn(context.Context, stats.ConnStats)                       {}

// HandleRPC stamps when the reply has been handed to the connection.
func (s *stub) HandleRPC(ctx context.Context, r stats.RPCStats) {
	begun, ok := ctx.Value(begunKey{}).(time.Time)
	if _, end := r.(*stats.End); !end || !ok {
		return
	}
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrived = append(s.arrived, begun.Sub(s.start).Microseconds())
	_ = s.held.RecordValue(now.Sub(begun).Microseconds()) // an hour is never held
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
	return &pb.PutResponse{Header: &pb.ResponseHeader{Revision: 2}}, nil
}

func (*stub) Range(context.Context, *pb.RangeRequest) (*pb.RangeResponse, error) {
	return &pb.RangeResponse{Header: &pb.ResponseHeader{Revision: 1}}, nil
}

func (*stub) Status(context.Context, *pb.StatusRequest) (*pb.StatusResponse, error) {
	return &pb.StatusResponse{Version: "stub"}, nil
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
		options = append(options, grpc.StatsHandler(s))
	}
	server := grpc.NewServer(options...)
	pb.RegisterKVServer(server, s)
	pb.RegisterMaintenanceServer(server, s)
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
