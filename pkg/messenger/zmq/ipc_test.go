package zmq

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"zeph/pkg/messenger"
)

const errInUse = syscall.EADDRINUSE

// deadSocket leaves a socket as a process does that was killed.
func deadSocket(t *testing.T, path string) {
	t.Helper()
	sock, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	sock.SetUnlinkOnClose(false)
	if err := sock.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSocketFile(t *testing.T) {
	path := socketPath(t)
	l := listen(t, Settings{}, "ipc://"+path, messenger.Router)
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Close: %v", err)
	}
}

func TestSocketPathIsMadeUp(t *testing.T) {
	l := listen(t, Settings{}, "ipc://", messenger.Router)
	path := strings.TrimPrefix(l.Endpoint(), "ipc://")
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if dir.Mode().Perm() != 0o700 {
		t.Errorf("its directory has mode %v", dir.Mode())
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its directory, after Close: %v", err)
	}
}

func TestDeadSocketIsTakenOver(t *testing.T) {
	path := socketPath(t)
	deadSocket(t, path)
	dealer, router := pair(t, Settings{}, "ipc://"+path)
	talk(t, dealer, router)
}

func TestLiveSocketIsNot(t *testing.T) {
	for _, endpoint := range []string{"ipc://" + socketPath(t), "ipc://@zeph-test-" + t.Name()} {
		needs(t, endpoint)
		l := listen(t, Settings{}, endpoint, messenger.Router)
		if _, err := New(Settings{}).Listen(endpoint, messenger.Router); !errors.Is(err, errInUse) {
			t.Errorf("%s: got %v", endpoint, err)
		}
		if path := strings.TrimPrefix(endpoint, "ipc://"); path[0] != '@' {
			accept(t, l) // the question whether anybody is there
		}
		dealer := dial(t, Settings{}, endpoint, messenger.Dealer)
		router := accept(t, l)
		handshakes(t, dealer, router)
	}
}

func TestOtherFilesAreNot(t *testing.T) {
	path := socketPath(t)
	if err := os.WriteFile(path, []byte("a diary"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := New(Settings{}).Listen("ipc://"+path, messenger.Router)
	if !errors.Is(err, errInUse) || !strings.Contains(err.Error(), "not a socket") {
		t.Errorf("got %v", err)
	}
	if kept, err := os.ReadFile(path); string(kept) != "a diary" {
		t.Errorf("the file is now %q, %v", kept, err)
	}
}

// Somebody removed our socket and made one of their own. It stays.
func TestCloseLeavesTheSocketOfAnother(t *testing.T) {
	path := socketPath(t)
	ours := listen(t, Settings{}, "ipc://"+path, messenger.Router)
	if err := os.Rename(path, path+".old"); err != nil { // so that the file system does not reuse its number
		t.Fatal(err)
	}
	listen(t, Settings{}, "ipc://"+path, messenger.Router)
	if err := ours.Close(); err != nil {
		t.Fatal(err)
	}
	dial(t, Settings{}, "ipc://"+path, messenger.Dealer)
}

func TestLongPath(t *testing.T) {
	dir := shortDir(t)
	longest := filepath.Join(dir, strings.Repeat("x", maxSocketPath-len(dir)-1))
	pair(t, Settings{}, "ipc://"+longest)
	_, err := New(Settings{}).Listen("ipc://"+longest+"x", messenger.Router)
	if err == nil || !strings.Contains(err.Error(), "fit") {
		t.Errorf("got %v", err)
	}
}

func TestNoSuchDirectory(t *testing.T) {
	_, err := New(Settings{}).Listen("ipc://"+socketPath(t)+"/socket", messenger.Router)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// Of many that find the same dead socket at once, one takes it over.
func TestRaceForADeadSocket(t *testing.T) {
	path := socketPath(t)
	deadSocket(t, path)
	var wg sync.WaitGroup
	listeners := make(chan messenger.Listener, 20)
	for range cap(listeners) {
		wg.Go(func() {
			l, err := New(Settings{}).Listen("ipc://"+path, messenger.Router)
			if err == nil {
				listeners <- l
			} else if !errors.Is(err, errInUse) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	close(listeners)
	if len(listeners) != 1 {
		t.Errorf("%d listen", len(listeners))
	}
	for l := range listeners {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}
