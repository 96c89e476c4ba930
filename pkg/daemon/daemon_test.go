package daemon

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// program is one with the common settings, and a number.
func program(c *Common, n *int, run func() error) *cobra.Command {
	root := &cobra.Command{Use: "zeph-toy", RunE: OneOf}
	cmd := &cobra.Command{Use: "run", Args: NoArgs, RunE: func(*cobra.Command, []string) error { return run() }}
	c.Flags(cmd.Flags())
	cmd.Flags().IntVar(n, "toy-number", 1, "a number")
	root.AddCommand(cmd)
	return root
}

// A setting comes from the command line, else the environment, else the file, else it has its default.
func TestWhereSettingsComeFrom(t *testing.T) {
	file := filepath.Join(t.TempDir(), "toy.yaml")
	text := "toy-number: 3\nlisten: [control=tcp://h:1, bulk=tcp://h:2]\ndata: /file\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args   []string
		env    string
		number int
	}{
		{nil, "", 1},
		{[]string{"--config", file}, "", 3},
		{[]string{"--config", file}, "5", 5},
		{[]string{"--config", file, "--toy-number", "7"}, "5", 7},
	} {
		var c Common
		var n int
		if tt.env != "" {
			t.Setenv("ZEPH_TOY_NUMBER", tt.env)
		}
		var stderr bytes.Buffer
		code := execute(t.Context(), program(&c, &n, func() error { return nil }), append([]string{"run"}, tt.args...), &stderr, &stderr)
		if code != 0 || n != tt.number {
			t.Errorf("%v with %q: %d, exit code %d, want %d: %s", tt.args, tt.env, n, code, tt.number, &stderr)
		}
		if tt.args != nil && (c.Data != "/file" || len(c.Listen) != 2) {
			t.Errorf("%v: folder %q, listen %q", tt.args, c.Data, c.Listen)
		}
		os.Unsetenv("ZEPH_TOY_NUMBER")
	}
}

func TestWhatIsWrongWithACommandLine(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("toy-numbr: 3\ntoy-number: many\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args string
		code int
		want []string
	}{
		{"", 2, []string{"no command", "run"}},
		{"walk", 2, []string{`unknown command "walk"`, "run"}},
		{"run away", 2, []string{`"away"`}},
		{"run --speed 3", 2, []string{"--speed", "zeph-toy --help"}},
		{"run --config " + bad, 2, []string{`"toy-numbr"`, `--toy-number`, `"many"`}},
		{"run --config /nowhere.yaml", 2, []string{"/nowhere.yaml"}},
		{"run --log-level loud --log-format xml --messenger pigeon --listen a --listen x=y --listen control=a --listen control=b", 2,
			[]string{"--data", `"loud"`, `"xml"`, `"pigeon"`, `"a"`, `"x=y"`, "control is named twice"}},
		{"run --data .", 0, nil},
		{"--version", 0, []string{"zeph-toy ", "go1."}},
	} {
		var c Common
		var n int
		var out bytes.Buffer
		root := program(&c, &n, func() error { return Usage(c.Validate([]string{"control", "bulk"})) })
		if code := execute(t.Context(), root, strings.Fields(tt.args), &out, &out); code != tt.code {
			t.Errorf("%q: exit code %d, want %d: %s", tt.args, code, tt.code, &out)
		}
		for _, want := range tt.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q: %q is not in\n%s", tt.args, want, &out)
			}
		}
	}
}

// A daemon that does not end when it is told to is not waited for.
func TestPatienceEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	hang := make(chan struct{})
	defer close(hang)
	err := within(ctx, time.Millisecond, func() error {
		<-hang
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "did not end in 1ms") {
		t.Error(err)
	}
	if err := within(ctx, time.Minute, func() error { return errors.New("its own") }); err == nil || err.Error() != "its own" {
		t.Error(err)
	}
}

func TestEndpoints(t *testing.T) {
	c := Common{Listen: []string{"bulk=fd://4"}}
	got := c.Endpoints([]string{"control", "bulk"}, func(place string) string { return "tcp://h/" + place })
	if len(got) != 2 || got["control"] != "tcp://h/control" || got["bulk"] != "fd://4" {
		t.Errorf("%v", got)
	}
}

func TestParseSize(t *testing.T) {
	for s, want := range map[string]uint64{"0": 0, "512": 512, "4KiB": 4096, "1.5G": 3 << 29, "10T": 10 << 40, "2MB": 2 << 20} {
		if got, err := ParseSize(s); err != nil || got != want {
			t.Errorf("%q: %d, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "G", "-1", "1 GiB", "NaN", "1e30"} {
		if n, err := ParseSize(s); err == nil {
			t.Errorf("%q: %d", s, n)
		}
	}
}
