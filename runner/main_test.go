package runner

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"github.com/etcd-dyno/etcd-dyno/runner/lab"
)

// stubCommand makes the test binary a gRPC server that answers at once: what a
// run measures against it is the generator's own.
const stubCommand = "stub"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case lab.HostCommand:
			exitOn(lab.HostMain(context.Background(), os.Args[2:], os.Stdin, os.Stdout))
		case lab.MemberCommand:
			lab.MemberMain(os.Args[2:])
		case stubCommand:
			exitOn(serveStub())
		}
	}
	goleak.VerifyTestMain(m)
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// stub answers what a run of raw puts asks.
type stub struct {
	pb.UnimplementedKVServer
	pb.UnimplementedMaintenanceServer
}

func (stub) Put(context.Context, *pb.PutRequest) (*pb.PutResponse, error) {
	return &pb.PutResponse{Header: &pb.ResponseHeader{Revision: 2}}, nil
}

func (stub) Range(context.Context, *pb.RangeRequest) (*pb.RangeResponse, error) {
	return &pb.RangeResponse{Header: &pb.ResponseHeader{Revision: 1}}, nil
}

func (stub) Status(context.Context, *pb.StatusRequest) (*pb.StatusResponse, error) {
	return &pb.StatusResponse{Version: "stub"}, nil
}

// serveStub serves until standard input ends.
func serveStub() error {
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	pb.RegisterKVServer(server, stub{})
	pb.RegisterMaintenanceServer(server, stub{})
	fmt.Fprintln(os.Stdout, "http://"+listener.Addr().String())
	go func() {
		_, _ = bufio.NewReader(os.Stdin).ReadString(0)
		server.Stop()
	}()
	return server.Serve(listener)
}

// startStub starts a stub and returns its URL.
func startStub(tb testing.TB) string {
	tb.Helper()
	c := exec.CommandContext(context.Background(), os.Args[0], stubCommand)
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
	tb.Cleanup(func() {
		_ = in.Close()
		if err := c.Wait(); err != nil {
			tb.Errorf("the stub: %v", err)
		}
	})
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSpace(url)
}

// within polls until a condition holds, and fails the test where it does not in time.
func within(tb testing.TB, limit time.Duration, what string, holds func() bool) {
	tb.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(limit)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			tb.Fatalf("not within %v: %s", limit, what)
		}
	}
}
