package runner

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// steady is a load that an unhurt lab carries with ease.
const steady = `
name = "steady"
[cluster]
nodes = 20
[phases]
warmup = "1s"
measure = "%s"
drain = "5s"
[setup.pods]
count = 300
[workload.puts]
kind = "raw"
operation = "put"
keys = { count = 200 }
size = "1KiB"
arrival = { rate = "60/s" }
[workload.churn]
kind = "pod-churn"
arrival = { rate = "2/s" }
[workload.informers]
kind = "watch"
resource = "pods"
watchers = 3
`

// condition is something that is wrong with a cluster, its machine or its load.
type condition struct {
	name string
	// want is what the name of the first finding begins with; empty where there must be none.
	want          string
	configuration string
	sets          []string
	// plant is called as soon as the lab is up.
	plant func(tb testing.TB, folder string)
}

// conditions are all that are planted.
func conditions() []condition {
	return []condition{
		{name: "nothing", configuration: "members = 1"},
		{name: "a disk of 25 ms", want: "disk-", configuration: "members = 1\n[disk]\nfsync_delay = \"25ms\""},
		{name: "peers 20 ms away", want: "network-rtt", configuration: "members = 3\n[links]\npeer_rtt = \"20ms\""},
		{name: "a fifth of a processor", want: "cpu-", configuration: "members = 1\n[resources]\nlimits = { cpu = \"200m\" }", sets: []string{"workload.puts.arrival.rate=300/s"}},
		{name: "a processor that others use", want: "cpu-", configuration: "members = 1", plant: func(tb testing.TB, folder string) {
			tb.Helper()
			for _, pid := range memberPIDs(tb, folder) {
				pin(tb, pid, only(0))
			}
			hogs(tb, 0)
		}},
		{name: "a generator without a processor", want: "generator", configuration: "members = 1", plant: func(tb testing.TB, folder string) {
			tb.Helper()
			for _, pid := range memberPIDs(tb, folder) {
				pin(tb, pid, only(1))
			}
			var before unix.CPUSet
			if err := unix.SchedGetaffinity(0, &before); err != nil {
				tb.Fatal(err)
			}
			pin(tb, os.Getpid(), only(0))
			tb.Cleanup(func() { pin(tb, os.Getpid(), before) })
			hogs(tb, 0)
		}},
		{name: "watchers that do not read", want: "watch", configuration: "members = 1", plant: stuckWatchers},
		{name: "a database near its quota", want: "quota", configuration: "members = 1\n[etcd]\nquota-backend-bytes = \"32MiB\"", sets: []string{"setup.pods.count=3800"}},
	}
}

// diagnosed runs the load under a condition.
func diagnosed(tb testing.TB, c condition, measure string) results.Result {
	tb.Helper()
	job := jobOf(tb, fmt.Sprintf(steady, measure), "name = \"planted\"\n"+c.configuration, c.sets...)
	job.Started = func(folder string) {
		if c.plant != nil {
			c.plant(tb, folder)
		}
	}
	_, result := runJob(tb, job)
	for _, f := range result.Findings {
		tb.Logf("%s: %s (%s): %s", c.name, f.Name, f.Confidence, strings.Join(f.Evidence, "; "))
	}
	return result
}

// found fails the test where the condition is not the first finding, or another cause is told for certain.
func (c condition) found(tb testing.TB, r results.Result) {
	tb.Helper()
	if c.want != "" && (len(r.Findings) == 0 || !strings.HasPrefix(r.Findings[0].Name, c.want)) {
		tb.Errorf("%s: not the first of %d findings", c.name, len(r.Findings))
	}
	for _, f := range r.Findings {
		if f.Confidence == results.High && (c.want == "" || !strings.HasPrefix(f.Name, c.want)) {
			tb.Errorf("%s: found %s for certain", c.name, f.Name)
		}
	}
}

// One condition of each class is found; five runs of each are of `make accuracy`.
func TestPlantedFindings(t *testing.T) {
	notUnderRace(t)
	needsTwoProcessors(t)
	for _, c := range conditions() {
		if c.name == "nothing" || c.name == "a processor that others use" {
			continue // whether nothing else is to be found depends on who else is on the machine
		}
		t.Run(c.name, func(t *testing.T) {
			if c.want != "generator" && c.want != "cpu-" {
				t.Parallel() // those who share the processors with it change nothing of it
			}
			left := 3 // a busy machine may hide a condition now and then, but not each time
			if c.plant != nil {
				left = 1 // what is planted stays until the test ends
			}
			for found := false; !found; left-- {
				r := diagnosed(t, c, "5s")
				found = slices.ContainsFunc(r.Findings, func(f results.Finding) bool { return strings.HasPrefix(f.Name, c.want) })
				if !found && left == 1 {
					t.Fatalf("not among %d findings", len(r.Findings))
				}
			}
		})
	}
}

func needsTwoProcessors(tb testing.TB) {
	tb.Helper()
	if runtime.NumCPU() < 2 {
		tb.Fatal("what is planted beside a member or the generator needs two processors")
	}
}

// memberPIDs are the processes of a lab's members.
func memberPIDs(tb testing.TB, folder string) (pids []int) {
	tb.Helper()
	for pid, words := range processes(tb) {
		if len(words) > 3 && words[1] == "member" && words[3] == folder {
			pids = append(pids, pid)
		}
	}
	if len(pids) == 0 {
		tb.Fatalf("no member of %s", folder)
	}
	return pids
}

// processes are the command lines of all processes.
func processes(tb testing.TB) map[int][]string {
	tb.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		tb.Fatal(err)
	}
	all := map[int][]string{}
	for _, path := range lines {
		if text, err := os.ReadFile(path); err == nil {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			all[pid] = strings.Split(string(bytes.TrimRight(text, "\x00")), "\x00")
		}
	}
	return all
}

// pin holds all threads of a process, and those to come, to some processors.
func pin(tb testing.TB, pid int, set unix.CPUSet) {
	tb.Helper()
	for range 2 { // a thread that came meanwhile may be of one that was not held yet
		threads, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
		if err != nil {
			tb.Fatal(err)
		}
		for _, thread := range threads {
			id, _ := strconv.Atoi(thread.Name())
			if err := unix.SchedSetaffinity(id, &set); err != nil && err != unix.ESRCH {
				tb.Fatal(err)
			}
		}
	}
}

// only is one processor.
func only(processor int) (set unix.CPUSet) {
	set.Set(processor)
	return set
}

// hogs keep a processor busy until the test ends, or each has used two minutes of it.
func hogs(tb testing.TB, processor int) {
	tb.Helper()
	for range 4 {
		c := exec.CommandContext(tb.Context(), "sh", "-c", "ulimit -t 120; while :; do :; done")
		if err := c.Start(); err != nil {
			tb.Fatal(err)
		}
		pin(tb, c.Process.Pid, only(processor))
		tb.Cleanup(func() {
			_ = c.Process.Kill()
			_ = c.Wait()
		})
	}
}

// stuckWatchers open 200 watches on the lab's pods, on 20 streams, and take no event.
func stuckWatchers(tb testing.TB, folder string) {
	tb.Helper()
	var endpoint string
	for _, words := range processes(tb) {
		if len(words) > 3 && words[1] == "member" && words[3] == folder {
			for _, w := range words {
				if address, ok := strings.CutPrefix(w, "--listen-client-urls=http://"); ok {
					endpoint = address
				}
			}
		}
	}
	connection, err := grpc.NewClient(endpoint, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = connection.Close() })
	for range 20 {
		stream, err := pb.NewWatchClient(connection).Watch(tb.Context())
		if err != nil {
			tb.Fatal(err)
		}
		for range 10 {
			create := &pb.WatchCreateRequest{Key: []byte("/registry/"), RangeEnd: []byte("/registry0")}
			if err := stream.Send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: create}}); err != nil {
				tb.Fatal(err)
			}
		}
	}
}
