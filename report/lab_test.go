package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// inLab is a run on three members and a learner behind slowed links.
func inLab(t testing.TB) Page {
	t.Helper()
	p := page(t, podChurn(2).journal(t))
	c := &p.Result.Configuration
	c.Members, c.MemberNames, c.Leader, c.Flags = 3, nil, "http://127.0.0.1:2", map[string]string{"heartbeat-interval": "250ms"}
	c.Endpoints = nil
	c.Etcd = &results.EtcdRef{Version: "3.6.16", Binary: "/opt/<etcd>", Go: "go1.24.9", SHA256: "c0ffee", Modules: map[string]string{"go.etcd.io/bbolt": "v1.4.3"}}
	c.Resources = &results.ResourcesRef{Mode: "cgroup v1", CPU: true, Memory: true, Why: "The memory request of 2Gi bounds nothing."}
	for i, name := range []string{"m1", "m2", "m3", "m4"} {
		url := "http://127.0.0.1:" + string(rune('1'+i))
		c.Endpoints, c.MemberNames = append(c.Endpoints, url), append(c.MemberNames, name)
		c.MemberList = append(c.MemberList, results.MemberRef{
			Name: name, Endpoint: url, Learner: i == 3, Version: "3.6.16", Env: []string{"GOGC=50"},
			Command:  []string{"/opt/<etcd>", "--name=" + name, "--data-dir=/d/" + name, "--listen-client-urls=" + url, "--initial-cluster=…", "--initial-cluster-state=new", "--logger=zap", "--cert-file=x.pem", "--heartbeat-interval=250ms"},
			Settings: map[string]any{"name": name, "heartbeat-interval": "250ms", "cors": []any{"*"}, "max-request-bytes": 1572864.0},
		})
	}
	c.Endpoints, c.MemberNames = c.Endpoints[:3], c.MemberNames[:3] // the load goes to no learner
	c.MemberList[3].Settings["initial-cluster-state"] = "existing"
	c.MemberList[2].Settings["max-request-bytes"] = 4294967295.0
	link := func(from, to string, asked float64, of ...float64) {
		h := results.NewHistogram(results.Figures)
		for _, v := range of {
			record(h, v)
		}
		p.Result.Links = append(p.Result.Links, results.Link{LinkRef: results.LinkRef{From: from, To: to, AskedRTTMS: asked}, RTT: results.Distribute(h)})
	}
	link("client", "m1", 1, repeat(20, 1.49)...)
	link("m1", "m2", 1, repeat(20, 1.51)...)
	link("client", "m3", 80, repeat(20, 96.2)...)
	link("m1", "m3", 80, append(repeat(11, 80.4), repeat(9, 300)...)...)
	link("m2", "m3", 80, 96.5, 97)
	link("m3", "m4", 0, 0.2, 9)
	p.Result.Links[3].AskedJitterMS, p.Result.Links[3].AskedBandwidth = 8.5, 125_000_000
	return p
}

func repeat(n int, v float64) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = v
	}
	return all
}

func TestSlowLinks(t *testing.T) {
	var got []string
	for _, l := range inLab(t).Result.Links {
		if slow(l) {
			got = append(got, l.From+"-"+l.To)
		}
	}
	if diff := cmp.Diff([]string{"m1-m2", "m2-m3"}, got); diff != "" {
		t.Errorf("the links that are slower than asked by more than 20 %% and 0.3 ms (-want +got):\n%s", diff)
	}
}

func TestLab(t *testing.T) {
	p := inLab(t)
	content := render(t, p)
	wellFormed(t, content)
	for _, want := range []string{
		"3.7.3, 3 members &#43; 1 learner, local lab",
		`<th scope="row">m1<small class="remark caution">slower than asked</small></th><td>m2</td><td class="num">1` + "\u00a0ms</td>",
		"<td class=\"num\">80\u00a0ms\u00a0±\u00a08.5\u00a0ms<small class=\"remark\">1\u00a0Gbit/s</small></td>",
		`<th scope="row">m1</th><td>follower</td><td>3.6.16 <small>/opt/&lt;etcd&gt;, go1.24.9</small></td><td rowspan="4"><code>--heartbeat-interval=250ms</code> </td><td rowspan="4"><code>GOGC=50</code> </td></tr>`,
		`<th scope="row">m2</th><td>leader</td>`,
		`<th scope="row">m4</th><td>learner</td>`,
		"Of etcd's effective settings one differs between members",
		`<b>m2</b> 1572864</span><span class="part"><b>m3</b> 4294967295</span>`,
		"GOGC=50 \\\n  &#39;/opt/&lt;etcd&gt;&#39; \\\n  --name=m1 \\\n",
		`<th scope="row">go.etcd.io/bbolt</th><td class="break">v1.4.3</td>`,
		"<b>Resources</b> cgroup v1: CPU and memory as asked. The memory request of 2Gi bounds nothing.",
	} {
		if !strings.Contains(content, want) {
			t.Errorf("the report does not say %s", want)
		}
	}
	if n := strings.Count(content, "slower than asked</small>"); n != 2 {
		t.Errorf("%d links are told to be slower than asked, want 2", n)
	}
	if strings.Contains(content, "etcd --heartbeat-interval") {
		t.Error("the flags are told twice, in the environment too")
	}
	if plain := render(t, page(t, podChurn(2).journal(t))); strings.Contains(plain, "<h2>Links") || strings.Contains(plain, "<h2>What the members ran") {
		t.Error("a run without links and members has sections on them")
	}
}

func TestLabOnTerminal(t *testing.T) {
	got := table(t, inLab(t), Style{})
	for _, want := range []string{
		"(etcd 3.7.3, 3 members + 1 learner, local lab)",
		"\nLinks  m2-m3 96.7ms mean (asked 80ms, slower), m1-m2 1.51ms (asked 1ms, slower), 4 more\n",
		"\nResources  cgroup v1: CPU and memory as asked. The memory request of 2Gi bounds nothing.\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the summary does not say %q:\n%s", want, got)
		}
	}
}

func TestResourcesText(t *testing.T) {
	for want, r := range map[string]*results.ResourcesRef{
		"":                              nil,
		"cgroup v2: memory as asked.":   {Mode: "cgroup v2", Memory: true},
		"not in force. The CPU is not.": {Mode: "none", Why: "The CPU is not."},
		"only CPU, and only nearly, by Go's own variables. The CPU limit is only GOMAXPROCS.": {Mode: "environment", CPU: true, Why: "The CPU limit is only GOMAXPROCS."},
	} {
		if got := resourcesText(r); got != want {
			t.Errorf("%+v is told as %q, want %q", r, got, want)
		}
	}
}

func TestAskedOfLinks(t *testing.T) {
	for want, got := range map[string]string{
		"20ms": askedDuration(20, ""), "250 µs": askedDuration(0.25, " "), "1.5s": askedDuration(1500, ""), "0ms": askedDuration(0, ""),
		"100\u00a0Mbit/s": bandwidth(12_500_000), "8\u00a0kbit/s": bandwidth(1000), "": bandwidth(0),
	} {
		if got != want {
			t.Errorf("told as %q, want %q", got, want)
		}
	}
}
