package lab

import (
	"time"

	"github.com/etcd-dyno/etcd-dyno/runner/lab/limit"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// Tool and host talk in JSON, a line each: the tool sends one order and later
// perhaps a request; the host sends one ready or failed and then what exited.
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
	Passwords    map[string]string `json:"passwords,omitempty"`
	StartTimeout time.Duration     `json:"start_timeout_ns"`
	StopTimeout  time.Duration     `json:"stop_timeout_ns"`
}

// request is what the tool wants of a lab that is ready.
type request struct {
	Stop bool `json:"stop"`
}

// message is what the host tells; exactly one field is set.
type message struct {
	Ready  *ready `json:"ready,omitempty"`
	Failed string `json:"failed,omitempty"`
	Exited *exit  `json:"exited,omitempty"`
	Echo   *Echo  `json:"echo,omitempty"`
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

// exit is the unexpected end of a member.
type exit struct {
	Member string   `json:"member"`
	State  string   `json:"state"`
	Log    []string `json:"log,omitempty"`
}
