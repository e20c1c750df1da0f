package scenarios

import (
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
)

// TLS says what a lab encrypts. Certificates are made for each run.
type TLS struct {
	// Client and Peer have the traffic of clients and between members encrypted.
	Client, Peer bool
	// Mutual has also those that dial show a certificate.
	Mutual bool
}

// Auth are the users of a lab, besides root, whom etcd demands. Their
// passwords are made for each run and stand nowhere.
type Auth struct {
	Enabled bool
	// As is whom the load is sent as: root or one of Users; empty where there are no users.
	As string
	// Users and Roles are in order of their names.
	Users []User
	Roles []Role
}

// User is one of etcd's users.
type User struct {
	Name string
	// Roles are names of Roles, or root.
	Roles []string
}

// Role is one of etcd's roles: what keys may be read and written. An empty prefix is all keys.
type Role struct {
	Name                   string
	Read, Write, ReadWrite []string
}

// Root is the user and the role that may do everything.
const Root = "root"

// readTLS reads [tls].
func readTLS(t *table) TLS {
	defer t.unknown()
	s := TLS{Client: t.boolean("client", false), Peer: t.boolean("peer", false), Mutual: t.boolean("mutual", false)}
	if s.Mutual && !s.Client && !s.Peer {
		t.fault("mutual", "needs client = true or peer = true beside it")
	}
	return s
}

// readAuth reads [auth].
func readAuth(t *table) Auth {
	defer t.unknown()
	if t.values == nil {
		return Auth{}
	}
	a := Auth{Enabled: true, As: t.text("as", Root)}
	for _, below := range t.named("role") {
		if below.name() == Root {
			below.faultHere("[auth.role.root] may not be set: etcd's root may do everything")
		}
		a.Roles = append(a.Roles, readRole(below))
	}
	users := []string{Root}
	for _, below := range t.named("user") {
		if below.name() == Root {
			below.faultHere("[auth.user.root] may not be set: root is always there")
		}
		a.Users = append(a.Users, readUser(below, a.Roles))
		users = append(users, below.name())
	}
	if !slices.Contains(users, a.As) {
		t.fault("as", "= %q is no user of this lab%s; write %s", a.As, nearest.Hint(a.As, users), quotedList(users))
	}
	return a
}

func readUser(t *table, roles []Role) User {
	defer t.unknown()
	t.refuse("password", "does not belong in a file; a lab makes its own")
	known := []string{Root}
	for _, r := range roles {
		known = append(known, r.Name)
	}
	u := User{Name: t.name()}
	for _, e := range t.texts("roles") {
		if !slices.Contains(known, e.text) {
			t.faultElement("roles", e.at, "= %q is no role of this lab%s; write %s", e.text, nearest.Hint(e.text, known), quotedList(known))
		}
		u.Roles = append(u.Roles, e.text)
	}
	t.require("roles", `roles = ["root"]`)
	return u
}

func readRole(t *table) Role {
	defer t.unknown()
	r := Role{Name: t.name(), Read: t.prefixes("read"), Write: t.prefixes("write"), ReadWrite: t.prefixes("readwrite")}
	if len(r.Read)+len(r.Write)+len(r.ReadWrite) == 0 {
		t.faultHere(`[auth.role.%s] allows nothing; write for example readwrite = ["/registry/"]`, r.Name)
	}
	return r
}

// prefixes is an array of key prefixes.
func (t *table) prefixes(key string) []string {
	var all []string
	for _, e := range t.texts(key) {
		if slices.Contains(all, e.text) {
			t.faultElement(key, e.at, "is %q a second time", e.text)
		}
		if strings.ContainsFunc(e.text, isControl) {
			t.faultElement(key, e.at, "has a control character in it")
		}
		all = append(all, e.text)
	}
	return all
}

// encode writes [tls].
func (s TLS) encode(top *section) {
	if s == (TLS{}) {
		return
	}
	below := section{out: top.out, header: "tls"}
	below.boolean("client", s.Client)
	below.boolean("peer", s.Peer)
	below.boolean("mutual", s.Mutual)
	below.flush()
}

// encode writes [auth].
func (a Auth) encode(top *section) {
	if !a.Enabled {
		return
	}
	s := section{out: top.out, header: "auth"}
	s.text("as", a.As)
	s.flush()
	same := func(text string) string { return text }
	for _, r := range a.Roles {
		below := section{out: top.out, header: "auth.role." + r.Name}
		for _, each := range []struct {
			key      string
			prefixes []string
		}{{"read", r.Read}, {"write", r.Write}, {"readwrite", r.ReadWrite}} {
			if len(each.prefixes) > 0 {
				below.add(each.key, quotedArray(each.prefixes, same))
			}
		}
		below.flush()
	}
	for _, u := range a.Users {
		below := section{out: top.out, header: "auth.user." + u.Name}
		below.add("roles", quotedArray(u.Roles, same))
		below.flush()
	}
}
