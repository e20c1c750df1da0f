package lab

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"

	"github.com/etcd-dyno/etcd-dyno/runner/lab/pki"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// certificates is the folder of a lab's certificates within its data.
const certificates = "tls"

// makeCertificates makes what a configuration needs; nothing without TLS. Users
// have a certificate of their name.
func makeCertificates(run string, c scenarios.Configuration, names []string) (pki.Files, error) {
	if c.TLS == (scenarios.TLS{}) {
		return pki.Files{}, nil
	}
	spec := pki.Spec{Clients: []string{scenarios.Root}}
	for _, name := range names {
		spec.Members = append(spec.Members, pki.Member{Name: name})
	}
	for _, u := range c.Auth.Users {
		spec.Clients = append(spec.Clients, u.Name)
	}
	return pki.Make(filepath.Join(dataFolder(run), certificates), spec)
}

// Certificates are the PEM files by which a client reaches a lab with TLS.
type Certificates struct {
	// CACert signed the members' certificates. Cert and Key are a client's own;
	// empty unless members demand one.
	CACert, Cert, Key string
}

// clientCertificates are those of a user.
func clientCertificates(c scenarios.Configuration, files pki.Files, user string) Certificates {
	if !c.TLS.Client {
		return Certificates{}
	}
	certs := Certificates{CACert: files.ClientCA}
	if c.TLS.Mutual {
		certs.Cert, certs.Key = files.Clients[user].Cert, files.Clients[user].Key
	}
	return certs
}

// config is for a client; nil where nothing is encrypted.
func (c Certificates) config() (*tls.Config, error) {
	if c.CACert == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(c.CACert)
	if err != nil {
		return nil, fmt.Errorf("reading the lab's CA certificate: %w", err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool()}
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("reading the lab's CA certificate: %s holds none", c.CACert)
	}
	if c.Cert != "" {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, fmt.Errorf("reading the lab's client certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
