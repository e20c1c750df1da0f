package scenarios

// RawOperation is what a raw workload does to its keys.
type RawOperation string

// The raw operations, each a single request as etcd's own benchmark sends it.
const (
	// RawPut is Put of one key.
	RawPut RawOperation = "put"
	// RawGet is Range of one key.
	RawGet RawOperation = "get"
	// RawRange is Range of Limit keys that follow one another.
	RawRange RawOperation = "range"
	// RawDelete is DeleteRange of one key.
	RawDelete RawOperation = "delete"
	// RawTxn is a Txn without compare that puts Ops keys.
	RawTxn RawOperation = "txn"
)

// Raw sends plain requests on keys of its own, without any compare. Before the
// load begins, all keys are put for those operations that need them.
type Raw struct {
	Operation RawOperation
	Keys      Keys
	// Size is of a value, in bytes.
	Size SizeDistribution
	// Limit is how many keys a range reads, between 1 and 1,000,000, 100 by default; 0 for other operations.
	Limit int
	// Ops is how many keys a txn puts, between 1 and 128 (etcd's own limit), 1 by default; 0 for other operations.
	Ops int
	// Serializable makes gets and ranges be answered by the member that is asked, without the leader's word.
	Serializable bool
	// Connections are the clients, each with a connection an endpoint, that the
	// requests are spread over in turn; between 1 and 1,000, 1 by default.
	Connections int
}

func (Raw) kind() string { return "raw" }

func (r Raw) operations() []string { return []string{string(r.Operation)} }

func (r Raw) requests() []request {
	one := request{operation: string(r.Operation), each: 1, writes: r.Operation == RawPut || r.Operation == RawDelete || r.Operation == RawTxn}
	switch r.Operation {
	case RawPut:
		one.value = r.Size.Mean()
	case RawTxn:
		one.value = float64(r.Ops) * (r.Size.Mean() + keyBytes)
	default:
	}
	return []request{one}
}

// before are the keys that are filled.
func (r Raw) before() (count int, bytes float64) {
	if !r.Filled() {
		return 0, 0
	}
	return r.Keys.Count, float64(r.Keys.Count) * r.Size.Mean()
}

// Filled reports whether all keys exist before the load begins.
func (r Raw) Filled() bool { return r.Operation != RawPut && r.Operation != RawTxn }

func readRaw(t *table, _ given) Kind {
	var r Raw
	r.Operation = RawPut
	t.take("operation")
	if t.require("operation", `operation = "put"`) {
		r.Operation = RawOperation(t.choice("operation", []string{string(RawPut), string(RawGet), string(RawRange), string(RawDelete), string(RawTxn)}))
	}
	t.take("keys")
	t.take("size")
	t.require("keys", "keys = { count = 10000 }")
	t.require("size", `size = "1KiB"`)
	keys := t.sub("keys")
	if keys.values != nil {
		keys.require("count", "count = 10000")
	}
	r.Keys = readKeys(keys)
	keys.unknown()
	r.Size = t.sizes(SizeDistribution{})
	r.Connections = t.integer("connections", 1, 1, 1000)
	r.readOwn(t)
	return r
}

// readOwn reads what belongs to some operations only.
func (r *Raw) readOwn(t *table) {
	if r.Operation == RawRange {
		r.Limit = t.integer("limit", 100, 1, 1_000_000)
	} else {
		t.refuse("limit", `belongs to operation = "range"`)
	}
	switch {
	case r.Operation != RawTxn:
		t.refuse("ops", `belongs to operation = "txn"`)
	default:
		if r.Ops = t.integer("ops", 1, 1, 128); r.Ops > r.Keys.Count {
			t.fault("ops", "= %d is more than there are keys: a Txn puts a key once; count is %d", r.Ops, r.Keys.Count)
		}
	}
	if r.Operation == RawGet || r.Operation == RawRange {
		r.Serializable = t.boolean("serializable", false)
	} else {
		t.refuse("serializable", `belongs to operation = "get" and "range"`)
	}
}

func (r Raw) encode(s *section) {
	s.text("operation", string(r.Operation))
	s.inline("keys", r.Keys.encode()...)
	s.sizes(r.Size)
	if r.Limit > 0 {
		s.integer("limit", r.Limit)
	}
	if r.Ops > 0 {
		s.integer("ops", r.Ops)
	}
	if r.Serializable {
		s.boolean("serializable", true)
	}
	s.integer("connections", r.Connections)
}
