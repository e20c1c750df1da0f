package doctor

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
)

// The limits, with their sources.
const (
	// etcd's mixin: etcdDatabaseQuotaLowSpace at 95 %; told from 80 % on.
	quotaFail, quotaWarn = 0.95, 0.80
	// etcd's mixin: etcdDatabaseHighFragmentationRatio where less than half is in use, above 100 MiB.
	fragmented, fragmentedBytes = 0.5, 100 << 20
	// A follower that is further behind is sent a snapshot before long (--snapshot-catchup-entries is 5000).
	raftSpread = 1000
	// Certificates are renewed when a third of their life is left (as cert-manager
	// does it), or a month before kubeadm's end after a year.
	expiryFail, expiryWarn = 7 * 24 * time.Hour, 30 * 24 * time.Hour
	// etcd's tuning guide: a heartbeat of 0.5 to 1.5 times the round trip between members, an
	// election timeout of at least ten times it; etcd itself refuses one below five heartbeats.
	heartbeatLeast, electionLeast, electionHeartbeats = 0.5, 10, 5
	// etcd supports its current and its previous minor release.
	oldestMinor = 6
	// A light write on a healthy cluster takes less: an fsync of 10 ms (etcd's FAQ) and a round trip.
	probeWarn, probeFail = 25 * time.Millisecond, 100 * time.Millisecond
	// Kubernetes' own limit of objects of one kind (150,000 pods).
	manyKeys = 150_000
)

// rules are all that is looked at, in the order in which it is told where it came out alike.
var rules = []func(*seen) *Finding{
	reachable, healthy, membership, leadership, alarms, versions, raftIndex, quota, fragmentation, consistency,
	certificates, timing, floor, keys,
}

// told makes a finding: of bad, if there is any, with that status and remedy, else of good.
func told(name string, bad []string, status Status, remedy string, good ...string) *Finding {
	if len(bad) > 0 {
		return &Finding{Name: name, Status: status, Evidence: bad, Remedy: remedy}
	}
	return &Finding{Name: name, Status: OK, Evidence: good}
}

func skipped(name, format string, args ...any) *Finding {
	return &Finding{Name: name, Status: Skipped, Evidence: []string{fmt.Sprintf(format, args...)}}
}

// reachable: each endpoint answers.
func reachable(s *seen) *Finding {
	var bad []string
	for _, e := range s.endpoints {
		if e.err != nil {
			bad = append(bad, e.err.Error())
		}
	}
	return told("endpoints", bad, Fail, "Start the member, or look for what lies between: its address, a firewall, its certificate.", fmt.Sprintf("%s answered", counted(len(s.endpoints), "endpoint")))
}

// healthy: each endpoint serves a linearizable read, as etcdctl's endpoint health asks for it.
func healthy(s *seen) *Finding {
	var bad []string
	for _, e := range s.up() {
		if e.health != nil && !e.status.IsLearner {
			bad = append(bad, fmt.Sprintf("%s does not serve a linearizable read: %v", e.url, e.health))
		}
	}
	return told("health", bad, Fail, "A majority of members must be up and reach one another; look into their logs.", "each serves linearizable reads")
}

// up are the endpoints that answered.
func (s *seen) up() (all []endpoint) {
	for _, e := range s.endpoints {
		if e.err == nil {
			all = append(all, e)
		}
	}
	return all
}

// membership: an odd number of members vote, all have started, and each was looked at.
func membership(s *seen) *Finding {
	if s.members == nil {
		return unseen("members", "the list of members", s.memberErr)
	}
	voters, bad, seenIDs := 0, []string{}, map[uint64]bool{}
	for _, e := range s.up() {
		seenIDs[e.status.Header.MemberId] = true
	}
	for _, m := range s.members {
		if !m.IsLearner {
			voters++
		}
		switch {
		case m.Name == "":
			bad = append(bad, fmt.Sprintf("the member %x has never started", m.ID))
		case m.IsLearner:
			bad = append(bad, m.Name+" is a learner, which does not vote")
		case !seenIDs[m.ID]:
			bad = append(bad, m.Name+" was not looked at: no endpoint that answers is its")
		}
	}
	if voters%2 == 0 {
		bad = append(bad, fmt.Sprintf("%d members vote: one more than %d bears no failure more, and costs each write", voters, voters-1))
	}
	return told("members", bad, Warn, "Have 3 or 5 voting members, each named by an endpoint here; promote learners that have caught up, and remove members that never came.",
		fmt.Sprintf("%s, %d may fail", counted(voters, "voting member"), (voters-1)/2))
}

// leadership: all know the same leader, at the same term.
func leadership(s *seen) *Finding {
	var bad []string
	up := s.up()
	for _, e := range up {
		switch first := up[0].status; {
		case e.status.Leader == 0:
			bad = append(bad, e.url+" knows no leader")
		case e.status.Leader != first.Leader:
			bad = append(bad, fmt.Sprintf("%s follows %x (term %d), %s %x (term %d)", up[0].url, first.Leader, first.RaftTerm, e.url, e.status.Leader, e.status.RaftTerm))
		}
	}
	return told("leader", bad, Fail, "Without one leader nothing is written: look at the network between members, and at their disks.",
		fmt.Sprintf("%s leads in term %d", s.name(up[0].status.Leader), up[0].status.RaftTerm))
}

// name is a member's, by its ID.
func (s *seen) name(id uint64) string {
	i := slices.IndexFunc(s.members, func(m *etcdserverpb.Member) bool { return m.ID == id })
	if i < 0 || s.members[i].Name == "" {
		return fmt.Sprintf("%x", id)
	}
	return s.members[i].Name
}

// alarms: none is raised.
func alarms(s *seen) *Finding {
	if s.alarmErr != nil {
		return unseen("alarms", "the alarms", s.alarmErr)
	}
	var bad []string
	remedy := "Compact, defragment each member, and disarm the alarm (etcdctl alarm disarm): etcd refuses writes until then."
	for _, a := range s.alarms {
		bad = append(bad, fmt.Sprintf("%s has raised %s", s.name(a.MemberID), a.Alarm))
	}
	if slices.ContainsFunc(s.alarms, func(a *etcdserverpb.AlarmMember) bool { return a.Alarm != etcdserverpb.AlarmType_NOSPACE }) {
		remedy = "Read etcd's page on data corruption before anything else is done."
	}
	return told("alarms", bad, Fail, remedy, "none")
}

// versions: all run one release, which is supported.
func versions(s *seen) *Finding {
	var bad []string
	up := s.up()
	for _, e := range up {
		if e.status.Version != up[0].status.Version {
			bad = append(bad, fmt.Sprintf("%s runs %s, %s %s", up[0].url, up[0].status.Version, e.url, e.status.Version))
		}
		parts := strings.Split(e.status.Version, ".")
		if minor, err := strconv.Atoi(at3(parts)); err == nil && parts[0] == "3" && minor < oldestMinor {
			bad = append(bad, fmt.Sprintf("%s runs %s; etcd supports its current and its previous minor release, from 3.%d on", e.url, e.status.Version, oldestMinor))
		}
	}
	return told("versions", bad, Warn, "Bring all members to one supported release, one minor release after the other.", "etcd "+up[0].status.Version+" everywhere")
}

// at3 is the minor release.
func at3(parts []string) string {
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
}

// raftIndex: no member is far behind, and each applies what is committed.
func raftIndex(s *seen) *Finding {
	var bad []string
	up := s.up()
	least, most := up[0], up[0]
	for _, e := range up {
		if e.status.RaftIndex < least.status.RaftIndex {
			least = e
		}
		if e.status.RaftIndex > most.status.RaftIndex {
			most = e
		}
		if lag := e.status.RaftIndex - e.status.RaftAppliedIndex; lag > raftSpread && lag < 1<<62 {
			bad = append(bad, fmt.Sprintf("%s has %d entries committed that it has not applied", e.url, lag))
		}
	}
	spread := most.status.RaftIndex - least.status.RaftIndex
	if spread > raftSpread {
		bad = append(bad, fmt.Sprintf("%s is %d entries behind %s (above %d it is sent a snapshot before long)", least.url, spread, most.url, raftSpread))
	}
	return told("raft-index", bad, Warn, "Look at the disk and the processors of the member that is behind, and at its network.", fmt.Sprintf("at most %d entries apart", spread))
}

// quota: each database has room below its quota.
func quota(s *seen) *Finding {
	var bad, good []string
	status, unknown := Warn, 0
	for _, e := range s.up() {
		limit := cmp.Or(float64(e.status.DbSizeQuota), e.quota)
		if limit <= 0 {
			unknown++
			continue
		}
		share := float64(e.status.DbSize) / limit
		text := fmt.Sprintf("%s: %s of %s (%.1f %%)", e.url, size(float64(e.status.DbSize)), size(limit), 100*share)
		good = append(good, text)
		if share >= quotaWarn {
			bad = append(bad, text)
		}
		if share >= quotaFail {
			status = Fail
		}
	}
	if unknown == len(s.up()) {
		return skipped("quota", "no member tells of its quota, neither in its status, as from etcd 3.6 on, nor in its page of metrics")
	}
	return told("quota", bad, status, "Compact and defragment, delete what is not needed, or raise --quota-backend-bytes (8 GiB is the most that is suggested): at the quota every write is refused.", good...)
}

// fragmentation: most of what the databases take is in use.
func fragmentation(s *seen) *Finding {
	var bad []string
	most := 0.0
	for _, e := range s.up() {
		total, used := float64(e.status.DbSize), float64(e.status.DbSizeInUse)
		if total == 0 {
			continue
		}
		most = max(most, 1-used/total)
		if used/total < fragmented && total >= fragmentedBytes {
			bad = append(bad, fmt.Sprintf("%s: %s of %s is in use (%.0f %%)", e.url, size(used), size(total), 100*used/total))
		}
	}
	return told("fragmentation", bad, Warn, "Defragment one member after the other, the leader last (etcdctl defrag --endpoints ONE): a member serves nobody meanwhile.",
		fmt.Sprintf("at most %.0f %% of a database is not in use", 100*most))
}

// consistency: all have the same at one revision (HashKV).
func consistency(s *seen) *Finding {
	type answer struct {
		url              string
		hash             uint32
		compact, through int64
	}
	var all []answer
	var failed []string
	for _, e := range s.up() {
		if e.hashErr != nil {
			failed = append(failed, fmt.Sprintf("%s: %v", e.url, e.hashErr))
			continue
		}
		all = append(all, answer{e.url, e.hash.Hash, e.hash.CompactRevision, e.hash.HashRevision})
	}
	if len(all) == 0 {
		return skipped("consistency", "no member told a hash of what it has: %s", strings.Join(failed, "; "))
	}
	var bad []string
	for _, a := range all[1:] {
		if a.compact == all[0].compact && a.hash != all[0].hash {
			bad = append(bad, fmt.Sprintf("at revision %d %s has the hash %08x, %s %08x", s.hashRevision, all[0].url, all[0].hash, a.url, a.hash))
		}
	}
	switch {
	case len(bad) > 0:
		return told("consistency", bad, Fail, "The members hold different data. Stop writing, and read etcd's page on data corruption.")
	case slices.ContainsFunc(all, func(a answer) bool { return a.compact != all[0].compact }):
		return skipped("consistency", "a compaction came between the questions, so that hashes cannot be compared; ask again")
	case len(failed) > 0:
		return skipped("consistency", "the same hash of %d members, none of %s", len(all), strings.Join(failed, "; "))
	case len(all) < max(len(s.members), len(s.endpoints)):
		return skipped("consistency", "the same hash, %08x, of %d of %d members: the others did not answer, or no endpoint is theirs", all[0].hash, len(all), max(len(s.members), len(s.endpoints)))
	case len(all) == 1:
		return told("consistency", nil, OK, "", fmt.Sprintf("one member, with the hash %08x at revision %d", all[0].hash, s.hashRevision))
	}
	return told("consistency", nil, OK, "", fmt.Sprintf("all %d members have the hash %08x at revision %d", len(all), all[0].hash, s.hashRevision))
}

// certificates: none ends soon.
func certificates(s *seen) *Finding {
	var bad, good []string
	status := Warn
	check := func(whose string, c *x509.Certificate) {
		left := time.Until(c.NotAfter)
		text := fmt.Sprintf("%s ends %s, in %d days", whose, c.NotAfter.UTC().Format("2006-01-02"), int(left.Hours()/24))
		if left < 0 {
			text = fmt.Sprintf("%s ended %s", whose, c.NotAfter.UTC().Format("2006-01-02"))
		}
		good = append(good, text)
		if left >= min(expiryWarn, c.NotAfter.Sub(c.NotBefore)/3) {
			return
		}
		bad = append(bad, text)
		if left < expiryFail {
			status = Fail
		}
	}
	if s.client != nil {
		check("the client certificate", s.client)
	}
	for _, e := range s.endpoints {
		if len(e.certificates) > 0 {
			check("that of "+e.url, e.certificates[0])
		}
	}
	for _, e := range s.endpoints {
		if len(e.certificates) == 0 && s.encrypted && len(bad) == 0 {
			return skipped("certificates", "%s showed none; %s", e.url, strings.Join(append(good, "the others are well"), "; "))
		}
	}
	if len(good) == 0 {
		return skipped("certificates", "nothing is encrypted")
	}
	return told("certificates", bad, status, "Renew them before they end: etcd takes new files without a restart.", good...)
}

// timing: heartbeat and election timeout fit the round trip between members.
func timing(s *seen) *Finding {
	e := s.up()[0]
	var bad []string
	for _, each := range s.up() {
		if e.command == nil || each.command != nil && each.peerRTT.Count() > e.peerRTT.Count() {
			e = each
		}
	}
	for _, each := range s.up() {
		for name, otherwise := range map[string]string{"heartbeat-interval": "100", "election-timeout": "1000"} {
			own, known := e.flag(name, otherwise)
			other, alike := each.flag(name, otherwise)
			if known && alike && own != other {
				bad = append(bad, fmt.Sprintf("%s has --%s %s, %s %s", e.url, name, own, each.url, other))
			}
		}
	}
	slices.Sort(bad)
	heartbeat, known := e.flag("heartbeat-interval", "100")
	election, _ := e.flag("election-timeout", "1000")
	if !known {
		why := "the member was started with a configuration file"
		if e.commandErr != nil {
			why = e.commandErr.Error()
		}
		return skipped("timing", "heartbeat and election timeout are not known: %s", why)
	}
	beat, err1 := millisOf(heartbeat)
	timeout, err2 := millisOf(election)
	if err := errors.Join(err1, err2); err != nil {
		return skipped("timing", "heartbeat %s and election timeout %s cannot be read: %v", heartbeat, election, err)
	}
	// Variables (ETCD_HEARTBEAT_INTERVAL) are not seen in a command line.
	settings := fmt.Sprintf("heartbeat %g ms, election timeout %g ms by its command line", beat, timeout)
	if timeout < electionHeartbeats*beat {
		bad = append(bad, settings+fmt.Sprintf(": less than %d heartbeats", electionHeartbeats))
	}
	if len(s.members) < 2 {
		return told("timing", bad, Warn, "Set --election-timeout to ten heartbeats.", settings+"; a single member waits for nobody")
	}
	rtt, ok := e.peerRTT.Percentile(99)
	switch {
	case !ok && e.pageErr != nil:
		return skipped("timing", "%s; the round trip between members is not known: %v", settings, e.pageErr)
	case !ok:
		return skipped("timing", "%s; the round trip between members is not known yet: a member tells of it from 30 s after its start on", settings)
	}
	trip := fmt.Sprintf("%s told of round trips to its peers of %.3g ms (p99 of %d since its start; etcd smooths them)", e.url, rtt, e.peerRTT.Count())
	if beat < heartbeatLeast*rtt {
		bad = append(bad, fmt.Sprintf("%s: a heartbeat of less than half a round trip", settings))
	}
	if timeout < electionLeast*rtt {
		bad = append(bad, fmt.Sprintf("%s: an election timeout of less than ten round trips", settings))
	}
	if len(bad) > 0 {
		bad = append(bad, trip)
	}
	return told("timing", bad, Warn, "Set --heartbeat-interval to about the longest round trip between members and --election-timeout to ten times that, alike on all (etcd's tuning guide).", settings, trip)
}

// millisOf reads a flag: a number of milliseconds, or a duration.
func millisOf(text string) (float64, error) {
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return n, nil
	}
	d, err := time.ParseDuration(text)
	return float64(d) / float64(time.Millisecond), err
}

// floor: light requests are quick, where a probe was wished. The fastest status is told in any case.
func floor(s *seen) *Finding {
	var good []string
	for _, e := range s.up() {
		good = append(good, fmt.Sprintf("%s: the fastest of %d answers took %s", e.url, asks, short(e.fastest)))
	}
	if s.probeErr != nil {
		return skipped("latency", "the probe: %v", s.probeErr)
	}
	if s.probe == nil {
		return told("latency", nil, OK, "", append(good, "with --probe light writes and reads are timed, too")...)
	}
	put, gets := s.probe.puts, s.probe.gets
	text := fmt.Sprintf("%d puts of %d bytes, one after the other: p50 %s, p99 %s; gets: p50 %s, p99 %s", len(put), probeSize, short(at(put, 50)), short(at(put, 99)), short(at(gets, 50)), short(at(gets, 99)))
	var bad []string
	status := Warn
	if p50 := at(put, 50); p50 >= probeWarn {
		bad = append(bad, text+fmt.Sprintf("; %v is much for one", probeWarn))
		if p50 >= probeFail {
			status = Fail
		}
	}
	return told("latency", bad, status, "An idle cluster should answer faster: look at its disks (--disk) and the network between its members, and run a scenario to see what limits.", append(good, text)...)
}

// keys: what lies in the cluster is what a cluster of Kubernetes has.
func keys(s *seen) *Finding {
	if s.contentsErr != nil {
		return unseen("keys", "the keys", s.contentsErr)
	}
	c := s.contents
	var bad []string
	for _, p := range c.Prefixes {
		if p.Keys >= manyKeys {
			bad = append(bad, fmt.Sprintf("%d keys below %s; Kubernetes is tested with up to %d pods", p.Keys, p.Prefix, manyKeys))
		}
	}
	text := fmt.Sprintf("%d keys", c.Keys)
	if c.Looked < c.Keys {
		text += fmt.Sprintf("; the first %d were looked at", c.Looked)
	}
	var most []string
	for _, p := range c.Prefixes[:min(3, len(c.Prefixes))] {
		most = append(most, fmt.Sprintf("%d below %s, about %s", p.Keys, p.Prefix, size(p.Bytes())))
	}
	if len(most) > 0 {
		text += "; the largest: " + strings.Join(most, ", ")
	}
	return told("keys", bad, Warn, "Look for what makes so many objects (events, leases, custom resources), and shorten their lives.", text)
}

// unseen is of what could not be asked for.
func unseen(name, what string, err error) *Finding {
	if errors.Is(err, rpctypes.ErrPermissionDenied) || errors.Is(err, rpctypes.ErrUserEmpty) {
		return skipped(name, "the user may not ask for %s: %v", what, err)
	}
	return skipped(name, "%s could not be read: %v", what, err)
}

func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// size prints bytes for people.
func size(n float64) string {
	for _, u := range []struct {
		of   float64
		name string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= u.of {
			return fmt.Sprintf("%.3g %s", n/u.of, u.name)
		}
	}
	return fmt.Sprintf("%.0f bytes", n)
}
