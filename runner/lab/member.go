package lab

import (
	"fmt"
	"strings"

	"go.etcd.io/etcd/server/v3/etcdmain"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// MemberMain is an etcd server: MemberCommand hands it its arguments, which are
// the run folder's, for ps, and then etcd's own flags. It ends the process.
func MemberMain(args []string) {
	_, flags, _ := cutRun(args)
	etcdmain.Main(append([]string{"etcd"}, flags...))
}

// site is where one member of a cluster lives.
type site struct {
	name, clientURL, peerURL string
}

// makeSites gives each member two of the ports.
func makeSites(ports []int) []site {
	sites := make([]site, len(ports)/2)
	for i := range sites {
		sites[i] = site{
			name:      fmt.Sprintf("m%d", i+1),
			clientURL: fmt.Sprintf("http://127.0.0.1:%d", ports[2*i]),
			peerURL:   fmt.Sprintf("http://127.0.0.1:%d", ports[2*i+1]),
		}
	}
	return sites
}

// memberArgs is the command line of the member at s: what the configuration
// wants, then what the lab decides.
func memberArgs(run string, flags []scenarios.Flag, sites []site, s site, token string) []string {
	args := []string{MemberCommand, "--run", run}
	for _, f := range flags {
		args = append(args, "--"+f.Name+"="+f.Value)
	}
	peers := make([]string, len(sites))
	for i, p := range sites {
		peers[i] = p.name + "=" + p.peerURL
	}
	return append(args,
		"--name="+s.name,
		"--data-dir="+memberData(run, s.name),
		"--listen-client-urls="+s.clientURL,
		"--advertise-client-urls="+s.clientURL,
		"--listen-peer-urls="+s.peerURL,
		"--initial-advertise-peer-urls="+s.peerURL,
		"--initial-cluster="+strings.Join(peers, ","),
		"--initial-cluster-state=new",
		"--initial-cluster-token="+token,
		"--logger=zap",
		"--log-format=json",
		"--log-outputs=stderr",
	)
}

// checkFlags refuses flags by which a configuration would take the lab's own
// decisions from it. Whether etcd knows a flag is for etcd to say.
func checkFlags(flags []scenarios.Flag) error {
	for _, f := range flags {
		switch f.Name {
		case "config-file", "name", "data-dir", "wal-dir",
			"listen-client-urls", "listen-client-http-urls", "advertise-client-urls",
			"listen-peer-urls", "initial-advertise-peer-urls",
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
