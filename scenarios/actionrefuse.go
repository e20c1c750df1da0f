package scenarios

import (
	"fmt"
	"slices"
	"strings"
)

// On is the configuration as the scenario's actions need it: where they change
// links or disks, all connections and fsyncs pass through the lab host from the
// start, so that before and after are measured alike. Endpoints are as they are.
func (s Scenario) On(c Configuration) Configuration {
	if len(c.Endpoints) > 0 {
		return c
	}
	links, disks := c.Links.Proxied, c.Disk.Filtered
	for _, a := range s.Actions {
		switch a.Do.(type) {
		case Partition, SlowLink, CutLink:
			links = true
		case SlowDisk, DiskStall, DiskFull:
			disks = true
		}
	}
	if links == c.Links.Proxied && disks == c.Disk.Filtered {
		return c
	}
	c.Links.Proxied, c.Disk.Filtered = links, disks
	return c.summed()
}

// MostMembers is the most members that an action makes of a cluster; 0 where none changes their number.
func (s Scenario) MostMembers() (most int) {
	for _, a := range s.Actions {
		if to, ok := a.Do.(Scale); ok {
			most = max(most, to.To)
		}
	}
	return most
}

// RefusedOn are the actions that cannot be done to what a configuration is.
// allowDisruptive tells that a cluster that exists may be disturbed.
func (s Scenario) RefusedOn(c Configuration, allowDisruptive bool) (all []Refused) {
	now := c.Members
	for _, a := range s.Actions {
		refuse := func(key, format string, args ...any) {
			r := Refused{Key: []string{"action", a.Name, key}, Message: fmt.Sprintf(format, args...)}
			if key == "members" {
				r.Instead = "member"
			}
			all = append(all, r)
		}
		switch {
		case len(c.Endpoints) > 0:
			refuseForeign(a, allowDisruptive, refuse)
		default:
			refuseOnLab(a, c, now, refuse)
		}
		if to, ok := a.Do.(Scale); ok {
			now = to.To
		}
	}
	return all
}

// refuseForeign refuses what cannot be done to a cluster that exists.
func refuseForeign(a Action, allowDisruptive bool, refuse func(key, format string, args ...any)) {
	i := slices.IndexFunc(actionKinds, func(k actionEntry) bool { return k.name == a.Kind() })
	switch {
	case !actionKinds[i].anywhere:
		refuse("do", "%q is for a lab, and this cluster exists already; leave the action out, or run without --endpoints", a.Kind())
		return
	case !allowDisruptive:
		refuse("do", "%q disturbs whoever else uses the cluster: it needs --allow-disruptive", a.Kind())
	}
	key, of := selectorsOf(a.Do)
	for _, s := range of {
		if s.named() {
			refuse(key, "%q: the members of a cluster that exists are not known by name here; write leader or follower", s)
		}
	}
}

// refuseOnLab refuses what cannot be done to a lab that has so many voting members at that moment.
func refuseOnLab(a Action, c Configuration, members int, refuse func(key, format string, args ...any)) {
	present := memberNames(members)
	learners := c.MemberNames()[c.Members:]
	key, of := selectorsOf(a.Do)
	for _, s := range of {
		switch _, votes := a.Do.(MoveLeader); {
		case s.named() && !slices.Contains(present, string(s)) && (votes || !slices.Contains(learners, string(s))):
			refuse(key, "%q is no %s of %s; there are %s", s, map[bool]string{true: "voting member", false: "member"}[votes], c.Name, strings.Join(present, ", "))
		case s == SelectFollower && members == 1 && a.Kind() != "snapshot":
			refuse(key, "a single member has no followers; write --configuration three, or leader")
		}
	}
	switch do := a.Do.(type) {
	case Partition:
		switch all := members + len(learners); {
		case do.Clients:
		case all == 1:
			refuse("members", "a single member has nobody to be cut off from; write clients = true, or --configuration three")
		case len(do.Members) >= all:
			refuse("members", "nobody is left on the other side: %s has %d members", c.Name, all)
		}
	case SlowLink:
		refuseEnds([]string{do.A, do.B}, append(present, learners...), c.Name, refuse)
	case CutLink:
		refuseEnds([]string{do.A, do.B}, append(present, learners...), c.Name, refuse)
	case DisasterRecovery:
		switch {
		case len(learners) > 0:
			refuse("do", "%q is for a lab without learners: a restored cluster has none", a.Kind())
		case c.Auth.Enabled:
			refuse("do", "%q is for a lab without [auth]: a client's token names a raft index that a restored etcd has not come to, and until it has, etcd lets the client wait", a.Kind())
		}
	case Scale:
		if len(learners) > 0 {
			refuse("do", "%q is for a lab without learners of its own", a.Kind())
		} else if do.To == members {
			refuse("to", "there are %d members already", members)
		}
	}
}

func refuseEnds(ends, known []string, name string, refuse func(key, format string, args ...any)) {
	for _, end := range ends {
		if end != ClientParty && !slices.Contains(known, end) {
			refuse("between", "%q is no member of %s; there are %s", end, name, strings.Join(known, ", "))
		}
	}
}

func memberNames(n int) []string { return Configuration{Members: n}.MemberNames() }

// befalling is an action that befalls members that its file names: by which key, and whom.
type befalling interface {
	befalls() (key string, of []Selector)
}

// selectorsOf are whom an action befalls, and the key that says so.
func selectorsOf(do Do) (key string, of []Selector) {
	if b, ok := do.(befalling); ok {
		return b.befalls()
	}
	return "", nil
}

// RefuseScenario tells of values of a scenario that cannot be done where it is to
// run, each at its place in the file or in the --set that it came from. The
// arguments are those of LoadScenario. It returns Faults, nil where none is refused.
func RefuseScenario(nameOrFile string, sets []string, refused []Refused) error {
	return refuseIn("scenario", "", nameOrFile, sets, refused)
}
