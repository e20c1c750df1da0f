package scenarios

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// kubeadmFlags are what kubeadm, from Kubernetes 1.34 on, gives etcd besides
// addresses and certificates (cmd/kubeadm/app/phases/etcd getEtcdCommand).
var kubeadmFlags = []Flag{
	{"feature-gates", "InitialCorruptCheck=true"},
	{"snapshot-count", "10000"},
	{"watch-progress-notify-interval", "5s"},
}

// kubeadmFile is the configuration as kubeadm's (kubeadm.k8s.io/v1beta4): for
// an etcd that kubeadm itself runs, as a static pod on each control plane node.
func (c Configuration) kubeadmFile(why string) File {
	var p page
	p.title(c, "configuration %q as kubeadm's, for the etcd that it runs on control plane nodes", why)
	p.remark("Add it to your ClusterConfiguration, or give it to kubeadm 1.31 or later with --config=%s.", KubeadmFile)
	p.remark("kubeadm runs the etcd of its own release, unless etcd.local.imageTag names another: it must know these flags.")
	p.differences(c)
	p.warn(c)
	p.labOnly(c)
	p.line("apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\netcd:\n  local:")
	if len(c.Flags) == 0 {
		p.line("    extraArgs: []")
	} else {
		p.line("    extraArgs:")
	}
	for _, f := range c.Flags {
		p.named(f.Name, f.Value)
	}
	if len(c.Env) > 0 {
		p.line("    extraEnvs:")
	}
	for _, v := range c.Env {
		p.named(v.Name, v.Value)
	}
	if c.Resources != (Resources{}) {
		p.line("---")
		p.remark("The resources of etcd's pod are in %s. kubeadm takes no --patches beside --config: the folder is named here, from", PatchFile)
		p.remark("where kubeadm is started, and belongs as well in a JoinConfiguration and an UpgradeConfiguration.")
		p.line("apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\npatches:\n  directory: %s", patchFolder)
	}
	return File{Name: KubeadmFile, Text: p.Bytes()}
}

// named writes an element of a list as kubeadm has it: its values are strings.
func (p *page) named(name, value string) {
	p.line("    - name: %s\n      value: %s", strconv.Quote(name), strconv.Quote(value))
}

// differences writes what an etcd of kubeadm's has that the lab had not.
func (p *page) differences(c Configuration) {
	for _, own := range kubeadmFlags {
		at := slices.IndexFunc(c.Flags, func(f Flag) bool { return f.Name == own.Name })
		switch {
		case at < 0:
			p.remark("kubeadm itself sets %s=%s, which the lab did not; a value here would take its place.", own.Name, own.Value)
		case c.Flags[at].Value != own.Value:
			p.remark("%s takes the place of kubeadm's own, which is %s.", own.Name, own.Value)
		}
	}
	if !c.TLS.Client || !c.TLS.Peer {
		p.remark("kubeadm has etcd encrypt the traffic of clients and between members; the lab did not encrypt %s.", c.TLS.open())
	}
}

// open says which traffic is not encrypted.
func (t TLS) open() string {
	switch {
	case t.Client:
		return "that between members"
	case t.Peer:
		return "that of clients"
	default:
		return "either"
	}
}

// patchFile is what kubeadm makes of its pod of etcd.
func (c Configuration) patchFile(why string) File {
	var p page
	p.title(c, "the resources of configuration %q as kubeadm's patch of etcd's pod", why)
	p.remark("kubeadm finds it by the folder: patches.directory in %s says which.", KubeadmFile)
	requests, limits := c.Resources.Requests, c.Resources.Limits
	if asked := requests.orElse(limits); asked != requests {
		p.remark("A request that the configuration has not is its limit, as Kubernetes has it; kubeadm's own would otherwise stay.")
		requests = asked
	}
	p.line("apiVersion: v1\nkind: Pod\nmetadata:\n  name: etcd\n  namespace: kube-system\nspec:\n  containers:\n    - name: etcd\n      resources:")
	p.amounts("requests", requests)
	p.amounts("limits", limits)
	return File{Name: PatchFile, Text: p.Bytes()}
}

// orElse has others for amounts that are not written.
func (a Amounts) orElse(others Amounts) Amounts {
	return Amounts{CPU: cmp.Or(a.CPU, others.CPU), Memory: cmp.Or(a.Memory, others.Memory)}
}

func (p *page) amounts(key string, a Amounts) {
	if a == (Amounts{}) {
		return
	}
	p.line("        %s:", key)
	if a.CPU > 0 {
		p.line("          cpu: %q", unit.FormatCPU(a.CPU))
	}
	if a.Memory > 0 {
		p.line("          memory: %q", unit.FormatMemory(a.Memory))
	}
}
