package link

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// dialCommand makes the test binary a party: it dials each address that it reads
// from stdin, sends a line on it, and prints the answer and how
// long that took.
const dialCommand = "test-dialler"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == dialCommand {
		beDialler()
		return
	}
	goleak.VerifyTestMain(m)
}

func beDialler() {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		at := time.Now()
		c, err := net.Dial("tcp", in.Text()) //nolint:noctx // The test ends this process.
		if err != nil {
			fmt.Fprintln(os.Stdout, "error:", err)
			continue
		}
		fmt.Fprintln(c, "ping")
		answer, err := bufio.NewReader(c).ReadString('\n')
		fmt.Fprintln(os.Stdout, strings.TrimSpace(answer), err, time.Since(at))
		_ = c.Close()
	}
}

// party is a child process that dials when it is told to.
type party struct {
	t      *testing.T
	pid    int
	orders io.Writer
	heard  *bufio.Scanner
	end    func()
}

func startParty(t *testing.T) *party {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], dialCommand)
	cmd.Stderr = os.Stderr
	orders, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	heard, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &party{t: t, pid: cmd.Process.Pid, orders: orders, heard: bufio.NewScanner(heard)}
	p.end = func() { _, _ = orders.Close(), cmd.Wait() }
	t.Cleanup(p.end)
	return p
}

// dial makes the party do one round trip over a connection of its own, and
// returns how long that took it.
func (p *party) dial(address string) time.Duration {
	p.t.Helper()
	fmt.Fprintln(p.orders, address)
	if !p.heard.Scan() {
		p.t.Fatalf("the party that dialled %s is gone", address)
	}
	took, ok := strings.CutPrefix(p.heard.Text(), "ping <nil> ")
	d, err := time.ParseDuration(took)
	if !ok || err != nil {
		p.t.Fatalf("the party that dialled %s says %q", address, p.heard.Text())
	}
	return d
}
