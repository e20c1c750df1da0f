package model

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

// CachedResources are what kube-apiserver 1.37 keeps in its watch cache; of those
// that are no built-in resource here, only Name and Path are known.
func CachedResources() []Resource {
	all := make([]Resource, len(cached))
	for i, c := range cached {
		r, ok := ResourceNamed(c.name)
		if !ok {
			r = Resource{Name: c.name, Path: c.path}
		}
		all[i] = r
	}
	return all
}
