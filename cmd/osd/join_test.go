package main

import (
	"io"
	"path/filepath"
	"testing"

	"zeph/pkg/osdmap"
	"zeph/pkg/store/disk"
)

// A container that is made anew takes over what one that is no more has left, and nothing that somebody serves.
func TestAdopt(t *testing.T) {
	t.Parallel()
	fsid, err := osdmap.ParseUUID(fsid)
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	var stores []disk.Identity
	for i, host := range []string{"h0", "h1"} {
		id, err := disk.Mkfs(filepath.Join(data, host), disk.Identity{FSID: fsid, OSD: osdmap.OSDID(i)})
		if err != nil {
			t.Fatal(err)
		}
		stores = append(stores, id)
	}
	served, err := disk.Open(filepath.Join(data, "h0"), disk.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer served.Close()

	s := &settings{id: -1, adopts: true}
	s.Data = filepath.Join(data, "new")
	s.adopt(io.Discard)
	if id, err := disk.ReadSuper(s.Data); err != nil || id != stores[1] {
		t.Errorf("it has %v, %v; expected %v", id, err, stores[1])
	}
	s.Data = filepath.Join(data, "newer") // none is left but those that are served, and the one that was taken
	taken, err := disk.Open(filepath.Join(data, "new"), disk.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s.adopt(io.Discard)
	if id, err := disk.ReadSuper(s.Data); err == nil {
		t.Errorf("it took over %v, which is served", id)
	}
}
