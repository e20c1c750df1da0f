package runner

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/etcd-dyno/etcd-dyno/runner/lab"
)

// A cluster with mutual TLS, users and roles is measured like any other, and
// the password is found nowhere.
func TestSecuredCluster(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	dir := t.TempDir()
	writeCertificates(t, dir)
	url := startSecured(t, dir)
	enableAuth(t, dir, url)
	const password = "correct-horse"
	configuration := fmt.Sprintf("endpoints = [%q]\ncacert = %q\ncert = %q\nkey = %q\n",
		url, filepath.Join(dir, "ca.pem"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))

	t.Run("run", func(t *testing.T) {
		job := jobOf(t, churn, configuration, "phases.warmup=1s", "phases.measure=2s")
		job.Credentials = Credentials{Username: "root", Password: password}
		run, result := runJob(t, job)
		wantChecks(t, result)
		w := result.Watches[0]
		if put := operationOf(t, run, "puts", "put"); put.Succeeded != 100 || w.Missing == nil || *w.Missing != 0 || w.Expected == 0 {
			t.Errorf("puts %+v, watch %+v", put.Counts, w)
		}
		err := filepath.WalkDir(run.Folder, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			if strings.Contains(string(b), password) {
				t.Errorf("the password is in %s", d.Name())
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	for _, tc := range []struct {
		name, configuration, password, want string
	}{
		{"wrong password", configuration, "wrong-battery", "authentication failed"},
		{"no certificate", fmt.Sprintf("endpoints = [%q]\ncacert = %q\n", url, filepath.Join(dir, "ca.pem")), password, url},
		{"no CA", fmt.Sprintf("endpoints = [%q]\n", url), password, url},
		{"a CA that is none", fmt.Sprintf("endpoints = [%q]\ncacert = %q\n", url, filepath.Join(dir, "key.pem")), password, "holds no PEM certificate"},
		{"a key that is not there", strings.Replace(configuration, "key.pem", "no.pem", 1), password, "no.pem"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			job := jobOf(t, churn, tc.configuration)
			job.Credentials = Credentials{Username: "root", Password: tc.password}
			_, err := Run(t.Context(), t.Context(), job)
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), tc.password) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
		})
	}
}

// writeCertificates makes a CA and one certificate for server and client, as PEM files.
func writeCertificates(t *testing.T, dir string) {
	t.Helper()
	key := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	caKey, leafKey := key(), key()
	for _, c := range []struct {
		file string
		of   *x509.Certificate
		key  *ecdsa.PrivateKey
	}{{"ca.pem", ca, caKey}, {"cert.pem", leaf, leafKey}} {
		der, err := x509.CreateCertificate(rand.Reader, c.of, ca, &c.key.PublicKey, caKey)
		if err != nil {
			t.Fatal(err)
		}
		writePEM(t, filepath.Join(dir, c.file), "CERTIFICATE", der)
	}
	der, err := x509.MarshalECPrivateKey(leafKey)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, filepath.Join(dir, "key.pem"), "EC PRIVATE KEY", der)
}

func writePEM(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// startSecured starts a member that wants certificates of its clients, and returns its URL.
func startSecured(t *testing.T, dir string) string {
	t.Helper()
	var config net.ListenConfig
	port := func() string {
		l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().String()
	}
	client, peer := "https://"+port(), "http://"+port()
	file := func(name string) string { return filepath.Join(dir, name) }
	c := exec.CommandContext(context.Background(), os.Args[0], lab.MemberCommand, "--run", dir, "--name", "m1", "--data-dir", file("data"),
		"--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
		"--initial-advertise-peer-urls", peer, "--initial-cluster", "m1="+peer, "--log-outputs", file("etcd.log"),
		"--cert-file", file("cert.pem"), "--key-file", file("key.pem"), "--trusted-ca-file", file("ca.pem"), "--client-cert-auth")
	c.Env, c.SysProcAttr = []string{}, &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait() // it was killed
	})
	return client
}

// enableAuth makes the user root and turns authentication on.
func enableAuth(t *testing.T, dir, url string) {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	c, err := clientv3.New(clientv3.Config{
		Endpoints: []string{url}, Logger: zap.NewNop(), TLS: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := c.UserAdd(ctx, "root", "correct-horse"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.UserGrantRole(ctx, "root", "root"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AuthEnable(ctx); err != nil {
		t.Fatal(err)
	}
}
