package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// targetFlags say how to reach a cluster that exists.
type targetFlags struct {
	endpoints         []string
	cacert, cert, key string
	user              string
}

func (f *targetFlags) register(flags *pflag.FlagSet) {
	flags.StringSliceVar(&f.endpoints, "endpoints", nil, "client URLs of a cluster that exists; env takes those of ETCDCTL_ENDPOINTS")
	flags.StringVar(&f.cacert, "cacert", "", "PEM file of the CA that signed the cluster's certificates (or ETCDCTL_CACERT)")
	flags.StringVar(&f.cert, "cert", "", "PEM file of the client certificate (or ETCDCTL_CERT)")
	flags.StringVar(&f.key, "key", "", "PEM file of the client certificate's key (or ETCDCTL_KEY)")
	flags.StringVar(&f.user, "user", "", "NAME or NAME:PASSWORD (or ETCDCTL_USER); the password is also taken from ETCD_DYNO_PASSWORD or ETCDCTL_PASSWORD, or asked for on a terminal")
}

// endpointsOf are the endpoints that were given. With "env" they are those of
// etcdctl's variable, in which a URL's scheme may be left out as in etcdctl.
func (f targetFlags) endpointsOf() ([]string, error) {
	if len(f.endpoints) != 1 || f.endpoints[0] != "env" {
		return f.endpoints, nil
	}
	text := os.Getenv("ETCDCTL_ENDPOINTS")
	if text == "" {
		return nil, errors.New("--endpoints env: ETCDCTL_ENDPOINTS is not set")
	}
	scheme := "http://"
	if f.cacert+f.cert+os.Getenv("ETCDCTL_CACERT")+os.Getenv("ETCDCTL_CERT") != "" {
		scheme = "https://"
	}
	all := strings.Split(text, ",")
	for i, e := range all {
		if all[i] = strings.TrimSpace(e); !strings.Contains(all[i], "://") {
			all[i] = scheme + all[i]
		}
	}
	return all, nil
}

// existing is the configuration that the flags' endpoints make.
func (f targetFlags) existing(endpoints, sets []string) (scenarios.Configuration, error) {
	asked := scenarios.Configuration{Name: "endpoints", Endpoints: endpoints, CACert: f.cacert, Cert: f.cert, Key: f.key}
	return scenarios.ParseConfiguration("--endpoints", scenarios.EncodeConfiguration(fromEtcdctl(asked)), sets)
}

// completed fills in what a configuration of a cluster that exists lacks.
func completed(c scenarios.Configuration) (scenarios.Configuration, error) {
	if len(c.Endpoints) == 0 {
		return c, nil
	}
	filled, err := absolute(fromEtcdctl(c))
	if err != nil {
		return c, err
	}
	if filled.CACert == c.CACert && filled.Cert == c.Cert && filled.Key == c.Key && slices.Equal(filled.Apply, c.Apply) {
		return c, nil
	}
	return scenarios.ParseConfiguration(c.Name, scenarios.EncodeConfiguration(filled), nil)
}

// absolute makes the paths of a configuration's files absolute, so that it means
// the same wherever it is read again.
func absolute(c scenarios.Configuration) (scenarios.Configuration, error) {
	c.Apply = slices.Clone(c.Apply)
	paths := []*string{&c.CACert, &c.Cert, &c.Key}
	if len(c.Apply) > 0 && strings.Contains(c.Apply[0], "/") {
		paths = append(paths, &c.Apply[0])
	}
	for _, path := range paths {
		if *path == "" {
			continue
		}
		whole, err := filepath.Abs(*path)
		if err != nil {
			return c, fmt.Errorf("finding %s: %w", *path, err)
		}
		*path = whole
	}
	return c, nil
}

// fromEtcdctl takes from etcdctl's variables what a configuration lacks. They
// never choose a cluster, and are of no use where it speaks plain text.
func fromEtcdctl(c scenarios.Configuration) scenarios.Configuration {
	for _, e := range c.Endpoints {
		if !strings.HasPrefix(e, "https://") {
			return c
		}
	}
	if c.CACert == "" {
		c.CACert = os.Getenv("ETCDCTL_CACERT")
	}
	if c.Cert == "" && c.Key == "" {
		c.Cert, c.Key = os.Getenv("ETCDCTL_CERT"), os.Getenv("ETCDCTL_KEY")
	}
	return c
}

// userOf is the user that was given, or on a cluster that exists etcdctl's, and
// the password that goes with it; given tells that there is one.
func (f targetFlags) userOf(foreign bool) (name, password string, given bool) {
	user, known := f.user, os.Getenv("ETCD_DYNO_PASSWORD")
	if foreign {
		if user == "" {
			user = os.Getenv("ETCDCTL_USER")
		}
		if known == "" {
			known = os.Getenv("ETCDCTL_PASSWORD")
		}
	}
	if user == "" {
		return "", "", false
	}
	if name, password, given = strings.Cut(user, ":"); given {
		return name, password, true
	}
	return name, known, known != ""
}

// checkForeign refuses what is only for a cluster that exists.
func (f targetFlags) checkForeign() error {
	if f.cacert+f.cert+f.key != "" {
		return errors.New("--cacert, --cert and --key are for --endpoints; in a configuration file they are written cacert, cert and key")
	}
	return nil
}
