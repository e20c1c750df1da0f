// Package history remembers experiments night by night, and says where something changed.
//
// The one idea: what is said of a series is a pure function of its measures in their
// order, so that anybody can judge a history again and finds the same. The only thing
// that is noted besides is what was told already.
package history

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Schema names the format of a history's lines; its JSON Schema is history.schema.json.
const Schema = "etcd-dyno/history/v1"

// Line is a line of a history. Exactly one of Record, Told and Ack is set.
type Line struct {
	Schema string  `json:"schema"`
	Record *Record `json:"record,omitempty"`
	Told   *Told   `json:"told,omitempty"`
	Ack    *Ack    `json:"ack,omitempty"`
}

// Record is what one experiment, comparison or run measured of a configuration under a scenario.
type Record struct {
	// ID is made of what ran, and when: what is added twice has it twice.
	ID string `json:"id"`
	// Previous is the ID of the record before which nothing was newer when this was
	// added; empty for the first. By it a clock that ran backwards is known.
	Previous string `json:"previous,omitempty"`
	// At is when the first of its runs began, Added when it was put into the history.
	At    time.Time `json:"at"`
	Added time.Time `json:"added"`
	// Name is the experiment's; without one, the scenario's.
	Name string `json:"name"`
	// Source is the ID of the experiment, comparison or run that it is of, and Again the
	// source that this one measures again, to confirm it or not; empty for others.
	Source   string              `json:"source"`
	Again    string              `json:"again,omitempty"`
	Scenario results.ScenarioRef `json:"scenario"`
	// Candidate is what is measured, and Control the configuration beside it that never
	// changes; nil where there is none, and the machine's drift is in the values.
	Candidate Party  `json:"candidate"`
	Control   *Party `json:"control,omitempty"`
	// Machine is where it was measured, and Tool with which version of this program.
	Machine Machine `json:"machine"`
	Tool    string  `json:"tool"`
	// Pairs is how often each of the two ran; of a run alone 1.
	Pairs int `json:"pairs"`
	// Valid tells that its numbers count; Reasons say why not.
	Valid   bool     `json:"valid"`
	Reasons []string `json:"reasons,omitempty"`
	// Folder is where its report lies, as seen from the history's, with slashes; it may be gone.
	Folder string `json:"folder,omitempty"`
	// Runs are the folders of the candidate's runs in order, and ControlRuns of the control's, as seen from Folder.
	Runs        []string `json:"runs,omitempty"`
	ControlRuns []string `json:"control_runs,omitempty"`
	Metrics     []Metric `json:"metrics"`
}

// Party is one side of a record.
type Party struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	// Etcd is the version that its members told, Build what it was built with: a
	// toolchain, or the SHA-256 of the file.
	Etcd  string `json:"etcd,omitempty"`
	Build string `json:"build,omitempty"`
}

// Metric is one metric of a record, by the name that thresholds give it; times in
// milliseconds, rates per second, shares from 0 to 1.
type Metric struct {
	Metric string `json:"metric"`
	// Better is "lower" or "higher".
	Better string `json:"better"`
	// Gates tells that the experiment decides by it.
	Gates bool `json:"gates,omitempty"`
	// Value is the candidate's median over its runs, and Control the control's.
	Value   float64  `json:"value"`
	Control *float64 `json:"control,omitempty"`
	// Relative tells that Effect, Low and High are shares of the control (0.1 is a tenth more); else they are differences.
	Relative bool `json:"relative,omitempty"`
	// Effect is by how much the candidate is higher than the control, with the interval
	// of its pairs; nil where there is no control or the interval has no end.
	Effect *float64 `json:"effect,omitempty"`
	Low    *float64 `json:"low,omitempty"`
	High   *float64 `json:"high,omitempty"`
	// Least is the least difference that matters of what is not relative.
	Least float64 `json:"least,omitempty"`
	// Pairs is how many pairs know it on both sides, where these are less than the record's.
	Pairs int `json:"pairs,omitempty"`
}

// Told is a change that was told.
type Told struct {
	Change
	At time.Time `json:"at"`
}

// Ack says that a change is known, and accepted.
type Ack struct {
	// Change is its ID.
	Change string    `json:"change"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitempty"`
}

// identified is the record with its ID. What was computed of the runs, and where they
// lie, is not in it: another version of this program may compute more.
func (r Record) identified() (Record, error) {
	names := func(folders []string) (all []string) {
		for _, f := range folders {
			all = append(all, path.Base(f))
		}
		return all
	}
	b, err := json.Marshal([]any{r.Name, r.At.UTC(), r.Scenario.SHA256, r.Candidate, r.Control, r.Machine, names(r.Runs), names(r.ControlRuns)})
	if err != nil {
		return r, fmt.Errorf("encoding a record: %w", err)
	}
	sum := sha256.Sum256(b)
	r.ID = hex.EncodeToString(sum[:8])
	return r, nil
}

// night is what the measures of one night have in common: the source that all but the first measure again.
func (r Record) night() string { return cmp.Or(r.Again, r.Source) }
