package results

// ConfigurationRef says what was benchmarked.
type ConfigurationRef struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	// Lab tells a local cluster that the run started itself from one that existed.
	Lab bool `json:"lab"`
	// Members is the number of members of a lab.
	Members int `json:"members,omitempty"`
	// Endpoints are the target's client URLs, without credentials. All are used unless PinnedTo is set.
	Endpoints []string `json:"endpoints,omitempty"`
	// MemberNames are of the members behind Endpoints, in their order; none where they are not known.
	MemberNames []string `json:"member_names,omitempty"`
	// Leader is the endpoint whose member led when the run began; empty where that is not known.
	Leader string `json:"leader,omitempty"`
	// Pin is what the client was held to: "leader", "followers" or a member's name; empty where it was free.
	Pin string `json:"pin,omitempty"`
	// PinnedTo are the endpoints that Pin meant when the run began.
	PinnedTo []string `json:"pinned_to,omitempty"`
	// EtcdVersion is what the members reported, for example "3.7.3".
	EtcdVersion string `json:"etcd_version,omitempty"`
	// Flags are etcd's flags that the configuration set.
	Flags map[string]string `json:"flags,omitempty"`
	// Links are the links of a lab and what was asked of them; none where members are dialled directly.
	Links []LinkRef `json:"links,omitempty"`
	// Etcd is the etcd that a lab's members ran.
	Etcd *EtcdRef `json:"etcd,omitempty"`
	// Resources is what became of the CPU and memory that a lab's members were to
	// get; nil where none was asked for.
	Resources *ResourcesRef `json:"resources,omitempty"`
	// MemberList is what the members of a lab really ran with.
	MemberList []MemberRef `json:"member_list,omitempty"`
}

// LinkRef is the link between two parties of a lab.
type LinkRef struct {
	From string `json:"from"`
	To   string `json:"to"`
	// AskedRTTMS and AskedJitterMS are what the configuration says.
	AskedRTTMS    float64 `json:"asked_rtt_ms"`
	AskedJitterMS float64 `json:"asked_jitter_ms"`
	// AskedBandwidth is in bytes a second, 0 for no limit.
	AskedBandwidth int64 `json:"asked_bandwidth_bytes_per_second,omitempty"`
}

// EtcdRef is an etcd and what it was built from.
type EtcdRef struct {
	// Binary is the path of its file; empty for the one that is built in.
	Binary string `json:"binary,omitempty"`
	// Version is without "v"; Go is the version of the toolchain that built it.
	Version string `json:"version"`
	Go      string `json:"go,omitempty"`
	// SHA256 is of the file, in hexadecimal; empty for the one that is built in.
	SHA256 string `json:"sha256,omitempty"`
	// Modules are the versions of the modules that make the difference between etcds, by path.
	Modules map[string]string `json:"modules,omitempty"`
}

// ResourcesRef is by which means CPU and memory were given to members.
type ResourcesRef struct {
	// Mode is "cgroup v1", "cgroup v2", "environment" (Go's own variables) or "none".
	Mode string `json:"mode"`
	// CPU and Memory tell whether what was asked of each was in force.
	CPU    bool `json:"cpu"`
	Memory bool `json:"memory"`
	// Why are sentences on what was not, or only nearly, in force.
	Why string `json:"why,omitempty"`
}

// MemberRef is one member of a lab.
type MemberRef struct {
	Name     string `json:"name"`
	Endpoint string `json:"endpoint"`
	// Learner tells that it did not vote.
	Learner bool `json:"learner,omitempty"`
	// Version is what it reported, for example "3.7.3".
	Version string `json:"version"`
	// Command is its program and etcd's flags, and Env its environment, as NAME=VALUE.
	Command []string `json:"command"`
	Env     []string `json:"env,omitempty"`
	// Settings are etcd's effective settings, as the member logged them at its start.
	Settings map[string]any `json:"settings,omitempty"`
}
