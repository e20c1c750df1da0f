package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A page that is none is bounded in time and size, and told.
func TestFetchFaults(t *testing.T) {
	t.Parallel()
	line := []byte(strings.Repeat("etcd_x_total{a=\"b\"} 1\n", 1000))
	endless := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(line); err != nil {
				return
			}
		}
	}
	for _, tc := range []struct {
		name    string
		handler http.HandlerFunc
		tls     bool
		want    string
	}{
		{"rubbish", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>\x00\xff log in</html>") }, false, "no page of metrics"},
		{"half a line", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "etcd_x_total 1\netcd_y{a=") }, false, "no page of metrics"},
		{"another program's", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "node_load1 0.5\n") }, false, "none of the metrics"},
		{"nothing", func(http.ResponseWriter, *http.Request) {}, false, "none of the metrics"},
		{"hangs", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, false, "no whole answer within 1s"},
		{"hangs in the middle", func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write(line)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, false, "no whole answer within 1s"},
		{"never ends", endless, false, "longer than 16 MiB"},
		{"not found", http.NotFound, false, "it answers 404"},
		{"a log-in page", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) }, false, "it leads to"},
		{"needs a certificate", func(http.ResponseWriter, *http.Request) {}, true, "certificate"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewUnstartedServer(tc.handler)
			if tc.tls {
				server.StartTLS()
			} else {
				server.Start()
			}
			defer server.Close()
			client := Client(nil)
			defer client.CloseIdleConnections()
			began := time.Now()
			_, err := Fetch(t.Context(), client, server.URL+"/metrics", "etcd_")
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Count(err.Error(), server.URL) > 2 {
				t.Errorf("error %v, want …%s", err, tc.want)
			}
			// Reading 16 MiB and giving up are far below a second; three times the limit is a hang.
			if took := time.Since(began); took > 3*Timeout {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestFetchNobody(t *testing.T) {
	t.Parallel()
	client := Client(nil)
	defer client.CloseIdleConnections()
	if _, err := Fetch(t.Context(), client, "http://127.0.0.1:1/metrics"); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Fetch(ctx, client, "http://127.0.0.1:1/metrics"); err == nil {
		t.Error("no error after the end")
	}
}

// What is not wanted is left out, and what is wanted is whole.
func TestParseOnlyWhatIsWanted(t *testing.T) {
	t.Parallel()
	text := readPage(t)
	all, err := parse(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	some, err := parse(text, families())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range families() {
		if all[name] != nil && some[name].String() != all[name].String() {
			t.Errorf("%s differs:\n%v\n%v", name, some[name], all[name])
		}
		if all[name] == nil {
			t.Errorf("etcd's own page has no %s", name)
		}
	}
	if len(some) > len(families())+5 {
		t.Errorf("%d families, of %d that are wanted", len(some), len(families()))
	}
}

// readPage is a page of a member of etcd 3.7.3 after some load.
func readPage(tb testing.TB) []byte {
	tb.Helper()
	text, err := os.ReadFile("testdata/etcd-3.7.3.txt")
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("# TYPE etcd_x_total counter\netcd_x_total 1\n"))
	f.Add([]byte("# TYPE etcd_disk_wal_fsync_duration_seconds histogram\netcd_disk_wal_fsync_duration_seconds_bucket{le=\"0.001\"} 3\netcd_disk_wal_fsync_duration_seconds_bucket{le=\"+Inf\"} 2\netcd_disk_wal_fsync_duration_seconds_sum NaN\netcd_disk_wal_fsync_duration_seconds_count 4\n"))
	f.Add(bytes.Repeat([]byte("process_start_time_seconds 1\n"), 2))
	f.Fuzz(func(_ *testing.T, text []byte) {
		if said, err := parse(text, families()); err == nil {
			p := newPage(said)
			p.since(page{})
			page{}.since(p)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	text := readPage(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parse(text, families()); err != nil {
			b.Fatal(err)
		}
	}
}
