package daemon

import (
	"fmt"
	"net"
	"net/netip"
)

// AddrIn is the address that this machine has in a network (10.0.0.0/24): what a daemon announces where machines
// get their addresses from somebody else, and have several. Ceph's public_network and cluster_network do the same.
func AddrIn(network string) (string, error) {
	prefix, err := netip.ParsePrefix(network)
	if err != nil {
		return "", fmt.Errorf("%q: expected a network, such as 10.0.0.0/24", network)
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return "", err
	}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil && prefix.Contains(p.Addr()) {
			return p.Addr().String(), nil
		}
	}
	return "", fmt.Errorf("no address of this machine is in %v: it has %v", prefix, addrs)
}
