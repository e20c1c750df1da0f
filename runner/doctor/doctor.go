// Package doctor looks at a cluster before any load and says what is not well.
//
// What is seen and what is judged are apart: [Examine] gathers, each rule is a pure
// function of what was gathered. Whatever cannot be seen is told as skipped, never as well.
package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Patient is a cluster that is to be looked at.
type Patient struct {
	// Endpoints are client URLs. TLS is nil for plain text; Username is empty where the cluster asks for none.
	Endpoints          []string
	TLS                *tls.Config
	Username, Password string
	// Metrics are the URLs of the pages of metrics, in the order of Endpoints; where
	// there are none it is /metrics at each endpoint.
	Metrics []string
}

// Wishes say what is to be looked at besides.
type Wishes struct {
	// Probe is the prefix below which light requests are made, in a folder of their
	// own that is deleted again; empty for none.
	Probe string
	// Disk is a folder whose disk is to be probed; empty for none.
	Disk string
	// Keys bounds how many keys are looked at; 0 means 200,000.
	Keys int
	// Progress is told what takes long; may be nil.
	Progress func(string)
}

// Status is how a finding came out.
type Status string

// The outcomes, the worst first. Skipped could not be seen.
const (
	Fail    Status = "fail"
	Warn    Status = "warn"
	Skipped Status = "skipped"
	OK      Status = "ok"
)

// Finding is one thing that was looked at.
type Finding struct {
	Name     string   `json:"name"`
	Status   Status   `json:"status"`
	Evidence []string `json:"evidence"`
	// Remedy is what to do; empty where all is well.
	Remedy string `json:"remedy,omitempty"`
}

// Schema names the format of a Diagnosis as JSON.
const Schema = "etcd-dyno/doctor/v1"

// Diagnosis is what was found, the worst first.
type Diagnosis struct {
	Schema    string    `json:"schema"`
	At        time.Time `json:"at"`
	Endpoints []string  `json:"endpoints"`
	Findings  []Finding `json:"findings"`
	// Keys is what lies in the cluster; nil where that was not looked at.
	Keys *Contents `json:"keys"`
}

// Failed reports whether any finding is a failure.
func (d Diagnosis) Failed() bool {
	return slices.ContainsFunc(d.Findings, func(f Finding) bool { return f.Status == Fail })
}

// ErrNobody tells that no endpoint answered.
var ErrNobody = errors.New("no endpoint answers")

// Examine looks at a cluster, and at a disk where that is wished. It reads only,
// but for the probe. Each question is bounded in time. The error wraps ErrNobody
// where there was nothing to look at, or is ctx's.
func Examine(ctx context.Context, p Patient, w Wishes) (Diagnosis, error) {
	d := Diagnosis{Schema: Schema, At: time.Now().UTC(), Endpoints: p.Endpoints, Findings: []Finding{}}
	if len(p.Endpoints) > 0 {
		s, err := look(ctx, p, w)
		if err != nil {
			return d, err
		}
		d.Keys = s.contents
		for _, rule := range rules {
			if f := rule(s); f != nil {
				d.Findings = append(d.Findings, *f)
			}
		}
	}
	if w.Disk != "" {
		w.say("writing 2,300 bytes and syncing them, again and again, in " + w.Disk)
		d.Findings = append(d.Findings, probeDisk(ctx, w.Disk))
	}
	if err := ctx.Err(); err != nil {
		return d, err
	}
	slices.SortStableFunc(d.Findings, func(a, b Finding) int { return rank(a.Status) - rank(b.Status) })
	return d, nil
}

func rank(s Status) int { return slices.Index([]Status{Fail, Warn, Skipped, OK}, s) }

func (w Wishes) say(what string) {
	if w.Progress != nil {
		w.Progress(what)
	}
}

// dial connects to one endpoint. Connecting happens with the first question.
func dial(p Patient, endpoint string) (*clientv3.Client, error) {
	c, err := clientv3.New(clientv3.Config{
		Endpoints: []string{endpoint}, TLS: p.TLS, Username: p.Username, Password: p.Password,
		DialTimeout: questionTimeout, Logger: quiet(), MaxCallRecvMsgSize: 64 << 20,
	})
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", endpoint, err)
	}
	return c, nil
}
