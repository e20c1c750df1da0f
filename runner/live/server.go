package live

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/etcd-dyno/etcd-dyno/runner/telemetry"
)

// Server tells an Exporter's sums at /metrics, and has the Grafana dashboard at /grafana.json.
type Server struct {
	// URL is of the page of metrics.
	URL  string
	http *http.Server
	done chan error
}

// CheckAddress says what is wrong with an address to listen at; nil if nothing is.
func CheckAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("%q is no address; write for example 127.0.0.1:9095, or 127.0.0.1:0 for any port", address)
	}
	return nil
}

// Listen begins to serve. The server is to be closed.
func Listen(ctx context.Context, address string, e *Exporter) (*Server, error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(e, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	var listening net.ListenConfig
	l, err := listening.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening for Prometheus: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	mux.HandleFunc("GET /grafana.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(telemetry.Dashboard()) // a reader that has gone away needs no more
	})
	s := &Server{URL: "http://" + l.Addr().String() + "/metrics", http: &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}, done: make(chan error, 1)}
	go func() { s.done <- s.http.Serve(l) }()
	return s, nil
}

// Close ends the service, and what is being answered.
func (s *Server) Close() error {
	err := s.http.Close()
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
