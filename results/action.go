package results

// Action is one thing that was made to happen to the cluster while it was under
// load. It is written when it begins, when it is over, when service has
// recovered and at the end of the run: the last record of a name counts.
type Action struct {
	// Name is the scenario's: [action.NAME].
	Name string `json:"name"`
	// Do is what was done, for example "kill".
	Do string `json:"do"`
	// Members are those whom it befell, by name; nil where it is of the cluster as a whole.
	Members []string `json:"members,omitempty"`
	// AtMS is when it began, since the run's start.
	AtMS float64 `json:"at_ms"`
	// EndedMS is when it was over or undone, since the run's start; nil while it goes on.
	EndedMS *float64 `json:"ended_ms"`
	// UnavailableMS is the longest time without any acknowledged write, from AtMS until recovery; nil where not known.
	UnavailableMS *float64 `json:"unavailable_ms"`
	// RecoveredMS is the time from AtMS until writes were as before again; nil where that did not come within the run.
	RecoveredMS *float64 `json:"recovered_ms"`
	// TailMS is the time from AtMS until the last write that it held up had ended, for
	// example with a time-out; nil where that is not known.
	TailMS *float64 `json:"tail_ms"`
	// Failed is why it could not be done; empty where it could.
	Failed string `json:"failed,omitempty"`
	// Steps are the parts of an action that has several, in order.
	Steps []ActionStep `json:"steps,omitempty"`
	// Snapshot is the one that was taken, or restored; nil for what has none.
	Snapshot *SnapshotRef `json:"snapshot,omitempty"`
	// Loss is what a restore cost; nil for what restores nothing.
	Loss *Loss `json:"loss,omitempty"`
}

// ActionStep is one part of an action, for example the restart of one member.
type ActionStep struct {
	Name string `json:"name"`
	// Member is whom it befell; empty where it is of no one member.
	Member string `json:"member,omitempty"`
	// AtMS is when it began, since the run's start.
	AtMS   float64 `json:"at_ms"`
	TookMS float64 `json:"took_ms"`
	Detail string  `json:"detail,omitempty"`
}

// SnapshotRef says what a snapshot of the store holds.
type SnapshotRef struct {
	// Member is whose store it is of.
	Member string  `json:"member"`
	Bytes  int64   `json:"bytes"`
	TookMS float64 `json:"took_ms"`
	// Revision and Keys are the store's, as the file's own check found them;
	// Keys counts every revision of a key that is kept.
	Revision int64 `json:"revision"`
	Keys     int64 `json:"keys"`
	// Hash is the file's checksum in hexadecimal as the check computed it; empty where it was not checked.
	Hash string `json:"hash,omitempty"`
}

// Loss is what was lost with a restore.
type Loss struct {
	// Revision is the one of the snapshot that was restored.
	Revision int64 `json:"revision"`
	// Acknowledged is how many acknowledged writes after it are gone.
	Acknowledged int64 `json:"acknowledged"`
	// Keys is how many keys these writes were of.
	Keys int64 `json:"keys"`
}
