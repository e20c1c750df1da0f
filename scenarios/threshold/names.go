package threshold

import "strings"

// kind is what a value is counted in.
type kind string

// The kinds of values.
const (
	count kind = "count"    // 12
	share kind = "share"    // 0.1%, kept as 0.001
	rate  kind = "rate"     // 98.4/s
	bytes kind = "bytes"    // 1.2MiB
	span  kind = "duration" // 12.3ms, kept in milliseconds
)

// counter is a number that a row of results has once.
type counter struct {
	name string
	kind kind
}

// operationCounters are those of an operation or chain, as in result.json;
// errors is the sum over all codes and error_rate its share of what was sent.
var operationCounters = []counter{
	{"intended", count},
	{"sent", count},
	{"succeeded", count},
	{"conflicts", count},
	{"retries", count},
	{"dropped", count},
	{"skipped", count},
	{"unreached", count},
	{"unfinished", count},
	{"chunks", count},
	{"errors", count},
	{"error_rate", share},
	{"target_rate", rate},
	{"achieved_rate", rate},
	{"bytes_sent", bytes},
	{"bytes_received", bytes},
}

// watchCounters are those of a watch, as in result.json.
var watchCounters = []counter{
	{"watchers", count},
	{"expected", count},
	{"delivered", count},
	{"late", count},
	{"missing", count},
	{"duplicated", count},
	{"out_of_order", count},
	{"unmatched", count},
	{"replayed", count},
}

// Server is the workload that stands for etcd's members: a threshold on it holds for each.
const Server = "server"

// serverCounters are those of a member, as in result.json.
var serverCounters = []counter{
	{"leader_changes", count},
	{"proposals_failed", count},
	{"proposals_pending_max", count},
	{"slow_applies", count},
	{"slow_watchers_max", count},
	{"events_pending_max", count},
	{"restarts", count},
	{"missed", count},
	{"throttled_share", share},
	{"db_max_bytes", bytes},
	{"rss_bytes", bytes},
}

// serverQuantities are the histograms that a member keeps. Their percentiles are
// interpolated, and their maximum is a bound.
var serverQuantities = []string{"fsync", "commit", "apply", "request", "peer_rtt", "snapshot", "defragment", "compaction", "compaction_pause"}

// operationQuantities are the latencies of an operation or chain; the last two only some have.
var operationQuantities = []string{"response", "turnaround", "service", "first_chunk", "expiry_lateness"}

// watchQuantities are the latencies of a watch.
var watchQuantities = []string{"delivery", "delivery_from_ack", "catch_up"}

// stats are those that messages name; any other percentile is written alike.
var stats = []string{"p50", "p90", "p95", "p99", "p99.9", "p99.99", "mean", "max"}

// find returns the counter of that name.
func find(name string, counters []counter) (counter, bool) {
	for _, c := range counters {
		if c.name == name {
			return c, true
		}
	}
	return counter{}, false
}

// names returns the counters' names in order.
func names(counters []counter) []string {
	all := make([]string, len(counters))
	for i, c := range counters {
		all[i] = c.name
	}
	return all
}

// oneOf lists names for a message: "response, turnaround or service".
func oneOf(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
