//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package zmq

import "net"

// chunk is how much is written at a time where a write waits for room for all of it.
const chunk = 64 << 10

// writer writes through package net, which cannot try: told not to wait, it writes nothing.
type writer struct{ net net.Conn }

func (w *writer) init(nc net.Conn) error {
	w.net = nc
	return nil
}

func (w *writer) write(bufs [][]byte, wait bool) (int, error) {
	for _, p := range bufs {
		if wait && len(p) > 0 {
			return w.net.Write(p[:min(len(p), chunk)])
		}
	}
	return 0, nil
}
