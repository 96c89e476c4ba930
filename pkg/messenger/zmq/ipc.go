package zmq

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// socketFile is the file of a Unix socket that we listen on.
type socketFile struct {
	path string
	made os.FileInfo // the file as we made it
	dir  string      // made up for it; empty: was there before
}

// listenIPC listens on a path, on an abstract name, or (empty) on a path that it makes up.
func listenIPC(path string) (net.Listener, *socketFile, error) {
	if path != "" && path[0] == '@' {
		sock, err := listenUnix(path)
		return sock, nil, err
	}
	file := &socketFile{path: path}
	if path == "" {
		dir, err := os.MkdirTemp("", "zeph-")
		if err != nil {
			return nil, nil, err
		}
		file.dir, file.path = dir, filepath.Join(dir, "socket")
	}
	sock, err := file.listen()
	if err != nil {
		return nil, nil, errors.Join(err, file.removeDir())
	}
	return sock, file, nil
}

// listen makes the file, in place of one that nobody answers on. The directory stays locked
// meanwhile: of two that start at once, neither takes the other's new socket for a dead one.
func (f *socketFile) listen() (net.Listener, error) {
	defer lockDir(filepath.Dir(f.path))()
	sock, err := listenUnix(f.path)
	if errors.Is(err, syscall.EADDRINUSE) {
		if err := removeDead(f.path); err != nil {
			return nil, err
		}
		sock, err = listenUnix(f.path)
	}
	if err != nil {
		return nil, err
	}
	f.made, err = private(f.path)
	if err != nil {
		return nil, errors.Join(err, sock.Close(), os.Remove(f.path))
	}
	return sock, nil
}

// listenUnix leaves it to socketFile to remove the file.
func listenUnix(path string) (net.Listener, error) {
	lc := net.ListenConfig{Control: privateFromBirth}
	sock, err := lc.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, err
	}
	sock.(*net.UnixListener).SetUnlinkOnClose(false)
	return sock, nil
}

// private leaves the socket at path to its owner alone, and says what file it is.
func private(path string) (os.FileInfo, error) {
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, err
	}
	return os.Lstat(path)
}

// deadAfter is how long a socket's owner has to be seen alive. The kernel answers for it.
const deadAfter = time.Second

// removeDead removes a socket that nobody listens on any more, and nothing else.
func removeDead(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%w: the file there is not a socket", syscall.EADDRINUSE)
	}
	nc, err := net.DialTimeout("unix", path, deadAfter)
	switch {
	case err == nil:
		return errors.Join(fmt.Errorf("%w: somebody answers there", syscall.EADDRINUSE), nc.Close())
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, syscall.ECONNREFUSED):
		return os.Remove(path)
	}
	return fmt.Errorf("%w: asking for its owner: %w", syscall.EADDRINUSE, withoutAddress(err))
}

// remove removes the file, unless another has taken its place.
func (f *socketFile) remove() error {
	if f == nil {
		return nil
	}
	now, err := os.Lstat(f.path)
	if err == nil && os.SameFile(now, f.made) {
		err = os.Remove(f.path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, f.removeDir())
}

func (f *socketFile) removeDir() error {
	if f.dir == "" {
		return nil
	}
	return os.Remove(f.dir)
}
