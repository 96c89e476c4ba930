package consensus

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/raft"

	"zeph/pkg/core"
)

func testSnapshots(t *testing.T, dir string) *snapshots {
	t.Helper()
	s, err := openSnapshots(dir, false, slog.New(slog.DiscardHandler), func(uint64, uint64) {})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func testMembers() raft.Configuration {
	return configurationOf([]core.Member{testID("a"), testID("b"), testID("c")})
}

func makeSnapshot(t *testing.T, s *snapshots, term, index uint64, state []byte) {
	t.Helper()
	sink, err := s.Create(1, index, term, testMembers(), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sink.Write(state); err != nil {
		t.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSnapshots(t *testing.T) {
	dir := t.TempDir()
	s := testSnapshots(t, dir)
	if l, err := s.List(); len(l) > 0 || err != nil {
		t.Errorf("of none: %v, %v", l, err)
	}
	state := bytes.Repeat([]byte("state "), 50_000)
	makeSnapshot(t, s, 2, 900, nil)
	makeSnapshot(t, s, 3, 1000, state[:10])
	makeSnapshot(t, s, 3, 1100, state)
	given, err := s.Create(1, 1200, 4, testMembers(), 1, nil) // its process ends
	if err != nil {
		t.Fatal(err)
	}
	_ = given
	s = testSnapshots(t, dir)
	metas, err := s.List()
	if err != nil || len(metas) != retained || metas[0].Index != 1100 || metas[1].Index != 1000 {
		t.Fatalf("%v, %v", metas, err)
	}
	meta, r, err := s.Open(metas[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, state) || meta.Size != int64(len(state)) || meta.Term != 3 || len(meta.Configuration.Servers) != 3 {
		t.Errorf("%d bytes, %v, %+v", len(got), err, meta)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) != retained {
		t.Errorf("files left: %v", files)
	}
}

// TestDamagedSnapshot: with any byte wrong, or anything missing, a snapshot is none.
func TestDamagedSnapshot(t *testing.T) {
	dir := t.TempDir()
	s := testSnapshots(t, dir)
	makeSnapshot(t, s, 3, 1000, []byte("some state"))
	name := filepath.Join(dir, snapshotID(3, 1000))
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, at int, b []byte) {
		t.Helper()
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if meta, r, err := s.Open(snapshotID(3, 1000)); err == nil {
			_ = r.Close()
			t.Errorf("%s %d: opened as %+v", what, at, meta)
		}
	}
	for at := range whole {
		b := bytes.Clone(whole)
		b[at] ^= 1 << (at % 8)
		try("flipped byte", at, b)
		try("cut to", at, whole[:at])
	}
	try("one byte more than", len(whole), append(bytes.Clone(whole), 0))
}
