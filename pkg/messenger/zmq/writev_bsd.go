//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package zmq

import "syscall"

const maxBytes = 1 << 20

// batch writes one buffer at a time. Package syscall has no writev for these systems.
type batch struct{}

// write writes once. The first of bufs is not empty.
func (batch) write(fd int, bufs [][]byte) (int, error) {
	return syscall.Write(fd, bufs[0][:min(len(bufs[0]), maxBytes)])
}
