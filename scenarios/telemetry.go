package scenarios

import (
	"slices"
	"time"
)

// Telemetry says how members are asked what they did.
type Telemetry struct {
	// Every is how often, 1 s unless it is said; 0 for never.
	Every time.Duration
	// URLs are of the pages of metrics of a cluster that exists, with their paths;
	// where there are none it is /metrics at each endpoint.
	URLs []string
}

// defaultTelemetry is how often members are asked unless it is said.
const defaultTelemetry = time.Second

// readTelemetry reads [telemetry]; foreign tells that the cluster exists.
func readTelemetry(t *table, foreign bool) Telemetry {
	defer t.unknown()
	m := Telemetry{Every: t.duration("every", defaultTelemetry, 0, time.Minute)}
	if m.Every > 0 && m.Every < 100*time.Millisecond {
		t.fault("every", `is too often: write "100ms" or more, or "0s" for never`)
	}
	if !foreign {
		t.refuse("urls", "belongs to endpoints of a cluster that exists; a lab's members have their own")
		return m
	}
	for _, e := range t.texts("urls") {
		switch wrong := badPage(e.text); {
		case wrong != "":
			t.faultElement("urls", e.at, "%s", wrong)
		case slices.Contains(m.URLs, e.text):
			t.faultElement("urls", e.at, "is %q a second time", e.text)
		default:
			m.URLs = append(m.URLs, e.text)
		}
	}
	return m
}

// encode writes [telemetry] where it is not as it is unless said.
func (m Telemetry) encode(top *section) {
	s := section{out: top.out, header: "telemetry"}
	if m.Every != defaultTelemetry {
		s.duration("every", m.Every)
	}
	if len(m.URLs) > 0 {
		s.add("urls", quotedArray(m.URLs, func(url string) string { return url }))
	}
	s.flushUnlessEmpty()
}
