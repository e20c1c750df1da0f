// Package telemetry asks etcd's members, the host and the generator what they did, on the run's clock.
//
// Whatever counts since a process began is told as the difference between two
// looks, so that a part of a run can be summed from the seconds in it and a member
// that started anew loses nothing but what it did not tell.
package telemetry

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// What a scrape may take, and how much it may say.
const (
	Timeout  = time.Second
	MaxBytes = 16 << 20
)

// Families are metrics by the names of their families.
type Families map[string]*dto.MetricFamily

// Client is for scraping: TLS may be nil for plain text. Its idle connections are the caller's to close.
func Client(config *tls.Config) *http.Client {
	return &http.Client{
		Timeout: Timeout,
		Transport: &http.Transport{
			TLSClientConfig: config, ForceAttemptHTTP2: false, DisableCompression: true, // packing would cost the member more than it spares
			MaxIdleConnsPerHost: 1, ResponseHeaderTimeout: Timeout,
		},
		// A metrics URL that leads elsewhere, to a log-in page perhaps, is wrong.
		CheckRedirect: func(to *http.Request, _ []*http.Request) error {
			return fmt.Errorf("it leads to %s", to.URL.Redacted())
		},
	}
}

// Fetch reads a Prometheus page in the text format, of which it keeps the
// families that begin with one of the prefixes; all without any. It takes at most
// Timeout and reads at most MaxBytes. The error says what came instead.
func Fetch(ctx context.Context, client *http.Client, url string, prefixes ...string) (Families, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	text, err := get(ctx, client, url)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", url, plainly(ctx, err))
	}
	families, err := parse(text, prefixes)
	if err != nil {
		return nil, fmt.Errorf("reading %s: it is no page of metrics: %w", url, err)
	}
	if len(families) == 0 {
		return nil, fmt.Errorf("reading %s: it has none of the metrics that are looked for", url)
	}
	return families, nil
}

func get(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", string(expfmt.NewFormat(expfmt.TypeTextPlain)))
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %s", response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, MaxBytes+1))
	if err == nil && len(text) > MaxBytes {
		err = fmt.Errorf("it is longer than %d MiB", MaxBytes>>20)
	}
	return text, err
}

// plainly is an error without the URL, which Go's client repeats, and in plain words where the time was over.
func plainly(ctx context.Context, err error) error {
	var timeout interface{ Timeout() bool }
	if errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return fmt.Errorf("no whole answer within %v", Timeout)
	}
	if inner := errors.Unwrap(err); inner != nil && strings.HasPrefix(err.Error(), "Get ") {
		return inner
	}
	return err
}

// parse reads what is wanted of a page; the rest is passed over line by line, which
// costs a tenth of parsing it.
func parse(text []byte, prefixes []string) (families Families, err error) {
	if len(prefixes) > 0 {
		text = only(text, prefixes)
	}
	defer func() {
		// The parser panics on some rubbish (prometheus/common v0.67.5, labels without a
		// metric), and what a page answers must never end a run.
		if broken := recover(); broken != nil {
			families, err = nil, fmt.Errorf("the parser gave up: %v", broken)
		}
	}()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err = parser.TextToMetricFamilies(bytes.NewReader(text))
	return families, err
}

// only are the lines of a page of the families that begin with one of the prefixes.
// Lines that are none of a page's are kept, for the parser to complain of.
func only(text []byte, prefixes []string) []byte {
	kept := make([]byte, 0, len(text)/4)
	var last []byte // the name that was looked at last: most lines have that of the one before
	keep := false
	for line := range bytes.Lines(text) {
		name := line
		if line[0] == '#' {
			name = bytes.TrimPrefix(bytes.TrimPrefix(line, []byte("# HELP ")), []byte("# TYPE "))
		}
		end := nameEnd(name)
		switch {
		case line[0] == '#' && len(name) == len(line), len(bytes.TrimSpace(line)) == 0:
			continue
		case end == 0:
			keep, last = true, nil
		case !bytes.Equal(name[:end], last):
			keep, last = wanted(name[:end], prefixes), name[:end]
		}
		if keep {
			kept = append(kept, line...)
		}
	}
	return kept
}

// nameEnd is where the metric's name ends at the beginning of a line; 0 where there is none with something behind it.
func nameEnd(line []byte) int {
	for i, c := range line {
		switch {
		case c == '_' || c == ':' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
		case c == ' ' || c == '{':
			return i
		default:
			return 0
		}
	}
	return 0
}

func wanted(name []byte, prefixes []string) bool {
	for _, p := range prefixes {
		if bytes.HasPrefix(name, []byte(p)) {
			return true
		}
	}
	return false
}
