package scenarios

import (
	"strconv"

	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

// Raw puts values on keys of its own, without any compare.
type Raw struct {
	// Keys is the number of distinct keys, between 1 and 10^8; KeySize the
	// length of each in bytes, between 32 and 4,096, 64 by default.
	Keys, KeySize int
	// Size is of a value, in bytes.
	Size SizeDistribution
	// Connections are the clients, each with a connection an endpoint, that the
	// puts are spread over in turn; between 1 and 1,000, 1 by default.
	Connections int
}

func (Raw) kind() string { return "raw" }

func (Raw) operations() []string { return []string{"put"} }

func readRaw(t *table, _ model.Cluster) Kind {
	t.take("operation")
	if t.require("operation", `operation = "put"`) {
		t.choice("operation", []string{"put"}, "get", "range", "delete", "txn")
	}
	t.take("keys")
	t.take("size")
	t.require("keys", "keys = { count = 10000 }")
	t.require("size", `size = "1KiB"`)
	keys := t.sub("keys")
	if keys.values != nil {
		keys.require("count", "count = 10000")
	}
	r := Raw{
		Keys:    keys.integer("count", 1, 1, maxCount),
		KeySize: int(keys.size("size", 64, 32, 4096)),
		Size:    t.sizes("size", SizeDistribution{}),
	}
	r.Connections = t.integer("connections", 1, 1, 1000)
	keys.choice("choice", []string{"uniform"}, "zipf", "sequential")
	keys.unknown()
	return r
}

func (r Raw) encode(s *section) {
	s.text("operation", "put")
	s.inline("keys", pair{"count", strconv.Itoa(r.Keys)}, pair{"size", quote(Size(r.KeySize).String())}, pair{"choice", quote("uniform")})
	s.sizes("size", r.Size)
	s.integer("connections", r.Connections)
}
