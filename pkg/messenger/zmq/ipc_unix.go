//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package zmq

import (
	"os"
	"syscall"
	"time"
)

// privateFromBirth runs before the socket is bound. On Linux the file then is nobody else's
// from its first moment; elsewhere the chmod that follows makes it so.
func privateFromBirth(_, _ string, sock syscall.RawConn) error {
	return sock.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), 0o600) })
}

// lockWait is how long a directory is waited for, and lockPause how often it is tried.
const (
	lockWait  = time.Second
	lockPause = 5 * time.Millisecond
)

// lockDir locks a directory against other processes that listen in it, and returns what
// unlocks it. It is a precaution: a directory that cannot be locked, or that somebody keeps
// locked, is used all the same.
func lockDir(dir string) (unlock func()) {
	f, err := os.Open(dir)
	if err != nil {
		return func() {}
	}
	for end := time.Now().Add(lockWait); ; time.Sleep(lockPause) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err != syscall.EWOULDBLOCK && err != syscall.EINTR || time.Now().After(end) {
			return func() { _ = f.Close() }
		}
	}
}
