//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package zmq

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// adopt takes over a listening socket that the process was started with. Whatever else the
// number stands for is left alone.
func adopt(fd int) (net.Listener, error) {
	if err := listening(fd); err != nil {
		return nil, fmt.Errorf("descriptor %d: %w", fd, err)
	}
	f := os.NewFile(uintptr(fd), "")
	sock, err := net.FileListener(f) // on a duplicate
	return sock, errors.Join(err, f.Close())
}

// listening reports whether a descriptor is a socket that listens for streams.
func listening(fd int) error {
	kind, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_TYPE)
	if err != nil {
		return os.NewSyscallError("getsockopt", err)
	}
	accepts, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN)
	if err != nil {
		return os.NewSyscallError("getsockopt", err)
	}
	if kind != syscall.SOCK_STREAM || accepts == 0 {
		return errors.New("a socket that is not listening for connections")
	}
	return nil
}
