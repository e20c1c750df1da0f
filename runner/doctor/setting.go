package doctor

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// versions: all run one release, which is supported.
func versions(s *seen) *Finding {
	var bad []string
	up := s.up()
	for _, e := range up {
		if e.status.Version != up[0].status.Version {
			bad = append(bad, fmt.Sprintf("%s runs %s, %s %s", up[0].url, up[0].status.Version, e.url, e.status.Version))
		}
		parts := strings.Split(e.status.Version, ".")
		if minor, err := strconv.Atoi(minorOf(parts)); err == nil && parts[0] == "3" && minor < oldestMinor {
			bad = append(bad, fmt.Sprintf("%s runs %s; etcd supports its current and its previous minor release, from 3.%d on", e.url, e.status.Version, oldestMinor))
		}
	}
	return told("versions", bad, Warn, "Bring all members to one supported release, one minor release after the other.", "etcd "+up[0].status.Version+" everywhere")
}

// minorOf is the minor release of a version's parts; empty where there is none.
func minorOf(parts []string) string {
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
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
