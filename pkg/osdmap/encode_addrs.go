package osdmap

import (
	"fmt"
	"strings"
)

// packAddrs joins addresses with blanks, and their names, which nearly all OSDs share. An
// address on the host of the one before is only its port, so that eight addresses take
// some sixty bytes: "10.1.2.3:6800 :6801 :6802 …".
func packAddrs(addrs []Addr) (names, packed string) {
	n, p := make([]string, len(addrs)), make([]string, len(addrs))
	before := ""
	for i, a := range addrs {
		n[i], p[i] = a.Name, a.Addr
		if host, port := splitHost(a.Addr); host == before && host != "" {
			p[i] = port
		} else {
			before = host
		}
	}
	return strings.Join(n, " "), strings.Join(p, " ")
}

func unpackAddrs(names, packed string) ([]Addr, error) {
	if names == "" && packed == "" {
		return nil, nil
	}
	n, p := strings.Split(names, " "), strings.Split(packed, " ")
	if len(n) != len(p) {
		return nil, fmt.Errorf("%d addresses with %d names: expected as many", len(p), len(n))
	}
	addrs := make([]Addr, len(n))
	before := ""
	for i := range addrs {
		addrs[i] = Addr{n[i], p[i]}
		if strings.HasPrefix(p[i], ":") {
			addrs[i].Addr = before + p[i]
		}
		before, _ = splitHost(addrs[i].Addr)
	}
	return addrs, nil
}

// splitHost cuts an address before its last colon; the port keeps the colon.
func splitHost(addr string) (host, port string) {
	at := max(0, strings.LastIndexByte(addr, ':'))
	return addr[:at], addr[at:]
}
