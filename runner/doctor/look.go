package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/telemetry"
)

// questionTimeout bounds each question to a member; hashTimeout one for a hash of all it has.
const (
	questionTimeout = 3 * time.Second
	hashTimeout     = time.Minute
)

// seen is all that was gathered of a cluster.
type seen struct {
	endpoints []endpoint
	members   []*etcdserverpb.Member // nil where they were not told
	memberErr error
	alarms    []*etcdserverpb.AlarmMember
	alarmErr  error
	// hashes are by endpoint, at hashRevision.
	hashRevision int64
	contents     *Contents
	contentsErr  error
	probe        *latency // nil where none was wished
	probeErr     error
	client       *x509.Certificate // that which was given; nil for none
	encrypted    bool
}

// endpoint is what was seen at one.
type endpoint struct {
	url    string
	status *clientv3.StatusResponse
	err    error // of the status
	// fastest is the fastest of several answers.
	fastest time.Duration
	health  error
	hash    *clientv3.HashKVResponse
	hashErr error
	// certificates are those that it shows; the first is its own.
	certificates []*x509.Certificate
	pageErr      error
	quota        float64 // bytes; 0 where it is not known
	peerRTT      results.ServerHistogram
	// command is how it was started; nil where that cannot be read.
	command    []string
	commandErr error
}

func quiet() *zap.Logger { return zap.NewNop() }

// look gathers. The error wraps ErrNobody where no endpoint answers.
func look(ctx context.Context, p Patient, w Wishes) (*seen, error) {
	s := &seen{endpoints: make([]endpoint, len(p.Endpoints)), encrypted: p.TLS != nil}
	if p.TLS != nil && len(p.TLS.Certificates) > 0 && len(p.TLS.Certificates[0].Certificate) > 0 {
		s.client, _ = x509.ParseCertificate(p.TLS.Certificates[0].Certificate[0]) // it was read before
	}
	clients := make([]*clientv3.Client, len(p.Endpoints))
	defer func() {
		for _, c := range clients {
			if c != nil {
				_ = c.Close()
			}
		}
	}()
	w.say(fmt.Sprintf("asking %d endpoints", len(p.Endpoints)))
	var wg sync.WaitGroup
	for i, url := range p.Endpoints {
		page := url + "/metrics"
		if i < len(p.Metrics) {
			page = p.Metrics[i]
		}
		wg.Go(func() { clients[i] = s.endpoints[i].look(ctx, p, url, page) })
	}
	wg.Wait()
	first := s.first(func(e endpoint) bool { return e.err == nil })
	if first < 0 {
		return nil, fmt.Errorf("%w: %w", ErrNobody, s.endpoints[0].err)
	}
	s.cluster(ctx, clients[first])
	w.say("asking for hashes of what each member has")
	s.hash(ctx, clients)
	from := s.first(func(e endpoint) bool {
		return e.err == nil && e.status.Leader != e.status.Header.MemberId && !e.status.IsLearner
	})
	if from < 0 {
		from = first
	}
	w.say("counting keys at " + p.Endpoints[from])
	s.contents, s.contentsErr = contentsOf(ctx, clients[from], w)
	if w.Probe != "" {
		w.say("making light requests below " + w.Probe)
		s.probe, s.probeErr = probeLatency(ctx, clients[first], w.Probe)
	}
	return s, ctx.Err()
}

// first is the first endpoint of that kind, -1 for none.
func (s *seen) first(is func(endpoint) bool) int {
	for i, e := range s.endpoints {
		if is(e) {
			return i
		}
	}
	return -1
}

// look asks one endpoint all that is asked of each. The client is the caller's to close; nil where it could not be made.
func (e *endpoint) look(ctx context.Context, p Patient, url, page string) *clientv3.Client {
	e.url = url
	c, err := dial(p, url)
	if err != nil {
		e.err = err
		return nil
	}
	e.ask(ctx, c)
	if p.TLS != nil {
		e.certificates = shown(ctx, p.TLS, url)
	}
	client := telemetry.Client(p.TLS)
	defer client.CloseIdleConnections()
	e.metrics(ctx, client, page)
	e.command, e.commandErr = commandOf(ctx, client, url)
	return c
}

// asks is how often the status is asked for, to have the fastest answer.
const asks = 10

func (e *endpoint) ask(ctx context.Context, c *clientv3.Client) {
	for range asks {
		began := time.Now()
		asking, cancel := context.WithTimeout(ctx, questionTimeout)
		status, err := c.Status(asking, e.url)
		cancel()
		if err != nil {
			e.err = fmt.Errorf("asking %s for its status: %w", e.url, err)
			if errors.Is(err, rpctypes.ErrUserEmpty) {
				e.err = fmt.Errorf("%w: it wants a user", e.err)
			}
			return
		}
		if took := time.Since(began); e.fastest == 0 || took < e.fastest {
			e.fastest = took
		}
		e.status = status
	}
	asking, cancel := context.WithTimeout(ctx, questionTimeout)
	defer cancel()
	// As etcdctl does it: who may not read the key is answered all the same.
	if _, err := c.Get(asking, "health"); err != nil && !errors.Is(err, rpctypes.ErrPermissionDenied) {
		e.health = err
	}
}

// shown are the certificates that an endpoint shows, whether they are good or not; nil where none came.
func shown(ctx context.Context, config *tls.Config, endpoint string) []*x509.Certificate {
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil
	}
	own := config.Clone()
	own.InsecureSkipVerify = true //nolint:gosec // nothing is sent over it: an expired one is to be seen, too
	dialer := tls.Dialer{NetDialer: &net.Dialer{Timeout: questionTimeout}, Config: own}
	asking, cancel := context.WithTimeout(ctx, questionTimeout)
	defer cancel()
	connection, err := dialer.DialContext(asking, "tcp", u.Host)
	if err != nil {
		return nil
	}
	defer connection.Close()
	if secure, ok := connection.(*tls.Conn); ok {
		return secure.ConnectionState().PeerCertificates
	}
	return nil
}

// metrics reads what only the page of metrics tells.
func (e *endpoint) metrics(ctx context.Context, client *http.Client, page string) {
	m := telemetry.Member{Name: e.url, URL: page, Client: client}
	said := m.Look(ctx, 0, func() time.Duration { return 0 })
	if said.Error != "" {
		e.pageErr = errors.New(said.Error)
		return
	}
	e.quota, e.peerRTT = said.Gauges[results.QuotaBytes], m.SinceStart(results.PeerRTT)
}

// commandOf is the command line of an endpoint's etcd, as its /debug/vars tells it.
func commandOf(ctx context.Context, client *http.Client, endpoint string) ([]string, error) {
	asking, cancel := context.WithTimeout(ctx, questionTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(asking, http.MethodGet, endpoint+"/debug/vars", nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var vars struct {
		Cmdline []string `json:"cmdline"`
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s/debug/vars answers %s", endpoint, response.Status)
	}
	if err := json.NewDecoder(http.MaxBytesReader(nil, response.Body, telemetry.MaxBytes)).Decode(&vars); err != nil {
		return nil, fmt.Errorf("reading %s/debug/vars: %w", endpoint, err)
	}
	return vars.Cmdline, nil
}

// cluster asks one member what all know.
func (s *seen) cluster(ctx context.Context, c *clientv3.Client) {
	asking, cancel := context.WithTimeout(ctx, questionTimeout)
	defer cancel()
	members, err := c.MemberList(asking)
	if s.memberErr = err; err == nil {
		s.members = members.Members
	}
	alarms, err := c.AlarmList(asking)
	if s.alarmErr = err; err == nil {
		s.alarms = alarms.Alarms
	}
}

// hash asks all members for the hash of what they have at a revision that each has.
func (s *seen) hash(ctx context.Context, clients []*clientv3.Client) {
	for _, e := range s.endpoints {
		if e.err == nil && (s.hashRevision == 0 || e.status.Header.Revision < s.hashRevision) {
			s.hashRevision = e.status.Header.Revision
		}
	}
	var wg sync.WaitGroup
	for i := range s.endpoints {
		if e := &s.endpoints[i]; e.err == nil {
			wg.Go(func() {
				asking, cancel := context.WithTimeout(ctx, hashTimeout)
				defer cancel()
				e.hash, e.hashErr = clients[i].HashKV(asking, e.url, s.hashRevision)
			})
		}
	}
	wg.Wait()
}

// flag is the value of a flag of the command, or what it is unless given. It
// reports false where that cannot be known: there is a configuration file.
func (e endpoint) flag(name, otherwise string) (string, bool) {
	if e.command == nil {
		return "", false
	}
	value := otherwise
	for i, word := range e.command {
		word = strings.TrimPrefix(strings.TrimPrefix(word, "-"), "-")
		switch key, v, inline := strings.Cut(word, "="); {
		case key == "config-file":
			return "", false
		case key == name && inline:
			value = v
		case key == name && i+1 < len(e.command):
			value = e.command[i+1]
		}
	}
	return value, true
}
