package link

import (
	"net"
	"os"
	"testing"
	"time"
)

// A round trip of one byte, direct and through a proxy; the processor time is
// that of both ends and the proxy.
func BenchmarkRoundTrip(b *testing.B) {
	for _, c := range ways(Shape{RTT: time.Millisecond}) {
		b.Run(c.name, func(b *testing.B) {
			conn := dial(b, c.start(b, echoBack))
			roundTrip(b, conn)
			cpu := cpuTime(b)
			for b.Loop() {
				roundTrip(b, conn)
			}
			b.ReportMetric(float64((cpuTime(b)-cpu).Microseconds())/float64(b.N), "cpu-µs/op")
			_ = conn.Close()
		})
	}
}

// Bytes one way, direct and through a proxy, likewise.
func BenchmarkBulk(b *testing.B) {
	for _, c := range ways(Shape{RTT: 20 * time.Millisecond}) {
		b.Run(c.name, func(b *testing.B) {
			conn := dial(b, c.start(b, swallow))
			block := make([]byte, 1<<20)
			b.SetBytes(int64(len(block)))
			cpu := cpuTime(b)
			for b.Loop() {
				if _, err := conn.Write(block); err != nil {
					b.Fatal(err)
				}
			}
			finish(b, conn)
			b.ReportMetric((cpuTime(b)-cpu).Seconds()*1024/float64(b.N), "cpu-s/GiB")
		})
	}
}

// A message of 100 bytes one way, one after another, each read by itself at the end.
func BenchmarkMessage(b *testing.B) {
	for _, c := range ways(Shape{RTT: time.Millisecond}) {
		b.Run(c.name, func(b *testing.B) {
			conn := dial(b, c.start(b, swallow))
			cpu := cpuTime(b)
			for b.Loop() {
				if _, err := conn.Write(make([]byte, 100)); err != nil {
					b.Fatal(err)
				}
			}
			finish(b, conn)
			b.ReportMetric(float64((cpuTime(b)-cpu).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

// What a new connection costs the proxy besides: to find out who dialled, among
// three processes that did not.
func BenchmarkDialler(b *testing.B) {
	n := NewNetwork()
	for party, pid := range map[string]int{"m1": 1, "m2": os.Getppid(), "m3": 1} {
		n.Register(party, pid)
	}
	c := dial(b, startServer(b, swallow))
	local, remote := addressOf(c.LocalAddr()), addressOf(c.RemoteAddr())
	if socketInode(local, remote) == "" {
		b.Fatal("the connection has no inode")
	}
	for b.Loop() {
		if from := n.dialler(local, remote); from != Client {
			b.Fatal(from)
		}
	}
}

// way is a way to a server.
type way struct {
	name  string
	start func(b *testing.B, serve func(*net.TCPConn)) (address string)
}

func ways(s Shape) []way {
	through := func(s Shape) func(*testing.B, func(*net.TCPConn)) string {
		return func(b *testing.B, serve func(*net.TCPConn)) string {
			b.Helper()
			n := NewNetwork()
			shape(b, n, Client, s)
			return startProxy(b, n, startServer(b, serve)).Addr()
		}
	}
	return []way{
		{"direct", func(b *testing.B, serve func(*net.TCPConn)) string {
			b.Helper()
			return startServer(b, serve)
		}},
		{"plain", through(Shape{})},
		{s.RTT.String(), through(s)},
	}
}
