package model

import "slices"

// cached are the resources that kube-apiserver 1.37 keeps in its watch cache
// without any custom resource, in order of their paths, as a recording of its
// start has them: each with a watch and a connection of its own.
var cached = []struct{ name, path string }{
	{"customresourcedefinitions", "apiextensions.k8s.io/customresourcedefinitions"},
	{"apiservices", "apiregistration.k8s.io/apiservices"},
	{"certificatesigningrequests", "certificatesigningrequests"},
	{"clusterrolebindings", "clusterrolebindings"},
	{"clusterroles", "clusterroles"},
	{"clustertrustbundles", "clustertrustbundles"},
	{"configmaps", "configmaps"},
	{"controllerrevisions", "controllerrevisions"},
	{"replicationcontrollers", "controllers"},
	{"cronjobs", "cronjobs"},
	{"csidrivers", "csidrivers"},
	{"csinodes", "csinodes"},
	{"csistoragecapacities", "csistoragecapacities"},
	{"daemonsets", "daemonsets"},
	{"deployments", "deployments"},
	{"deviceclasses", "deviceclasses"},
	{"devicetaintrules", "devicetaintrules"},
	{"endpointslices", "endpointslices"},
	{"flowschemas", "flowschemas"},
	{"horizontalpodautoscalers", "horizontalpodautoscalers"},
	{"ingresses", "ingress"},
	{"ingressclasses", "ingressclasses"},
	{"ipaddresses", "ipaddresses"},
	{"jobs", "jobs"},
	{"leases", "leases"},
	{"limitranges", "limitranges"},
	{"nodes", "minions"},
	{"mutatingadmissionpolicies", "mutatingadmissionpolicies"},
	{"mutatingadmissionpolicybindings", "mutatingadmissionpolicybindings"},
	{"mutatingwebhookconfigurations", "mutatingwebhookconfigurations"},
	{"namespaces", "namespaces"},
	{"networkpolicies", "networkpolicies"},
	{"persistentvolumeclaims", "persistentvolumeclaims"},
	{"persistentvolumes", "persistentvolumes"},
	{"podcertificaterequests", "podcertificaterequests"},
	{"poddisruptionbudgets", "poddisruptionbudgets"},
	{"pods", "pods"},
	{"podtemplates", "podtemplates"},
	{"priorityclasses", "priorityclasses"},
	{"prioritylevelconfigurations", "prioritylevelconfigurations"},
	{"replicasets", "replicasets"},
	{"resourceclaims", "resourceclaims"},
	{"resourceclaimtemplates", "resourceclaimtemplates"},
	{"resourcequotas", "resourcequotas"},
	{"resourceslices", "resourceslices"},
	{"rolebindings", "rolebindings"},
	{"roles", "roles"},
	{"runtimeclasses", "runtimeclasses"},
	{"secrets", "secrets"},
	{"serviceaccounts", "serviceaccounts"},
	{"servicecidrs", "servicecidrs"},
	{"endpoints", "services/endpoints"},
	{"services", "services/specs"},
	{"statefulsets", "statefulsets"},
	{"storageclasses", "storageclasses"},
	{"storageversionmigrations", "storageversionmigrations"},
	{"validatingadmissionpolicies", "validatingadmissionpolicies"},
	{"validatingadmissionpolicybindings", "validatingadmissionpolicybindings"},
	{"validatingwebhookconfigurations", "validatingwebhookconfigurations"},
	{"volumeattachments", "volumeattachments"},
	{"volumeattributesclasses", "volumeattributesclasses"},
}

// followed are the 42 watches that the parts of kube-apiserver 1.37 itself hold
// (its loopback client's in a recording): with --watch-cache=false each is one of etcd.
var followed = []string{
	"configmaps", "configmaps", "limitranges", "namespaces", "nodes", "persistentvolumeclaims", "persistentvolumes", "pods", "resourcequotas",
	"secrets", "serviceaccounts", "services", "mutatingadmissionpolicies", "mutatingadmissionpolicybindings", "mutatingwebhookconfigurations",
	"validatingadmissionpolicies", "validatingadmissionpolicybindings", "validatingwebhookconfigurations", "customresourcedefinitions",
	"apiservices", "podcertificaterequests", "leases", "endpointslices", "flowschemas", "prioritylevelconfigurations", "ingressclasses",
	"ipaddresses", "servicecidrs", "servicecidrs", "servicecidrs", "runtimeclasses", "clusterrolebindings", "clusterroles", "rolebindings", "roles",
	"deviceclasses", "resourceclaims", "resourceslices", "priorityclasses", "csidrivers", "storageclasses", "volumeattachments",
}

// CachedResources are what kube-apiserver 1.37 keeps in its watch cache; of those
// that are no built-in resource here, only Name and Path are known.
func CachedResources() []Resource {
	all := make([]Resource, len(cached))
	for i, c := range cached {
		all[i] = cachedResource(c.name)
	}
	return all
}

// cachedResource is the one of that name, which must be among them.
func cachedResource(name string) Resource {
	if r, ok := ResourceNamed(name); ok {
		return r
	}
	i := slices.IndexFunc(cached, func(c struct{ name, path string }) bool { return c.name == name })
	return Resource{Name: name, Path: cached[i].path}
}
