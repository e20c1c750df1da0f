package link

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
)

// dialler returns the party whose process holds the socket at remote that is
// connected to local. One that is closed already, or of a process that is not
// registered, is the client's.
func (n *Network) dialler(remote, local netip.AddrPort) string {
	processes := n.processes()
	if len(processes) == 0 {
		return Client
	}
	inode := socketInode(remote, local)
	if inode == "" {
		return Client
	}
	for party, pid := range processes {
		if holds(pid, inode) {
			return party
		}
	}
	return Client
}

func (n *Network) processes() map[string]int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return maps.Clone(n.pids)
}

// socketInode returns the inode of the socket at local that is connected to
// remote, or nothing when the kernel lists none or it belongs to no process any
// more. It looks twice: a list that changes while it is read may lack a line.
//
// Note: reading a list goes through the kernel's whole hash table, 1.4 ms where
// it has 262,144 buckets. Connections of etcd live long; it is not worth more.
func socketInode(local, remote netip.AddrPort) string {
	for range 2 {
		for _, list := range socketLists() {
			table, err := os.ReadFile(list.path)
			if err != nil {
				continue // a kernel without IPv6 has no tcp6
			}
			if inode := inodeIn(table, list.address(local)+" "+list.address(remote)+" "); inode != "" {
				return inode
			}
		}
	}
	return ""
}

// socketList is a list of the kernel's, and how it writes an address.
type socketList struct {
	path    string
	address func(netip.AddrPort) string
}

func socketLists() [2]socketList {
	return [...]socketList{{"/proc/net/tcp", hex4}, {"/proc/net/tcp6", hex6}}
}

// inodeIn returns the inode of the line of /proc/net/tcp with the two addresses.
func inodeIn(table []byte, addresses string) string {
	_, line, found := bytes.Cut(table, []byte(" "+addresses))
	if !found {
		return ""
	}
	// st, tx_queue:rx_queue, tr:tm->when, retrnsmt, uid, timeout, inode: proc_pid_net(5).
	fields := bytes.Fields(line[:max(0, bytes.IndexByte(line, '\n'))])
	if len(fields) < 7 || string(fields[6]) == "0" {
		return ""
	}
	return string(fields[6])
}

// hex4 writes an address as /proc/net/tcp does: words in the machine's byte
// order, the port in the usual one.
func hex4(a netip.AddrPort) string {
	if !a.Addr().Unmap().Is4() {
		return "-" // is in no line
	}
	b := a.Addr().Unmap().As4()
	return fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(b[:]), a.Port())
}

// hex6 is hex4 for /proc/net/tcp6; an IPv4 address is there a mapped one.
func hex6(a netip.AddrPort) string {
	b := a.Addr().As16()
	word := binary.NativeEndian.Uint32
	return fmt.Sprintf("%08X%08X%08X%08X:%04X", word(b[:]), word(b[4:]), word(b[8:]), word(b[12:]), a.Port())
}

// holds reports whether the process has the socket open. One that is gone has not.
func holds(pid int, inode string) bool {
	folder := filepath.Join("/proc", strconv.Itoa(pid), "fd")
	dir, err := os.Open(folder)
	if err != nil {
		return false
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1) // those read before an error count
	for _, name := range names {
		if target, err := os.Readlink(filepath.Join(folder, name)); err == nil && target == "socket:["+inode+"]" {
			return true
		}
	}
	return false
}
