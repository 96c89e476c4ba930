//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package zmq

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"zeph/pkg/messenger"
)

// While another process listens in the same directory we wait, but not for ever: anybody who
// may read a directory may lock it.
func TestLockedDirectory(t *testing.T) {
	t.Parallel()
	path := socketPath(t)
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	listen(t, Settings{}, "ipc://"+path, messenger.Router)
	if waited := time.Since(began); waited < lockWait {
		t.Errorf("waited %v for the lock, not %v", waited, lockWait)
	}
}
