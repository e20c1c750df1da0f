package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func make3(t testing.TB) Files {
	t.Helper()
	files, err := Make(filepath.Join(t.TempDir(), "tls"), Spec{
		Members: []Member{{Name: "m1", Hosts: []string{"etcd.test", "192.0.2.7"}}, {Name: "m2"}, {Name: "m3"}},
		Clients: []string{"root", "kube-apiserver"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func pool(t *testing.T, path string) *x509.CertPool {
	t.Helper()
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(read(t, path)) {
		t.Fatalf("%s holds no certificate", path)
	}
	return p
}

func certificate(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	block, rest := pem.Decode(read(t, path))
	if block == nil || len(rest) > 0 {
		t.Fatalf("%s is not one PEM block", path)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestCertificatesHoldForTheirUseAlone(t *testing.T) {
	files := make3(t)
	client, server := x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth
	for _, c := range []struct {
		name, cert, ca, host string
		use                  x509.ExtKeyUsage
		good                 bool
	}{
		{"server by address", files.Members["m2"].Server.Cert, files.ClientCA, "127.0.0.1", server, true},
		{"server by IPv6", files.Members["m2"].Server.Cert, files.ClientCA, "::1", server, true},
		{"server by localhost", files.Members["m2"].Server.Cert, files.ClientCA, "localhost", server, true},
		{"server by its own name", files.Members["m1"].Server.Cert, files.ClientCA, "etcd.test", server, true},
		{"server by its own address", files.Members["m1"].Server.Cert, files.ClientCA, "192.0.2.7", server, true},
		{"server by another's name", files.Members["m2"].Server.Cert, files.ClientCA, "etcd.test", server, false},
		{"server as a client", files.Members["m2"].Server.Cert, files.ClientCA, "", client, true},
		{"peer that listens", files.Members["m3"].Peer.Cert, files.PeerCA, "127.0.0.1", server, true},
		{"peer that dials", files.Members["m3"].Peer.Cert, files.PeerCA, "", client, true},
		{"peer in client traffic", files.Members["m3"].Peer.Cert, files.ClientCA, "", client, false},
		{"client", files.Clients["root"].Cert, files.ClientCA, "", client, true},
		{"client as a server", files.Clients["root"].Cert, files.ClientCA, "", server, false},
		{"client in peer traffic", files.Clients["root"].Cert, files.PeerCA, "", client, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, at := range []time.Time{time.Now().Add(-23 * time.Hour), time.Now().Add(29 * 24 * time.Hour)} {
				_, err := certificate(t, c.cert).Verify(x509.VerifyOptions{
					Roots: pool(t, c.ca), DNSName: c.host, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{c.use},
				})
				if (err == nil) != c.good {
					t.Errorf("at %v: %v, want it to verify: %v", at, err, c.good)
				}
			}
		})
	}
}

func TestNamesAndSerials(t *testing.T) {
	files := make3(t)
	serials := map[string]string{}
	for path, name := range map[string]string{
		files.ClientCA:                       "etcd-dyno lab client CA",
		files.PeerCA:                         "etcd-dyno lab peer CA",
		files.Members["m1"].Server.Cert:      "",
		files.Members["m1"].Peer.Cert:        "m1",
		files.Clients["kube-apiserver"].Cert: "kube-apiserver",
		files.Clients["root"].Cert:           "root",
	} {
		cert := certificate(t, path)
		if cert.Subject.CommonName != name {
			t.Errorf("%s has the common name %q, want %q", path, cert.Subject.CommonName, name)
		}
		if key, ok := cert.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P256() {
			t.Errorf("%s has a key of %T, want P-256", path, cert.PublicKey)
		}
		serial := cert.SerialNumber.String()
		if other, taken := serials[serial]; taken || cert.SerialNumber.BitLen() < 64 {
			t.Errorf("%s has the serial number %s (%q has it too), want a long random one", path, serial, other)
		}
		serials[serial] = path
	}
}

// handshake lets dial and serve talk over a real connection and returns what
// each made of it. A client of TLS 1.3 learns only by reading that it is refused.
func handshake(t *testing.T, dial, serve *tls.Config) (dialled, served error) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			done <- err
			return
		}
		defer conn.Close()
		_, err = tls.Server(conn, serve).Write([]byte("x"))
		done <- err
	}()
	conn, err := (&tls.Dialer{Config: dial}).DialContext(t.Context(), "tcp", l.Addr().String())
	if err == nil {
		defer conn.Close()
		_, err = io.ReadFull(conn, make([]byte, 1))
	}
	return err, <-done
}

func TestMutualTLS(t *testing.T) {
	ours, theirs := make3(t), make3(t)
	m1, m2 := ours.Members["m1"], ours.Members["m2"]
	for _, c := range []struct {
		name          string
		dials, serves Pair
		ca            string
		good          bool
	}{
		{"a client and a member", ours.Clients["root"], m1.Server, ours.ClientCA, true},
		{"a member's gateway and itself", m1.Server, m1.Server, ours.ClientCA, true},
		{"two peers", m1.Peer, m2.Peer, ours.PeerCA, true},
		{"two peers, the other way", m2.Peer, m1.Peer, ours.PeerCA, true},
		{"a client without a certificate", Pair{}, m1.Server, ours.ClientCA, false},
		{"a client of another lab", theirs.Clients["root"], m1.Server, ours.ClientCA, false},
		{"a client at a peer port", ours.Clients["root"], m1.Peer, ours.PeerCA, false},
		{"a peer of another lab", theirs.Members["m2"].Peer, m1.Peer, ours.PeerCA, false},
		{"a peer without a certificate", Pair{}, m1.Peer, ours.PeerCA, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			trusted := pool(t, c.ca)
			dial := &tls.Config{RootCAs: trusted}
			if c.dials != (Pair{}) {
				pair := load(t, c.dials)
				// A client that would present its certificate whatever authorities the server names.
				dial.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
			}
			serve := &tls.Config{
				ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: trusted, Certificates: []tls.Certificate{load(t, c.serves)},
			}
			dialled, served := handshake(t, dial, serve)
			if good := dialled == nil && served == nil; good != c.good {
				t.Errorf("the dialling side says %v, the serving side %v, want agreement: %v", dialled, served, c.good)
			}
		})
	}
	t.Run("a server of another lab", func(t *testing.T) {
		serve := &tls.Config{Certificates: []tls.Certificate{load(t, theirs.Members["m1"].Server)}}
		dialled, _ := handshake(t, &tls.Config{RootCAs: pool(t, ours.ClientCA)}, serve)
		if unknown := (x509.UnknownAuthorityError{}); !errors.As(dialled, &unknown) {
			t.Errorf("the dialling side says %v, want an unknown authority", dialled)
		}
	})
}

func load(t *testing.T, p Pair) tls.Certificate {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(p.Cert, p.Key)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func TestOnlyTheOwnerReads(t *testing.T) {
	dir := filepath.Dir(make3(t).ClientCA)
	files, keys := 0, 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = fs.ModeDir | 0o700
		} else {
			files++
		}
		if info.Mode() != want {
			t.Errorf("%s has the mode %v, want %v", path, info.Mode(), want)
		}
		if strings.HasSuffix(path, ".key") {
			keys++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files != 18 || keys != 8 {
		t.Errorf("%d files with %d keys, want 18 with 8: two authorities without a key, six pairs of members, two of clients", files, keys)
	}
}

func TestMakeRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		spec Spec
		want string
	}{
		{"a path for a member", Spec{Members: []Member{{Name: "../m1"}}}, `"../m1" cannot be the name of a member`},
		{"no name", Spec{Clients: []string{""}}, `"" cannot be the name of a client`},
		{"a hidden file", Spec{Clients: []string{".root"}}, `".root" cannot be`},
		{"a name that X.509 has no room for", Spec{Clients: []string{strings.Repeat("a", 65)}}, "up to 64 letters"},
		{"a member twice", Spec{Members: []Member{{Name: "m1"}, {Name: "m1"}}}, `member "m1" is asked for twice`},
		{"a client twice", Spec{Clients: []string{"root", "root"}}, `client "root" is asked for twice`},
		{"a URL for a host", Spec{Members: []Member{{Name: "m1", Hosts: []string{"https://x"}}}}, `"https://x" is neither`},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "tls")
			_, err := Make(dir, c.spec)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
			if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the folder was made all the same (%v)", err)
			}
		})
	}
}

func TestMakeLeavesAFolderThatIsThereAlone(t *testing.T) {
	files := make3(t)
	dir := filepath.Dir(files.ClientCA)
	before := read(t, files.Clients["root"].Key)
	_, err := Make(dir, Spec{Clients: []string{"root"}})
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v, want that the folder exists", err)
	}
	if string(read(t, files.Clients["root"].Key)) != string(before) {
		t.Error("the key that was there has changed")
	}
}

// A key that cannot be written is the moment at which an error could hold it.
func TestErrorsHoldNothingOfAKey(t *testing.T) {
	a, err := newAuthority("client")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "x.key"), 0o700); err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "x.key")
	err = writePEM(path, keyBlock, secret)
	if err == nil || !strings.Contains(err.Error(), path) {
		t.Fatalf("error %v, want one that names %s", err, path)
	}
	inner := secret[len(secret)-64:]
	for _, s := range []string{keyBlock, string(inner), base64.StdEncoding.EncodeToString(inner)[1:40], hex.EncodeToString(inner)} {
		if strings.Contains(err.Error(), s) {
			t.Errorf("the error %q tells of the key", err)
		}
	}
	if _, err := a.issue(pairIn(dir, "x"), leaf{name: "x"}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v, want that the key's file exists", err)
	}
}

func BenchmarkMakeFiveMembers(b *testing.B) {
	spec := Spec{Clients: []string{"root"}}
	for _, name := range []string{"m1", "m2", "m3", "m4", "m5"} {
		spec.Members = append(spec.Members, Member{Name: name})
	}
	dir := b.TempDir()
	for b.Loop() {
		if _, err := Make(filepath.Join(dir, "tls"), spec); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := os.RemoveAll(filepath.Join(dir, "tls")); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
