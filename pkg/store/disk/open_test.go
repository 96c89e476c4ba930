package disk

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

func TestMkfs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "osd.3")
	id, err := Mkfs(dir, Identity{FSID: osdmap.UUID{1}, OSD: 3})
	if err != nil || id.Store.IsZero() {
		t.Fatalf("%+v, %v", id, err)
	}
	if got, err := ReadSuper(dir); err != nil || got != id {
		t.Errorf("super says %+v, %v, want %+v", got, err, id)
	}
	_, err = Mkfs(dir, Identity{FSID: osdmap.UUID{1}, OSD: 4})
	if !errors.Is(err, ErrExists) || !strings.Contains(err.Error(), "osd.3") || !strings.Contains(err.Error(), id.Store.String()) {
		t.Errorf("a second time: %v", err)
	}
	s := reopen(t, dir, Config{Want: &id})
	if s.Identity() != id {
		t.Errorf("identity %+v, want %+v", s.Identity(), id)
	}
}

// TestMkfsAgain: one that did not come to its end left no super.
func TestMkfsAgain(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, dbName), []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Config{}); !errors.Is(err, ErrNoStore) {
		t.Errorf("opened without super: %v", err)
	}
	openNew(t, dir, Config{})
}

func TestOpenRefuses(t *testing.T) {
	other := Identity{FSID: osdmap.UUID{9}, OSD: 7, Store: osdmap.UUID{8}}
	want := func(change func(*Identity)) Config {
		id := testIdentity
		change(&id)
		return Config{Want: &id}
	}
	edit := func(name, old, new string) func(dir string) error {
		return func(dir string) error {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, name), []byte(strings.Replace(string(text), old, new, 1)), 0o644)
		}
	}
	tests := []struct {
		name    string
		prepare func(dir string) error
		cfg     Config
		want    error
		text    string
	}{
		{"nothing", os.RemoveAll, Config{}, ErrNoStore, "no store"},
		{"no index", func(dir string) error { return os.Remove(filepath.Join(dir, dbName)) }, Config{}, os.ErrNotExist, dbName},
		{"cluster", nil, want(func(id *Identity) { id.FSID = other.FSID }), ErrOtherStore, other.FSID.String()},
		{"osd", nil, want(func(id *Identity) { id.OSD = 7 }), ErrOtherStore, "the store of osd.3, not osd.7"},
		{"store", nil, want(func(id *Identity) { id.Store = other.Store }), ErrOtherStore, other.Store.String()},
		{"format", edit(superName, "format 1", "format 12"), Config{}, ErrOtherFormat, `format "12", this program knows 1`},
		{"bit rot", edit(superName, "osd 3", "osd 2"), Config{}, ErrBadSuper, "hash"},
		{"rubbish", edit(superName, "zeph-store", "some store"), Config{}, ErrBadSuper, "super"},
		{"cut", func(dir string) error { return os.Truncate(filepath.Join(dir, superName), 20) }, Config{}, ErrBadSuper, "super"},
		{"index of another", func(dir string) error { return otherIndex(dir, other) }, Config{}, ErrOtherStore, other.Store.String()},
		{"size", nil, Config{Size: 5}, nil, "a size of 5 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "osd.3")
			if _, err := Mkfs(dir, testIdentity); err != nil {
				t.Fatal(err)
			}
			if tt.prepare != nil {
				if err := tt.prepare(dir); err != nil {
					t.Fatal(err)
				}
			}
			s, err := Open(dir, tt.cfg)
			if err == nil {
				_ = s.Close()
				t.Fatal("opened")
			}
			if tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got error %q, want %v, with %q", err, tt.want, tt.text)
			}
		})
	}
}

// otherIndex puts the index of another store in the place of a folder's.
func otherIndex(dir string, id Identity) error {
	if _, err := Mkfs(dir+".other", id); err != nil {
		return err
	}
	return os.Rename(filepath.Join(dir+".other", dbName), filepath.Join(dir, dbName))
}

func TestInUse(t *testing.T) {
	dir := t.TempDir()
	s := openNew(t, dir, Config{})
	_, err := Open(dir, Config{})
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "process "+strconv.Itoa(os.Getpid())) {
		t.Errorf("opened twice: %v", err)
	}
	if _, err := Mkfs(dir, testIdentity); !errors.Is(err, ErrInUse) {
		t.Errorf("made while open: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); !errors.Is(err, store.ErrDead) {
		t.Errorf("closed twice: %v", err)
	}
	reopen(t, dir, Config{})
}

// TestDefaultSize: without a configured size the file system's free space counts.
func TestDefaultSize(t *testing.T) {
	s := openNew(t, t.TempDir(), Config{})
	if st := s.Stats(); st.Size <= st.Used || st.Used == 0 {
		t.Errorf("statistics: %+v", st)
	}
}

// A process that was forked and has not begun its own program has all our files open for a moment. That must not keep
// a folder locked which we have given back.
func TestUnlockedWhileForking(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lock, err := lockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	child, err := syscall.Dup(int(lock.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(child)
	if err := unlock(lock); err != nil {
		t.Fatal(err)
	}
	if lock, err = lockDir(dir); err != nil {
		t.Fatal(err)
	}
	unlock(lock)
}
