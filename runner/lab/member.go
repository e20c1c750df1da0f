package lab

import (
	"fmt"
	"strings"

	"go.etcd.io/etcd/server/v3/etcdmain"

	"github.com/etcd-dyno/etcd-dyno/runner/lab/pki"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// MemberMain is an etcd server: MemberCommand hands it its arguments, which are
// the run folder's, for ps, perhaps what it does before, and then etcd's own
// flags. It ends the process, or returns why it could not become an etcd.
func MemberMain(args []string) error {
	run, rest, _ := cutRun(args)
	first, flags, ok, err := cutShim(rest)
	if err == nil && ok {
		err = first.become(run, flags)
	}
	if err != nil {
		return fmt.Errorf("becoming a member: %w", err)
	}
	etcdmain.Main(append([]string{"etcd"}, flags...))
	return nil
}

// founding is how a member of a new lab finds the others: a learner joins the
// cluster; the others make it.
func founding(sites []site, s site, token string) joining {
	j := joining{token: token, state: "new"}
	var peers []string
	for _, p := range sites {
		if p.learner && p.name != s.name && !s.learner {
			continue // it is not there yet
		}
		peers = append(peers, p.name+"="+p.peerEndpoint())
		if s.learner && p.name == s.name {
			j.state = "existing"
			break // learners that come later are not there yet
		}
	}
	j.cluster = strings.Join(peers, ",")
	return j
}

// joining is how a member finds its cluster when it starts without data.
type joining struct {
	cluster, state, token string
}

// etcdFlags are the flags of the member at s: what the configuration wants, then
// what the lab decides.
func etcdFlags(c scenarios.Configuration, files pki.Files, s site, j joining) []string {
	var flags []string
	for _, f := range c.Flags {
		flags = append(flags, "--"+f.Name+"="+f.Value)
	}
	if s.wal != "" {
		flags = append(flags, "--wal-dir="+s.wal)
	}
	flags = append(flags,
		"--name="+s.name,
		"--data-dir="+s.data,
		"--listen-client-urls="+s.clientURL(),
		"--advertise-client-urls="+s.endpoint(),
		"--listen-peer-urls="+s.peerURL(),
		"--initial-advertise-peer-urls="+s.peerEndpoint(),
		"--listen-metrics-urls="+s.metricsURL(),
		"--initial-cluster="+j.cluster,
		"--initial-cluster-state="+j.state,
		"--initial-cluster-token="+j.token,
		"--logger=zap",
		"--log-outputs=stderr",
	)
	return append(flags, tlsFlags(c.TLS, files, s.name)...)
}

// tlsFlags are the flags by which a member knows its certificates.
func tlsFlags(t scenarios.TLS, files pki.Files, name string) []string {
	var flags []string
	own := files.Members[name]
	if t.Client {
		flags = append(flags, "--cert-file="+own.Server.Cert, "--key-file="+own.Server.Key, "--trusted-ca-file="+files.ClientCA)
		if t.Mutual {
			flags = append(flags, "--client-cert-auth=true")
		}
	}
	if t.Peer {
		flags = append(flags, "--peer-cert-file="+own.Peer.Cert, "--peer-key-file="+own.Peer.Key, "--peer-trusted-ca-file="+files.PeerCA)
		if t.Mutual {
			flags = append(flags, "--peer-client-cert-auth=true")
		}
	}
	return flags
}

// checkFlags refuses flags by which a configuration would take the lab's own
// decisions from it. Whether etcd knows a flag is for etcd to say.
func checkFlags(flags []scenarios.Flag) error {
	for _, f := range flags {
		switch f.Name {
		case "config-file", "name", "data-dir", "wal-dir",
			"listen-client-urls", "listen-client-http-urls", "advertise-client-urls",
			"listen-peer-urls", "initial-advertise-peer-urls", "listen-metrics-urls",
			"initial-cluster", "initial-cluster-state", "initial-cluster-token",
			"discovery", "discovery-srv", "discovery-endpoints", "discovery-token", "force-new-cluster",
			"logger", "log-format", "log-outputs", "version", "help", "h":
			return fmt.Errorf("the etcd flag %q is the lab's own: leave it out", f.Name)
		}
		if f.Name == "" || strings.HasPrefix(f.Name, "-") || strings.Contains(f.Name, "=") {
			return fmt.Errorf("%q is not the name of an etcd flag: write it without dashes and without its value", f.Name)
		}
	}
	return nil
}
