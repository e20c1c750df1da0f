//go:build !race

package runner

import (
	"testing"

	"github.com/etcd-dyno/etcd-dyno/runner/lab"
)

const underRace = false

func buildMember() (remove func(), err error) { return func() {}, nil }

func memberMain(args []string) error { return lab.MemberMain(args) }

func notUnderRace(testing.TB) {}
