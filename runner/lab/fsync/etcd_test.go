package fsync

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// etcd's own histogram of the fsyncs of its WAL shows the delay that was asked
// for, and none after it was taken away.
func TestEtcdSeesTheDelay(t *testing.T) {
	url := freeURL(t)
	device, _ := under(t, fixed(10*ms), etcdAt(t, url, "/dev/null")...)
	client := dial(t, url)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	measure := func() time.Duration {
		putMany(ctx, t, client, 1) // and the start is over
		sum, count := walFsyncs(ctx, t, url)
		putMany(ctx, t, client, 100)
		sumNow, countNow := walFsyncs(ctx, t, url)
		if countNow-count < 100 {
			t.Errorf("%v WAL fsyncs for 100 writes", countNow-count)
		}
		return time.Duration((sumNow - sum) / (countNow - count) * float64(time.Second))
	}
	slow, before := measure(), device.Stats()
	if err := device.Set(Delay{}); err != nil {
		t.Fatal(err)
	}
	fast := measure()
	t.Logf("a WAL fsync takes %v with a delay of 10 ms and %v without; %+v, then %+v", slow, fast, before, device.Stats())
	if slow < 10*ms || fast >= slow {
		t.Errorf("a WAL fsync takes %v with a delay of 10 ms and %v without", slow, fast)
	}
}

// An etcd whose disk becomes full ends by itself, and says why.
func TestEtcdEndsOnAFullDisk(t *testing.T) {
	url, log := freeURL(t), filepath.Join(t.TempDir(), "log")
	device, c := under(t, Delay{}, etcdAt(t, url, log)...)
	client := dial(t, url)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	putMany(ctx, t, client, 100)
	t.Logf("with room: %+v", device.Stats())
	device.Fill(true)
	if _, err := client.Put(ctx, "key", "value"); err == nil {
		t.Error("a write was acknowledged on a full disk")
	}
	if err := within(t, "the end of etcd", c.exited); err == nil {
		t.Error("etcd ended as if all were well")
	}
	said, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(said), noRoom) {
		t.Errorf("etcd's log does not contain %q:\n%s", noRoom, said)
	}
}

// etcdAt is an etcd server that listens at url.
func etcdAt(t *testing.T, url, log string) []string {
	t.Helper()
	return []string{
		etcdProgram, "--data-dir=" + t.TempDir(), "--listen-client-urls=" + url, "--advertise-client-urls=" + url,
		"--listen-peer-urls=" + freeURL(t), "--logger=zap", "--log-outputs=" + log,
	}
}

func dial(t *testing.T, url string) *clientv3.Client {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{url}, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func putMany(ctx context.Context, t *testing.T, client *clientv3.Client, n int) {
	t.Helper()
	for i := range n {
		if _, err := client.Put(ctx, "key"+strconv.Itoa(i), "value"); err != nil {
			t.Fatal(err)
		}
	}
}

// walFsyncs reads etcd_disk_wal_fsync_duration_seconds from an etcd server.
func walFsyncs(ctx context.Context, t *testing.T, url string) (sum, count float64) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return fsyncs(t, response.Body)
}

func fsyncs(t *testing.T, metrics io.Reader) (sum, count float64) {
	t.Helper()
	lines := bufio.NewScanner(metrics)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		var err error
		switch name {
		case "etcd_disk_wal_fsync_duration_seconds_sum":
			sum, err = strconv.ParseFloat(value, 64)
		case "etcd_disk_wal_fsync_duration_seconds_count":
			count, err = strconv.ParseFloat(value, 64)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return sum, count
}

func freeURL(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}
