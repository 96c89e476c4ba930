package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// TestMain is also the daemons: the lab starts this very program, with their flags.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "mkfs" || os.Args[1] == "run") {
		if err := fakeDaemon(os.Args[1], os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	dir, err := os.MkdirTemp("", "zeph-lab-test")
	if err != nil {
		panic(err)
	}
	os.Setenv("XDG_RUNTIME_DIR", dir)        // a registry of our own
	os.Setenv("GORACE", "atexit_sleep_ms=0") // by default a program under the race detector takes a second to end
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// fakeDaemon takes a daemon's flags and does nothing but listen.
func fakeDaemon(verb string, args []string) error {
	flags := make(map[string]string)
	var listen []string
	for i := 0; i+1 < len(args); i += 2 {
		flags[args[i]] = args[i+1]
		if args[i] == "--listen" {
			listen = append(listen, args[i+1])
		}
	}
	name := "mon." + flags["--name"]
	if id := flags["--id"]; id != "" {
		name = "osd." + id
	}
	made := filepath.Join(flags["--data"], "made")
	if verb == "mkfs" {
		return errors.Join(os.WriteFile(made, nil, 0o644), os.WriteFile(filepath.Join(flags["--data"], "kv.db"), nil, 0o644))
	}
	if _, err := os.Stat(made); err != nil {
		return err
	}
	for _, l := range listen {
		n, err := strconv.Atoi(l[strings.LastIndexByte(l, '/')+1:])
		if err != nil {
			return err
		}
		if _, err := net.FileListener(os.NewFile(uintptr(n), l)); err != nil {
			return fmt.Errorf("%s: %w", l, err)
		}
	}
	if flags["--trouble"] == name {
		return fmt.Errorf("the disk of %s is on fire", name)
	}
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	if flags["--silent"] != name {
		fmt.Printf("ready %s\n", name)
	}
	for range term {
		if flags["--stubborn"] != name {
			break
		}
	}
	return nil
}

// fakeMons answers commands as monitors would.
type fakeMons struct {
	mu       sync.Mutex
	asked    []string
	unwell   bool
	check    string // what is wrong then; default OSD_DOWN
	onStatus func()
}

func (f *fakeMons) MonCommand(_ context.Context, name string, args map[string]string) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if name != "status" {
		var words []string
		for k, v := range args {
			words = append(words, k+"="+v)
		}
		slices.Sort(words)
		f.asked = append(f.asked, name+" "+strings.Join(words, " "))
		return nil, nil
	}
	if f.onStatus != nil {
		f.onStatus()
	}
	if f.unwell {
		check := cmp.Or(f.check, "OSD_DOWN")
		return fmt.Appendf(nil, `{"mons":{"leader":"b","term":2},"known":true,"pgs":{"total":32},"health":{"status":"HEALTH_WARN","checks":[{"code":%q,"summary":"1 osd down"}]}}`, check), nil
	}
	return []byte(`{"mons":{"leader":"b","term":2},"health":{"status":"HEALTH_OK"},"known":true,"pgs":{"total":32}}`), nil
}

func (f *fakeMons) Close() error { return nil }

// options are for a lab of fakes.
func (f *fakeMons) options(t *testing.T, dir string) Options {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Dir: dir, Bin: Binaries{Mon: self, OSD: self},
		connect: func(context.Context, *Lab) (commander, error) { return f, nil },
	}
}
