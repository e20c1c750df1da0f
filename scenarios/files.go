package scenarios

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// File is one that an administrator gives to etcd or to kubeadm.
type File struct {
	// Name is a path with slashes, below the folder that all of them go to.
	Name string
	// Text is YAML, with comments that say what it is and what else is to be done.
	Text []byte
	// Without are the flags of the configuration that have no place in the file,
	// in order of their names; a comment in it says what to do with them.
	Without []string
}

// What the files are called.
const (
	EtcdFile    = "etcd.conf.yml"
	KubeadmFile = "kubeadm.yaml"
	PatchFile   = patchFolder + "/etcd0+strategic.yaml"

	patchFolder = "patches"
)

// errExists says why there are no files of endpoints.
var errExists = errors.New("it names endpoints of a cluster that exists, and says nothing of how its members are set")

// Files are the configuration for those who run etcd: EtcdFile, KubeadmFile,
// and PatchFile if there are resources. What only the lab had, such as
// addresses, certificates and a slow disk, is not in them. Why is told at the
// top of each, in any number of lines. The same configuration and why give the
// same files. A configuration of endpoints is an error, and so is a value that
// its flag cannot have, which none has that was parsed.
func (c Configuration) Files(why string) ([]File, error) {
	if len(c.Endpoints) > 0 {
		return nil, fmt.Errorf("writing configuration %q as files for etcd: %w", c.Name, errExists)
	}
	etcd, err := c.etcdFile(why)
	if err != nil {
		return nil, fmt.Errorf("writing configuration %q as %s: %w", c.Name, EtcdFile, err)
	}
	files := []File{etcd, c.kubeadmFile(why)}
	if c.Resources != (Resources{}) {
		files = append(files, c.patchFile(why))
	}
	return files, nil
}

// page is a YAML file while it is written.
type page struct{ bytes.Buffer }

// line writes a line.
func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// remark writes a comment; text that has line breaks becomes one of several lines.
func (p *page) remark(format string, args ...any) {
	for _, line := range strings.FieldsFunc(fmt.Sprintf(format, args...), isBreak) {
		p.line("%s", strings.TrimRight("# "+strings.Map(printable, line), " "))
	}
}

// isBreak reports whether a YAML parser may take r as the end of a line.
func isBreak(r rune) bool {
	return r == '\n' || r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

// printable has a space for what a YAML file may not contain.
func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return ' '
}

// title writes what a file is and why it is so.
func (p *page) title(c Configuration, is, why string) {
	p.remark("Written by etcd-dyno: %s.", fmt.Sprintf(is, c.Name))
	p.remark("%s", c.Description)
	p.remark("%s", why)
	p.remark("Measured with %s.", c.release())
	p.line("#")
}

// release says which etcd the members run.
func (c Configuration) release() string {
	switch {
	case c.Version != "":
		return "etcd " + c.Version
	case c.Binary != "":
		return "the etcd " + c.Binary
	default:
		return "the etcd 3.7 that etcd-dyno has built in"
	}
}

// unsafeFlag has etcd promise what it does not keep.
const unsafeFlag = "unsafe-no-fsync"

// warn writes what is dangerous in a configuration.
func (p *page) warn(c Configuration) {
	for _, f := range c.Flags {
		if f.Name == unsafeFlag && f.Value != "false" {
			p.remark("DANGER: with %s etcd loses data when a machine fails. It is for measuring only.", unsafeFlag)
		}
	}
}

// labOnly writes what the lab had and no file sets.
func (p *page) labOnly(c Configuration) {
	if c.Disk != (Disk{}) {
		p.remark("[disk] was the lab's: where its data lay and how slow that was made. Nothing of it is to be set.")
	}
	if c.Links.Proxied {
		p.remark("[links] was the lab's: how far its members were from one another. Nothing of it is to be set.")
	}
	if c.Auth.Enabled {
		p.remark("[auth] was the lab's: its users are made with etcdctl, not by a file.")
	}
	if cmp.Or(c.Client, ClientAll) != ClientAll {
		p.remark("[client] was the load's: it was sent to %q. Which members clients use, they are told themselves.", c.Client)
	}
}

// quantities are amounts as a sentence has them.
func (a Amounts) quantities() string {
	var all []string
	if a.CPU > 0 {
		all = append(all, "cpu "+unit.FormatCPU(a.CPU))
	}
	if a.Memory > 0 {
		all = append(all, "memory "+unit.FormatMemory(a.Memory))
	}
	return cmp.Or(strings.Join(all, ", "), "none")
}
