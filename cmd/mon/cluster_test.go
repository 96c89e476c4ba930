package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zeph/pkg/world"
)

func TestNewCluster(t *testing.T) {
	t.Parallel()
	c, err := newCluster([]string{"a=mon-a", "b=10.0.0.2:7300", "c=::1"})
	if err != nil {
		t.Fatal(err)
	}
	if c, err = world.ParseCluster(c.Encode()); err != nil {
		t.Fatal(err)
	}
	var at []string
	for _, m := range c.Mons {
		at = append(at, m.Name, m.Control, m.Hints)
		if m.Store.IsZero() {
			t.Errorf("mon.%s has no store", m.Name)
		}
	}
	const want = "a tcp://mon-a:7100 tcp://mon-a:7102 b tcp://10.0.0.2:7300 tcp://10.0.0.2:7302 c tcp://[::1]:7100 tcp://[::1]:7102"
	if got := strings.Join(at, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, args := range [][]string{{}, {"a"}, {"=h"}, {"a=h", "a=i"}, {"a=h:x"}, {"a=h:65535"}, {"a b=h"}, {"a=h:1:2"}} {
		if c, err := newCluster(args); err == nil {
			t.Errorf("%q: %s", args, c.Encode())
		}
	}
}

// A cluster file that is there is somebody's cluster.
func TestClusterFileStays(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "zeph.yaml")
	for i, keep := range []bool{false, true, false} {
		made, err := create(file, []byte{byte('0' + i)}, keep)
		if made != (i == 0) || (err != nil) != (i == 2) {
			t.Errorf("%d: made %v, %v", i, made, err)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "0" {
		t.Errorf("the file has %q, %v", text, err)
	}
}
