package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY" // PKCS #8

	backdated = 24 * time.Hour
	lifetime  = 30 * 24 * time.Hour
)

// authority signs the certificates of one kind of traffic.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newAuthority makes an authority that signs leaves only, no other authorities.
func newAuthority(traffic string) (authority, error) {
	template := newTemplate("etcd-dyno lab " + traffic + " CA")
	template.IsCA, template.MaxPathLenZero, template.BasicConstraintsValid = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign
	key, der, err := sign(template, authority{})
	if err != nil {
		return authority{}, fmt.Errorf("making the CA of %s traffic: %w", traffic, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return authority{}, fmt.Errorf("making the CA of %s traffic: %w", traffic, err)
	}
	return authority{cert: cert, key: key}, nil
}

// leaf is one certificate to be. All may dial; hosts are for those that serve.
type leaf struct {
	name   string // the common name; empty is none
	hosts  []string
	serves bool
}

// issue makes a key and a certificate for it, and writes both to where p says.
func (a authority) issue(p Pair, l leaf) (Pair, error) {
	template := newTemplate(l.name)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if l.serves {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	for _, host := range l.hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	key, der, err := sign(template, a)
	if err != nil {
		return Pair{}, fmt.Errorf("making the certificate %s: %w", p.Cert, err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, fmt.Errorf("encoding the key %s: %w", p.Key, err)
	}
	return p, errors.Join(writePEM(p.Cert, certificateBlock, der), writePEM(p.Key, keyBlock, secret))
}

// newTemplate leaves the serial number to crypto/x509, which draws a random one.
func newTemplate(name string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		Subject:   pkix.Name{CommonName: name, Organization: []string{"etcd-dyno lab"}},
		NotBefore: now.Add(-backdated),
		NotAfter:  now.Add(lifetime),
	}
}

// sign makes a key and a certificate for it, signed by a or, if a is zero, by
// the key itself.
func sign(template *x509.Certificate, a authority) (*ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if a.key == nil {
		a = authority{cert: template, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	return key, der, err
}

// writePEM writes a file that only its owner reads, and never over another.
func writePEM(path, kind string, der []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("writing a certificate or key: %w", err)
	}
	return errors.Join(pem.Encode(f, &pem.Block{Type: kind, Bytes: der}), f.Close())
}
