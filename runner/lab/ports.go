package lab

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"syscall"
)

// The ports that labs use where the kernel gives others to those who dial:
// below 10000 lie the services that people know, etcd's own among them.
const (
	lowestPort  = 10000
	fewestPorts = 1000
)

// freePorts returns n different TCP ports that were free on 127.0.0.1. All are
// held until the last is chosen, so that they differ.
//
// They are not of those that the kernel gives to whoever dials: members that
// start dial one another at once, and a connection could take the port of one
// that is not up yet, or even connect to itself.
func freePorts(ctx context.Context, n int) ([]int, error) {
	var held []net.Listener
	defer func() {
		for _, l := range held {
			_ = l.Close() // a listener without connections
		}
	}()
	highest := firstDialed() - 1
	ports := make([]int, 0, n)
	for tries := 0; len(ports) < n; tries++ {
		port := 0 // any that the kernel has
		if highest-lowestPort >= fewestPorts && tries < 20*n {
			port = lowestPort + rand.IntN(highest-lowestPort)
		}
		var config net.ListenConfig
		l, err := config.Listen(ctx, "tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		switch {
		case err == nil:
			held = append(held, l)
			ports = append(ports, l.Addr().(*net.TCPAddr).Port)
		case port == 0 || !errors.Is(err, syscall.EADDRINUSE) && !errors.Is(err, syscall.EACCES):
			return nil, fmt.Errorf("looking for a free port: %w", err)
		}
	}
	return ports, nil
}

// firstDialed is the lowest port that the kernel gives to whoever dials; 0 where it does not tell.
func firstDialed() int {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return 0
	}
	var first, last int
	if _, err := fmt.Sscan(string(text), &first, &last); err != nil {
		return 0
	}
	return first
}
