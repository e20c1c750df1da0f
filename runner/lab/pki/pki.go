// Package pki makes the certificates of a lab on the spot.
//
// Client and peer traffic have a certificate authority each, so that a client's
// certificate never opens a peer port. An authority's key lives only as long as
// [Make] runs and is written nowhere: what Make did not sign, nobody signs later.
package pki

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Spec is what certificates are wanted.
type Spec struct {
	Members []Member
	Clients []string // user names, of letters, digits and ._:@-; each becomes the common name of a certificate
}

// Member is one etcd server of the lab. Its certificates hold for 127.0.0.1,
// ::1 and localhost, and for Hosts.
type Member struct {
	Name  string   // as Spec.Clients are
	Hosts []string // more names and IP addresses by which it is reached; may be empty
}

// Files says where what [Make] made lies: PEM files of mode 0600 in one folder.
type Files struct {
	ClientCA string // the authority of client traffic
	PeerCA   string // the authority of peer traffic
	Members  map[string]MemberFiles
	Clients  map[string]Pair
}

// MemberFiles are the certificates of one member. Both serve and dial: peers dial
// each other, and a member's own gateway dials its client port with Server.
type MemberFiles struct {
	Server Pair // for client traffic; it has no common name, so that etcd takes no member for a user
	Peer   Pair // for peer traffic; its common name is the member's name
}

// Pair is a certificate and its key (PKCS #8).
type Pair struct {
	Cert, Key string
}

// Make creates the folder dir (mode 0700), which must not exist yet although its
// parent must, and the certificates of spec in it. They are valid from a day ago
// for clocks that differ until thirty days from now. If it fails, dir is gone.
// Errors hold names and paths only, nothing of a key.
func Make(dir string, spec Spec) (files Files, err error) {
	if err := spec.check(); err != nil {
		return Files{}, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return Files{}, fmt.Errorf("creating the folder of the certificates: %w", err)
	}
	defer func() {
		if err != nil {
			files, err = Files{}, errors.Join(err, os.RemoveAll(dir))
		}
	}()
	clients, err := newAuthority("client")
	if err != nil {
		return Files{}, err
	}
	peers, err := newAuthority("peer")
	if err != nil {
		return Files{}, err
	}
	files = Files{
		ClientCA: filepath.Join(dir, "client-ca.crt"),
		PeerCA:   filepath.Join(dir, "peer-ca.crt"),
		Members:  make(map[string]MemberFiles, len(spec.Members)),
		Clients:  make(map[string]Pair, len(spec.Clients)),
	}
	err = errors.Join(
		writePEM(files.ClientCA, certificateBlock, clients.cert.Raw),
		writePEM(files.PeerCA, certificateBlock, peers.cert.Raw),
	)
	if err != nil {
		return files, err
	}
	for _, m := range spec.Members {
		var made MemberFiles
		if made.Server, err = clients.issue(pairIn(dir, "server-"+m.Name), leaf{hosts: m.hosts(), serves: true}); err != nil {
			return files, err
		}
		if made.Peer, err = peers.issue(pairIn(dir, "peer-"+m.Name), leaf{name: m.Name, hosts: m.hosts(), serves: true}); err != nil {
			return files, err
		}
		files.Members[m.Name] = made
	}
	for _, name := range spec.Clients {
		if files.Clients[name], err = clients.issue(pairIn(dir, "client-"+name), leaf{name: name}); err != nil {
			return files, err
		}
	}
	return files, nil
}

func (m Member) hosts() []string {
	return append([]string{"127.0.0.1", "::1", "localhost"}, m.Hosts...)
}

func pairIn(dir, name string) Pair {
	return Pair{Cert: filepath.Join(dir, name+".crt"), Key: filepath.Join(dir, name+".key")}
}

// check finds what would make wrong file names or certificates.
func (s Spec) check() error {
	members := make([]string, len(s.Members))
	var errs []error
	for i, m := range s.Members {
		members[i] = m.Name
		for _, host := range m.Hosts {
			if net.ParseIP(host) == nil && !made(host, "-.*_") {
				errs = append(errs, fmt.Errorf("member %q: %q is neither an IP address nor a host name", m.Name, host))
			}
		}
	}
	return errors.Join(append(errs, checkNames("member", members), checkNames("client", s.Clients))...)
}

// maxName is the longest common name that X.509 allows (ub-common-name).
const maxName = 64

func checkNames(kind string, names []string) error {
	var errs []error
	for i, name := range names {
		switch {
		case !made(name, "._:@-"), strings.HasPrefix(name, "."), len(name) > maxName:
			errs = append(errs, fmt.Errorf("%q cannot be the name of a %s: use up to %d letters, digits and ._:@-, no dot first", name, kind, maxName))
		case slices.Contains(names[:i], name):
			errs = append(errs, fmt.Errorf("%s %q is asked for twice", kind, name))
		}
	}
	return errors.Join(errs...)
}

// made reports whether s is made of ASCII letters, digits and the others alone.
func made(s, others string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && !strings.ContainsRune(others, r)
	}) < 0
}
