package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/runner/telemetry"
)

// While it runs, a run shows Prometheus what the dashboard draws, and when it has ended nobody listens.
func TestMetricsListen(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, os.Args[0], "run", "pod-churn", "--set", "phases.warmup=1s", "--set", "phases.measure=5s", "--set", "setup.pods.count=100",
		"--runs-dir", t.TempDir(), "--metrics-listen", "127.0.0.1:0")
	said, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	url := ""
	lines := bufio.NewScanner(said)
	for url == "" && lines.Scan() {
		url, _ = strings.CutPrefix(lines.Text(), "metrics: ")
		if url == lines.Text() {
			url = ""
		}
	}
	if url == "" {
		t.Fatal("no address of the metrics was told")
	}
	go func() { _, _ = io.Copy(io.Discard, said) }() // it ends with the command
	page := func(url string) string {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			return ""
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		return string(text)
	}
	var text string
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !strings.Contains(text, `phase="measure",scenario="pod-churn",workload="informers"} `) || !strings.Contains(text, "etcd_dyno_watch_delivery_seconds_count") {
		<-tick.C
		if text = page(url); ctx.Err() != nil {
			t.Fatal("the measure phase was never told of")
		}
	}
	dashboard := page(strings.TrimSuffix(url, "/metrics") + "/grafana.json")
	if dashboard != string(telemetry.Dashboard()) {
		t.Error("the dashboard is another")
	}
	for _, metric := range regexp.MustCompile(`\betcd_dyno_[a-z_]+`).FindAllString(dashboard, -1) {
		if !strings.Contains(text, metric) && metric != "etcd_dyno_operation_errors_total" { // there were none
			t.Errorf("the dashboard draws %s, which is not told", metric)
		}
	}
	_ = command.Wait() // whether it passed depends on the machine
	if page(url) != "" {
		t.Error("somebody listens after the end")
	}
}
