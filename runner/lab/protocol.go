package lab

import (
	"time"

	"github.com/etcd-dyno/etcd-dyno/runner/lab/limit"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// Tool and host talk in JSON, a line each: the tool sends one order and later
// requests; the host sends one ready or failed and then what exited, round trips,
// and a reply to each request that has an ID, in the order in which they end.
// The end of the tool's side, at any time, makes the host kill the members.

// order is what the host shall start.
type order struct {
	Executable    string                  `json:"executable"`
	Configuration scenarios.Configuration `json:"configuration"`
	// Binary is the etcd that members run; empty for the built-in one.
	Binary string `json:"binary,omitempty"`
	// Folders are where data lie outside of the run folder.
	Folders folders `json:"folders"`
	// Passwords are those of the users, by name.
	Passwords map[string]string `json:"passwords,omitempty"`
	// Most is how many members may vote at once; 0 for those of the configuration.
	Most int `json:"most,omitempty"`
	// Snapshot is a file that the members begin with.
	Snapshot     string        `json:"snapshot,omitempty"`
	StartTimeout time.Duration `json:"start_timeout_ns"`
	StopTimeout  time.Duration `json:"stop_timeout_ns"`
}

// request is what the tool wants of a lab that is ready.
type request struct {
	Stop bool `json:"stop,omitempty"`
	ID   int  `json:"id,omitempty"` // from 1
	Do   deed `json:"do,omitempty"`
	// Member is whom it befalls.
	Member string `json:"member,omitempty"`
	// From and To are the parties of a link.
	From string         `json:"from,omitempty"`
	To   string         `json:"to,omitempty"`
	Link scenarios.Link `json:"link,omitzero"`
	// Disk is the state that the member's shall have.
	Disk Disk `json:"disk,omitzero"`
	// InitialCluster is what the member joins.
	InitialCluster string `json:"initial_cluster,omitempty"`
	// Snapshot is the file from which to restore.
	Snapshot string `json:"snapshot,omitempty"`
}

// deed is what a request wants done.
type deed string

const (
	doKill      deed = "kill"
	doTerminate deed = "terminate"
	doRevive    deed = "revive"
	doFreeze    deed = "freeze"
	doThaw      deed = "thaw"
	doCut       deed = "cut"
	doHeal      deed = "heal"
	doSetLink   deed = "set-link"
	doSetDisk   deed = "set-disk"
	doPrepare   deed = "prepare"
	doJoin      deed = "join"
	doDiscard   deed = "discard"
	doRestore   deed = "restore"
	doLook      deed = "look"
)

// reply tells what became of a request.
type reply struct {
	ID     int    `json:"id"`
	Failed string `json:"failed,omitempty"`
	// Members are those of the lab now; Prepared is the place that has been made.
	Members  []Member `json:"members"`
	Prepared *Member  `json:"prepared,omitempty"`
	// Runs is what doLook has found.
	Runs bool `json:"runs,omitempty"`
}

// message is what the host tells; exactly one field is set.
type message struct {
	Ready  *ready `json:"ready,omitempty"`
	Failed string `json:"failed,omitempty"`
	Exited *exit  `json:"exited,omitempty"`
	Echo   *Echo  `json:"echo,omitempty"`
	Reply  *reply `json:"reply,omitempty"`
}

// ready is a lab that takes requests.
type ready struct {
	Members []Member `json:"members"`
	// Certificates are those of the user that the configuration names.
	Certificates Certificates `json:"certificates"`
	// Resources are what became of those that were asked for.
	Resources limit.Applied `json:"resources"`
	// Notes are what this machine could not do.
	Notes []string `json:"notes,omitempty"`
}

// exit is the end of a member's process.
type exit struct {
	Member   string   `json:"member"`
	State    string   `json:"state"`
	Log      []string `json:"log,omitempty"`
	Expected bool     `json:"expected,omitempty"`
}
