package scenarios

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// WaveShape is how pods come and go together.
type WaveShape string

// The shapes of waves.
const (
	// NoWave: each arrival starts one pod and stops another.
	NoWave WaveShape = ""
	// RollingUpdate replaces a Deployment's pods: some at once, and from then on one whenever a new one is ready.
	RollingUpdate WaveShape = "rolling-update"
	// ScaleUp starts pods of a Deployment.
	ScaleUp WaveShape = "scale-up"
	// BatchJob starts a Job's pods; each ends after a while and is taken away.
	BatchJob WaveShape = "job"
	// NodeDrain evicts a node's pods, and starts each anew elsewhere.
	NodeDrain WaveShape = "node-drain"
)

// Wave is what an arrival of a pod-churn does when its pods come and go together,
// and the controllers keep their objects up to date meanwhile; the zero value is no wave.
type Wave struct {
	Shape WaveShape
	// Pods is how many are started, replaced or evicted, between 1 and 10,000.
	Pods int
	// MaxSurge and MaxUnavailable are a RollingUpdate's: how many pods may be too many, rounded
	// up, or too few, rounded down; 25 % by default, as a Deployment has them, not both 0.
	MaxSurge, MaxUnavailable Percent
	// Pace is how many pods a second are started or evicted, but by a RollingUpdate; 20/s by
	// default, which is what a controller manager may ask of the API server (--kube-api-qps).
	Pace Rate
	// Runtime is how long a Job's pods run; 5 s by default, at most an hour.
	Runtime time.Duration
}

// Replaces reports whether the wave takes pods away that were there before.
func (w Wave) Replaces() bool { return w.Shape == RollingUpdate || w.Shape == NodeDrain }

// Surge and Unavailable are how many pods of a rolling update may be too many and too few.
func (w Wave) Surge() int { return int(math.Ceil(float64(w.Pods) * float64(w.MaxSurge) / 100)) }

// Unavailable is how many may be too few; see Surge.
func (w Wave) Unavailable() int {
	return int(math.Floor(float64(w.Pods) * float64(w.MaxUnavailable) / 100))
}

// Upkeep is what controllers write of an object for each pod of a wave.
type Upkeep struct {
	// Operation is its name in results.
	Operation string
	// Resource is of the object that is updated.
	Resource string
	// Started and Stopped are the updates that a pod's start and its stop cause in the mean.
	Started, Stopped float64
}

// EventUpkeep is how many Events of controllers a pod's start and its stop cause in the mean;
// Repeated are those that only count an earlier one up.
type EventUpkeep struct{ Started, Stopped, RepeatedStarted, RepeatedStopped float64 }

// Upkeep is that of a wave's controllers. Of Deployments it was measured: of
// 19 new pods, and of 20 that were replaced, of which half is put down to the
// start of the new pod and half to the stop of the old one. A Job's is derived
// from the controller's source: its status changes when a pod is ready and when it has ended.
func (w Wave) Upkeep() ([]Upkeep, EventUpkeep) {
	switch w.Shape {
	case ScaleUp:
		return []Upkeep{
			{"sync-slice", "endpointslices", 1, 0},
			{"sync-endpoints", "endpoints", 1.1, 0},
			{"sync-replicaset", "replicasets", 0.68, 0},
			{"sync-deployment", "deployments", 0.74, 0},
		}, EventUpkeep{Started: 0.53, RepeatedStarted: 0.53}
	case RollingUpdate, NodeDrain:
		return []Upkeep{
			{"sync-slice", "endpointslices", 1.325, 1.325},
			{"sync-endpoints", "endpoints", 1.175, 1.175},
			{"sync-replicaset", "replicasets", 1.3, 1.3},
			{"sync-deployment", "deployments", 0.875, 0.875},
		}, EventUpkeep{Started: 0.575, Stopped: 0.575, RepeatedStarted: 0.425, RepeatedStopped: 0.425}
	case BatchJob:
		return []Upkeep{{"sync-job", "jobs", 1, 1}}, EventUpkeep{Started: 1}
	default:
		return nil, EventUpkeep{}
	}
}

// operations are those that a wave has beside a pod's.
func (w Wave) operations() (all []string) {
	if w.Shape == NoWave {
		return nil
	}
	if w.Shape == NodeDrain {
		all = append(all, "evict")
	}
	if w.Shape == BatchJob {
		all = append(all, "remove-finalizer")
	}
	upkeep, events := w.Upkeep()
	for _, u := range upkeep {
		all = append(all, u.Operation)
	}
	if events.RepeatedStarted > 0 {
		all = append(all, "get-event", "update-event")
	}
	return all
}

// readWave reads what belongs to a wave, or refuses it.
func readWave(t *table, g given) (w Wave) {
	w.Shape = WaveShape(t.optional("wave", []string{string(RollingUpdate), string(ScaleUp), string(BatchJob), string(NodeDrain)}))
	const maxPods = 10_000
	t.shape.say("pods", rangeShape("integer", 1, maxPods))
	if w.Shape == NoWave {
		for _, key := range []string{"pods", "max_surge", "max_unavailable", "pace", "runtime"} {
			t.refuse(key, `belongs to a wave; write wave = "rolling-update" beside it, or leave it out`)
		}
		return w
	}
	perNode := 0
	if w.Shape == NodeDrain && g.cluster.Nodes > 0 && g.cluster.PodsPerNode > 0 && !t.has("pods") {
		perNode = g.cluster.PodsPerNode
		t.derive("pods", strconv.Itoa(perNode), "pods_per_node of [cluster]")
	} else if !t.has("pods") {
		t.faultHere("pods is missing, how many a wave has; write pods = 20")
	}
	w.Pods = t.integer("pods", max(perNode, 1), 1, maxPods)
	if p, _ := g.population(mustResource("pods")); w.Replaces() && p.Count < g.replaced+w.Pods {
		beside := ""
		if g.replaced > 0 {
			beside = fmt.Sprintf(", of which other workloads replace %d", g.replaced)
		}
		t.faultHere("a %s replaces pods that are there, and there are %d%s: write [setup.pods] with count = %d", w.Shape, p.Count, beside, g.replaced+w.Pods)
	}
	readRolling(t, &w)
	if w.Shape == RollingUpdate {
		t.refuse("pace", `does not belong to a rolling-update: the next pod comes when one is ready`)
	} else if w.Pace = t.rate("pace"); w.Pace == 0 {
		w.Pace = 20
	}
	if w.Shape == BatchJob {
		w.Runtime = t.duration("runtime", 5*time.Second, 0, time.Hour)
	} else {
		t.refuse("runtime", `belongs to wave = "job"`)
	}
	return w
}

// readRolling reads how many pods of a rolling update are under way at once.
func readRolling(t *table, w *Wave) {
	if w.Shape != RollingUpdate {
		for _, key := range []string{"max_surge", "max_unavailable"} {
			t.refuse(key, `belongs to wave = "rolling-update"`)
		}
		return
	}
	w.MaxSurge = t.percent("max_surge", 25)
	w.MaxUnavailable = t.percent("max_unavailable", 25)
	if w.Surge()+w.Unavailable() == 0 {
		t.faultHere("max_surge and max_unavailable of %d pods are both 0: the rolling update could not begin; raise one", w.Pods)
	}
}

func (w Wave) encode(s *section) {
	if w.Shape == NoWave {
		return
	}
	s.text("wave", string(w.Shape))
	s.integer("pods", w.Pods)
	switch w.Shape {
	case RollingUpdate:
		s.text("max_surge", w.MaxSurge.String())
		s.text("max_unavailable", w.MaxUnavailable.String())
		return
	case BatchJob:
		s.duration("runtime", w.Runtime)
	default:
	}
	s.text("pace", w.Pace.String())
}

// inWords says what an arrival brings.
func (w Wave) inWords() string {
	return fmt.Sprintf("a %s of %d pods each", w.Shape, w.Pods)
}

// takes is how long a wave takes at least: as long as its pods are begun, and run.
func (w Wave) takes() time.Duration {
	if w.Pace == 0 {
		return 0
	}
	return time.Duration(float64(w.Pods-1)/float64(w.Pace)*float64(time.Second)) + w.Runtime
}

// endless says that a workload's waves take longer than the run, or nothing.
func (w Workload) endless(p Phases) string {
	c, ok := w.Kind.(PodChurn)
	if !ok || c.Wave.takes() <= p.Measure-w.Window.From+p.Drain {
		return ""
	}
	return fmt.Sprintf("the waves of %s take %v at least, longer than what the measure phase and the drain have for them: they do not come to their end, which counts as an error",
		w.Name, c.Wave.takes().Round(time.Millisecond))
}
