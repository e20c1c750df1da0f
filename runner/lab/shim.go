package lab

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/etcd-dyno/etcd-dyno/runner/lab/fsync"
	"github.com/etcd-dyno/etcd-dyno/runner/lab/limit"
)

// shimFlag stands before a member's shim, if it has one, in its first command line.
const shimFlag = "--shim"

// shim is what the process of a member does to itself before it becomes etcd.
type shim struct {
	// Host is the process id of the lab host.
	Host int `json:"host"`
	// Binary is the etcd that it becomes; empty for the built-in one.
	Binary string `json:"binary,omitempty"`
	// Groups are the files by which it enters its cgroups.
	Groups []string `json:"groups,omitempty"`
	// Disk is the descriptor of the one who delays its fsyncs, or fsync.None.
	Disk int `json:"disk"`
}

// idle reports whether there is nothing to do.
func (s shim) idle() bool { return s.Binary == "" && len(s.Groups) == 0 && s.Disk == fsync.None }

func (s shim) argument() (string, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("writing down what a member does first: %w", err)
	}
	return string(text), nil
}

// cutShim takes the shim off the front of a member's arguments.
func cutShim(args []string) (s shim, rest []string, ok bool, err error) {
	if len(args) < 2 || args[0] != shimFlag {
		return shim{}, args, false, nil
	}
	err = json.Unmarshal([]byte(args[1]), &s)
	return s, args[2:], true, err
}

// become turns this process into etcd. It returns only if that fails.
func (s shim) become(run string, flags []string) error {
	if err := limit.Enter(s.Groups); err != nil {
		return err
	}
	path := s.Binary
	argv := append([]string{"etcd"}, flags...)
	if path == "" {
		var err error
		if path, err = os.Executable(); err != nil {
			return fmt.Errorf("finding this program: %w", err)
		}
		argv = append([]string{path, MemberCommand, "--run", run}, flags...)
	}
	return fsync.Exec(s.Disk, s.Host, path, argv, os.Environ())
}
