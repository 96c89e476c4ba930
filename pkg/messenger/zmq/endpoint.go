package zmq

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
)

// address is an endpoint in the terms of package net.
type address struct {
	scheme  string // "tcp", "ipc", "fd"
	network string // "tcp4", "tcp6", "tcp" for a name, "unix"
	addr    string // host:port, or path; empty for a path to be made up
	number  int    // of scheme tcp the port, of fd the descriptor
}

const knownEndpoints = "known are tcp://host:port, ipc:///path, ipc://@name and fd://number"

// parse reads an endpoint.
func parse(endpoint string) (address, error) {
	scheme, rest, ok := strings.Cut(endpoint, "://")
	if !ok {
		return address{}, errors.New("no scheme; " + knownEndpoints)
	}
	switch scheme {
	case "tcp":
		return parseTCP(rest)
	case "ipc":
		return parseIPC(rest)
	case "fd":
		return parseFD(rest)
	}
	return address{}, fmt.Errorf("unknown scheme %.20q; %s", scheme, knownEndpoints)
}

func parseTCP(hostport string) (address, error) {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return address{}, fmt.Errorf("not host:port: %w", err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return address{}, fmt.Errorf("port %.20q is no number up to 65535", port)
	}
	network, err := family(host)
	if err != nil {
		return address{}, err
	}
	return address{scheme: "tcp", network: network, addr: net.JoinHostPort(host, port), number: int(number)}, nil
}

// family is the network that listens where it was told to: for "tcp" alone, package net takes
// 0.0.0.0 to mean IPv6 as well.
func family(host string) (string, error) {
	ip, err := netip.ParseAddr(host)
	switch {
	case err == nil && ip.Is4():
		return "tcp4", nil
	case err == nil:
		return "tcp6", nil
	case host == "" || host == "*":
		return "", errors.New("no host; every address of the machine is 0.0.0.0 or [::]")
	case len(host) > 253 || strings.Trim(host, "0123456789.") == "" || strings.ContainsFunc(host, notInName):
		return "", fmt.Errorf("%.100q is neither an IP address nor the name of a host", host)
	}
	return "tcp", nil
}

func notInName(r rune) bool {
	return r != '-' && r != '.' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// parseIPC takes absolute paths only: an endpoint means the same in every process.
func parseIPC(path string) (address, error) {
	a := address{scheme: "ipc", network: "unix", addr: path}
	switch {
	case path == "":
		return a, nil
	case len(path) > maxSocketPath:
		return address{}, fmt.Errorf("a path of %d bytes, at most %d fit", len(path), maxSocketPath)
	case strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7F }):
		return address{}, errors.New("a path with control characters")
	case path == "@":
		return address{}, errors.New("no name behind @")
	case path[0] == '@' && runtime.GOOS != "linux":
		return address{}, errors.New("abstract names (@) are known to Linux only")
	case path[0] != '@' && path[0] != '/':
		return address{}, errors.New("the path must be absolute: ipc:///path, or ipc://@name")
	}
	return a, nil
}

func parseFD(number string) (address, error) {
	fd, err := strconv.ParseUint(number, 10, 31)
	if err != nil {
		return address{}, fmt.Errorf("%.20q is no descriptor number", number)
	}
	if fd < 3 {
		return address{}, fmt.Errorf("descriptor %d is a standard stream, not a socket", fd)
	}
	return address{scheme: "fd", number: int(fd)}, nil
}

// dialable refuses what can only be listened on.
func (a address) dialable() error {
	switch {
	case a.scheme == "fd":
		return errors.New("a descriptor can only be listened on")
	case a.addr == "":
		return errors.New("no path")
	case a.scheme == "tcp" && a.number == 0:
		return errors.New("port 0 can only be listened on")
	}
	return nil
}

// endpointOf is the endpoint at which an address of package net is dialled.
func endpointOf(a net.Addr) string {
	switch a := a.(type) {
	case *net.TCPAddr:
		return "tcp://" + a.String()
	case *net.UnixAddr:
		if a.Name == "" || a.Name == "@" {
			return "ipc (unnamed)" // the dialling end has no address
		}
		return "ipc://" + a.Name
	}
	return fmt.Sprint(a)
}
