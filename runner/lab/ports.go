package lab

import (
	"context"
	"fmt"
	"net"
)

// freePorts returns n different TCP ports that were free on 127.0.0.1. All are
// held until the last is chosen, so that they differ.
func freePorts(ctx context.Context, n int) ([]int, error) {
	var held []net.Listener
	defer func() {
		for _, l := range held {
			_ = l.Close() // a listener without connections
		}
	}()
	ports := make([]int, n)
	for i := range ports {
		var config net.ListenConfig
		l, err := config.Listen(ctx, "tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("looking for a free port: %w", err)
		}
		held = append(held, l)
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
