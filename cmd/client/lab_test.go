package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Commands about a lab take the one whose cluster file other commands would take.
func TestLabOfTheClusterFile(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir()) // no lab runs
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	t.Setenv("ZEPH_CLUSTER", "")
	folder := func(files ...string) string {
		dir, err := filepath.EvalSymlinks(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if err := os.WriteFile(filepath.Join(dir, f), []byte("{}\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	one, two, none := folder("lab.json", "zeph.yaml"), folder("lab.json", "zeph.yaml"), folder("zeph.yaml")
	for _, tt := range []struct{ dir, flag, env, here, want string }{
		{here: one, want: one},
		{env: one, here: two, want: one},
		{flag: two, env: one, want: two},
		{dir: one, flag: two, want: one},
		{flag: none, env: one, want: "it is not a lab's"},
		{env: none, want: "no lab is running"},
		{here: none, want: "no lab is running"},
		{want: "no lab is running"},
	} {
		file := func(dir string) string {
			if dir == "" {
				return ""
			}
			return filepath.Join(dir, "zeph.yaml")
		}
		t.Setenv("ZEPH_CLUSTER", file(tt.env))
		if tt.here == "" {
			tt.here = t.TempDir()
		}
		t.Chdir(tt.here)
		f := &labFlags{app: &app{cluster: file(tt.flag)}, dir: tt.dir}
		l, err := f.open()
		got := ""
		if err == nil {
			got = l.Dir()
		} else {
			got = err.Error()
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}

// A number that stands for a default inside is none that a person means.
func TestLabOfNothing(t *testing.T) {
	for _, flag := range []string{"--mons", "--osds", "--hosts", "--racks", "--size", "--pg-num"} {
		var stderr strings.Builder
		code := run(t.Context(), []string{"lab", "up", "--dir", filepath.Join(t.TempDir(), "lab"), flag, "0"}, io.Discard, &stderr)
		if code != exitUsage || !strings.Contains(stderr.String(), flag+" 0: expected at least 1") {
			t.Errorf("%s: exit code %d: %s", flag, code, &stderr)
		}
	}
}
