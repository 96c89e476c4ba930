//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package zmq

import (
	"net"
	"os"
	"syscall"
)

// writer writes to the socket itself, through the poller of package net: a net.Conn could
// neither try without waiting nor stop after the first progress. One goroutine at a time.
type writer struct {
	sock    syscall.RawConn
	attempt func(fd uintptr) (done bool) // try, bound once: binding allocates
	batch   batch

	// One call's arguments and results.
	bufs [][]byte
	wait bool
	n    int
	err  error
}

func (w *writer) init(nc net.Conn) error {
	sock, err := nc.(syscall.Conn).SyscallConn()
	w.sock, w.attempt = sock, w.try
	return err
}

// write makes one attempt, or as many as it takes to get rid of a byte.
func (w *writer) write(bufs [][]byte, wait bool) (int, error) {
	for len(bufs) > 0 && len(bufs[0]) == 0 {
		bufs = bufs[1:]
	}
	if len(bufs) == 0 {
		return 0, nil
	}
	w.bufs, w.wait, w.n, w.err = bufs, wait, 0, nil
	err := w.sock.Write(w.attempt)
	w.bufs = nil
	if err == nil && w.err != nil {
		err = os.NewSyscallError("write", w.err)
	}
	return w.n, err
}

// try is called by the poller, again and again until it returns true, whenever there may be
// room.
func (w *writer) try(fd uintptr) (done bool) {
	for {
		n, err := w.batch.write(int(fd), w.bufs)
		switch err {
		case nil:
			w.n = n
			return true
		case syscall.EINTR:
		case syscall.EAGAIN:
			return !w.wait
		default:
			w.err = err
			return true
		}
	}
}
