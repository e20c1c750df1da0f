package results

import "time"

// ExperimentSchema names the format of an experiment's journal.
const ExperimentSchema = "etcd-dyno/experiment/v1"

// The files of an experiment's folder; its runs lie in RunsFolder below it.
const (
	ExperimentJournal = "experiment.jsonl"
	ExperimentFile    = "experiment.toml"
	ComparisonFile    = "comparison.json"
	RunsFolder        = "runs"
)

// ExperimentRecord is a line of an experiment's journal. Exactly one of its fields is set.
type ExperimentRecord struct {
	Header *ExperimentHeader `json:"header,omitempty"`
	// Began and Ended are a run's; one that began and did not end was cut off.
	Began *ExperimentRun `json:"began,omitempty"`
	Ended *ExperimentRun `json:"ended,omitempty"`
}

// ExperimentHeader is the first line.
type ExperimentHeader struct {
	Schema  string    `json:"schema"`
	ID      string    `json:"id"`
	Started time.Time `json:"started"`
	Tool    string    `json:"tool"`
	// SHA256 is of the experiment and all that it names, in hexadecimal.
	SHA256 string `json:"sha256"`
	// Again is the ID of the experiment that this one makes once more, to confirm what it seems to say; empty for others.
	Again string `json:"again,omitempty"`
}

// ExperimentRun is one run of an experiment.
type ExperimentRun struct {
	// Confirms tells a run of the fresh block that a regression must show again.
	Confirms bool `json:"confirms,omitempty"`
	// Pair counts from 0 on.
	Pair          int    `json:"pair"`
	Scenario      string `json:"scenario"`
	Configuration string `json:"configuration"`
	// Attempt counts from 1 on: a run that is not valid is made again.
	Attempt int `json:"attempt"`
	// Folder is the run's, below the experiment's.
	Folder string `json:"folder"`
	// Valid and Complete are the run's own.
	Valid    bool `json:"valid"`
	Complete bool `json:"complete"`
	// TookS is how long it took in seconds, its lab's start and end included; 0 while it is under way.
	TookS float64 `json:"took_s,omitempty"`
}
