package scenarios

// flagKind is how a flag's value is written in a file and given to etcd.
type flagKind int

const (
	// flagText is any string; a number or a boolean is taken as its text.
	flagText flagKind = iota
	// flagList is a string, or an array of strings that become one with commas.
	flagList
	// flagNumber is a whole number, not negative.
	flagNumber
	// flagBool is true or false.
	flagBool
	// flagDuration is a Go duration such as "100ms", given as it is.
	flagDuration
	// flagMillis is a duration in a file and a number of milliseconds for etcd.
	flagMillis
	// flagBytes is a size in a file and a number of bytes for etcd.
	flagBytes
	// flagOfTLS is a flagList that means something only with [tls].
	flagOfTLS
)

// Why a flag may not be set: each completes "may not be set: …".
const (
	ownedName    = "the lab names its members"
	ownedFolder  = "the lab keeps data in the run folder"
	ownedAddress = "the lab chooses its members' addresses"
	ownedCluster = "the lab makes the cluster of its members; write members = 3"
	ownedLog     = "the lab keeps its members' logs in the run folder; log-level may be set"
	ownedFile    = "the configuration is this file; write the flags under [etcd]"
	ownedVersion = "it ends etcd at once"
	ownedNothing = "etcd ignores it"
	ownedTLS     = "the lab makes the certificates; write client = true under [tls]"
)

// etcdFlag is one flag of etcd.
type etcdFlag struct {
	name string
	kind flagKind
	// owned says why the flag may not be set; empty where it may.
	owned string
}

// etcdFlags are all flags of etcd 3.7.3 in order of their names (server/embed
// Config.AddFlags and server/etcdmain newConfig).
var etcdFlags = []etcdFlag{
	{name: "advertise-client-urls", kind: flagList, owned: ownedAddress},
	{name: "auth-token", kind: flagText},
	{name: "auth-token-ttl", kind: flagNumber},
	{name: "auto-compaction-mode", kind: flagText},
	{name: "auto-compaction-retention", kind: flagText},
	{name: "auto-tls", kind: flagBool, owned: ownedTLS},
	{name: "backend-batch-interval", kind: flagDuration},
	{name: "backend-batch-limit", kind: flagNumber},
	{name: "backend-bbolt-freelist-type", kind: flagText},
	{name: "bcrypt-cost", kind: flagNumber},
	{name: "bootstrap-defrag-threshold-megabytes", kind: flagNumber},
	{name: "cert-file", kind: flagText, owned: ownedTLS},
	{name: "cipher-suites", kind: flagOfTLS},
	{name: "client-cert-allowed-hostname", kind: flagList, owned: ownedTLS},
	{name: "client-cert-auth", kind: flagBool, owned: ownedTLS},
	{name: "client-cert-file", kind: flagText, owned: ownedTLS},
	{name: "client-crl-file", kind: flagText, owned: ownedTLS},
	{name: "client-key-file", kind: flagText, owned: ownedTLS},
	{name: "cluster-active-size", kind: flagText, owned: ownedNothing},
	{name: "cluster-remove-delay", kind: flagText, owned: ownedNothing},
	{name: "cluster-sync-interval", kind: flagText, owned: ownedNothing},
	{name: "compact-hash-check-time", kind: flagDuration},
	{name: "compaction-batch-limit", kind: flagNumber},
	{name: "compaction-sleep-interval", kind: flagDuration},
	{name: "config", kind: flagText, owned: ownedNothing},
	{name: "config-file", kind: flagText, owned: ownedFile},
	{name: "corrupt-check-time", kind: flagDuration},
	{name: "cors", kind: flagList},
	{name: "data-dir", kind: flagText, owned: ownedFolder},
	{name: "discovery-cacert", kind: flagText, owned: ownedCluster},
	{name: "discovery-cert", kind: flagText, owned: ownedCluster},
	{name: "discovery-dial-timeout", kind: flagDuration, owned: ownedCluster},
	{name: "discovery-endpoints", kind: flagList, owned: ownedCluster},
	{name: "discovery-fallback", kind: flagText, owned: ownedCluster},
	{name: "discovery-insecure-skip-tls-verify", kind: flagBool, owned: ownedCluster},
	{name: "discovery-insecure-transport", kind: flagBool, owned: ownedCluster},
	{name: "discovery-keepalive-time", kind: flagDuration, owned: ownedCluster},
	{name: "discovery-keepalive-timeout", kind: flagDuration, owned: ownedCluster},
	{name: "discovery-key", kind: flagText, owned: ownedCluster},
	{name: "discovery-password", kind: flagText, owned: ownedCluster},
	{name: "discovery-request-timeout", kind: flagDuration, owned: ownedCluster},
	{name: "discovery-srv", kind: flagText, owned: ownedCluster},
	{name: "discovery-srv-name", kind: flagText, owned: ownedCluster},
	{name: "discovery-token", kind: flagText, owned: ownedCluster},
	{name: "discovery-user", kind: flagText, owned: ownedCluster},
	{name: "distributed-tracing-address", kind: flagText},
	{name: "distributed-tracing-instance-id", kind: flagText},
	{name: "distributed-tracing-sampling-rate", kind: flagNumber},
	{name: "distributed-tracing-service-name", kind: flagText},
	{name: "downgrade-check-time", kind: flagDuration},
	{name: "election-timeout", kind: flagMillis},
	{name: "enable-distributed-tracing", kind: flagBool},
	{name: "enable-grpc-gateway", kind: flagBool},
	{name: "enable-log-rotation", kind: flagBool, owned: ownedLog},
	{name: "enable-pprof", kind: flagBool},
	{name: "feature-gates", kind: flagList},
	{name: "force", kind: flagText, owned: ownedNothing},
	{name: "force-new-cluster", kind: flagBool, owned: ownedCluster},
	{name: "grpc-keepalive-interval", kind: flagDuration},
	{name: "grpc-keepalive-min-time", kind: flagDuration},
	{name: "grpc-keepalive-timeout", kind: flagDuration},
	{name: "heartbeat-interval", kind: flagMillis},
	{name: "host-whitelist", kind: flagList},
	{name: "initial-advertise-peer-urls", kind: flagList, owned: ownedAddress},
	{name: "initial-cluster", kind: flagText, owned: ownedCluster},
	{name: "initial-cluster-state", kind: flagText, owned: ownedCluster},
	{name: "initial-cluster-token", kind: flagText, owned: ownedCluster},
	{name: "initial-election-tick-advance", kind: flagBool},
	{name: "key-file", kind: flagText, owned: ownedTLS},
	{name: "listen-client-http-urls", kind: flagList, owned: ownedAddress},
	{name: "listen-client-urls", kind: flagList, owned: ownedAddress},
	{name: "listen-metrics-urls", kind: flagList, owned: ownedAddress},
	{name: "listen-peer-urls", kind: flagList, owned: ownedAddress},
	{name: "log-format", kind: flagText, owned: ownedLog},
	{name: "log-level", kind: flagText},
	{name: "log-outputs", kind: flagList, owned: ownedLog},
	{name: "log-rotation-config-json", kind: flagText, owned: ownedLog},
	{name: "logger", kind: flagText, owned: ownedLog},
	{name: "max-concurrent-streams", kind: flagNumber},
	{name: "max-learners", kind: flagNumber},
	{name: "max-request-bytes", kind: flagBytes},
	{name: "max-result-buffer", kind: flagText, owned: ownedNothing},
	{name: "max-retry-attempts", kind: flagText, owned: ownedNothing},
	{name: "max-snapshots", kind: flagNumber},
	{name: "max-txn-ops", kind: flagNumber},
	{name: "max-wals", kind: flagNumber},
	{name: "memory-mlock", kind: flagBool},
	{name: "metrics", kind: flagText},
	{name: "name", kind: flagText, owned: ownedName},
	{name: "peer-auto-tls", kind: flagBool, owned: ownedTLS},
	{name: "peer-cert-allowed-cn", kind: flagList, owned: ownedTLS},
	{name: "peer-cert-allowed-hostname", kind: flagList, owned: ownedTLS},
	{name: "peer-cert-file", kind: flagText, owned: ownedTLS},
	{name: "peer-client-cert-auth", kind: flagBool, owned: ownedTLS},
	{name: "peer-client-cert-file", kind: flagText, owned: ownedTLS},
	{name: "peer-client-key-file", kind: flagText, owned: ownedTLS},
	{name: "peer-crl-file", kind: flagText, owned: ownedTLS},
	{name: "peer-election-timeout", kind: flagText, owned: ownedNothing},
	{name: "peer-heartbeat-interval", kind: flagText, owned: ownedNothing},
	{name: "peer-key-file", kind: flagText, owned: ownedTLS},
	{name: "peer-skip-client-san-verification", kind: flagBool, owned: ownedTLS},
	{name: "peer-trusted-ca-file", kind: flagText, owned: ownedTLS},
	{name: "pre-vote", kind: flagBool},
	{name: "quota-backend-bytes", kind: flagBytes},
	{name: "raft-read-timeout", kind: flagDuration},
	{name: "raft-write-timeout", kind: flagDuration},
	{name: "retry-interval", kind: flagText, owned: ownedNothing},
	{name: "self-signed-cert-validity", kind: flagNumber, owned: ownedTLS},
	{name: "snapshot", kind: flagText, owned: ownedNothing},
	{name: "snapshot-catchup-entries", kind: flagNumber},
	{name: "snapshot-count", kind: flagNumber},
	{name: "socket-reuse-address", kind: flagBool},
	{name: "socket-reuse-port", kind: flagBool},
	{name: "strict-reconfig-check", kind: flagBool},
	{name: "test.coverprofile", kind: flagText, owned: ownedNothing},
	{name: "test.outputdir", kind: flagText, owned: ownedNothing},
	{name: "tls-max-version", kind: flagOfTLS},
	{name: "tls-min-version", kind: flagOfTLS},
	{name: "trusted-ca-file", kind: flagText, owned: ownedTLS},
	{name: "unsafe-no-fsync", kind: flagBool},
	{name: "v", kind: flagText, owned: ownedNothing},
	{name: "v2-deprecation", kind: flagText, owned: ownedNothing},
	{name: "version", kind: flagBool, owned: ownedVersion},
	{name: "vv", kind: flagText, owned: ownedNothing},
	{name: "wal-dir", kind: flagText, owned: ownedFolder},
	{name: "warning-apply-duration", kind: flagDuration},
	{name: "warning-unary-request-duration", kind: flagDuration},
	{name: "watch-progress-notify-interval", kind: flagDuration},
}

// EtcdFlagNames are the names of all flags of the built-in etcd, in order and
// without dashes; also of those that a configuration may not set.
func EtcdFlagNames() []string {
	names := make([]string, len(etcdFlags))
	for i, f := range etcdFlags {
		names[i] = f.name
	}
	return names
}
