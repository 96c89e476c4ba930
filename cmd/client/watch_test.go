package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// moving is a cluster in which time passes: each time it is asked, something has happened.
type moving struct {
	recorded
	asked int
	until int
	stop  context.CancelFunc
	after []string // what lines of the log were asked for
}

func (m *moving) MonCommand(_ context.Context, name string, args map[string]string) ([]byte, string, error) {
	if m.asked++; m.asked >= m.until {
		m.stop()
	}
	if name == "log" {
		m.after = append(m.after, args["after"])
		return fmt.Appendf(nil, `{"lines":[{"seq":%d,"time_ms":0,"level":"info","who":"mon.a","text":"line %d"}]}`, m.asked, m.asked), "", nil
	}
	if m.asked == 2 {
		return nil, "", fmt.Errorf("no monitor leads just now")
	}
	return fmt.Appendf(nil, `{"flags":["f%d"]}`, m.asked), "", nil
}

func watch(t *testing.T, until int, command string) (m *moving, stdout, stderr string, code int) {
	ctx, cancel := context.WithCancel(t.Context())
	m = &moving{until: until, stop: cancel}
	var out, talk bytes.Buffer
	a := &app{stdout: &out, stderr: &talk, connect: func(context.Context, *app) (commander, error) { return m, nil }}
	code = a.run(ctx, strings.Fields(command))
	return m, out.String(), talk.String(), code
}

// A watch goes on over failures, and being interrupted is the way to end it.
func TestWatch(t *testing.T) {
	t.Parallel()
	_, stdout, stderr, code := watch(t, 4, "flag ls --watch=100ms")
	if stdout != "f1\n\nf3\n\n" || stderr != "zeph: no monitor leads just now\n" || code != exitDone {
		t.Errorf("%q, %q, exit code %d", stdout, stderr, code)
	}
	_, stdout, _, _ = watch(t, 4, "flag ls --watch=100ms -o yaml")
	if stdout != "flags:\n  - f1\n---\nflags:\n  - f3\n---\n" {
		t.Errorf("%q", stdout)
	}
}

// A log that is followed is asked for what comes after the last line that was shown.
func TestFollowLog(t *testing.T) {
	t.Parallel()
	m, stdout, _, code := watch(t, 3, "log -f --last 5")
	if strings.Count(stdout, "\n") != 2 || !strings.Contains(stdout, "mon.a       line 2") || code != exitDone {
		t.Errorf("%q, exit code %d", stdout, code)
	}
	if want := []string{"", "1", "2"}; strings.Join(m.after, ",") != strings.Join(want, ",") {
		t.Errorf("asked for lines after %q", m.after)
	}
	_, stdout, _, _ = watch(t, 3, "log -f -o json")
	dec := json.NewDecoder(strings.NewReader(stdout))
	for seq := uint64(1); dec.More(); seq++ {
		var line struct{ Seq uint64 }
		if err := dec.Decode(&line); err != nil || line.Seq != seq {
			t.Errorf("%v, line %d", err, line.Seq)
		}
	}
}

func TestCompleteFromCluster(t *testing.T) {
	t.Chdir("testdata")
	for args, want := range map[string]string{
		"__complete osd out osd.":   "osd.0\nosd.1\nosd.2\nosd.3\n",
		"__complete pool rm de":     "demo\n",
		"__complete pg ls --pool ":  "demo\nother\n",
		"__complete mon transfer ":  "a\nb\nc\n",
		"__complete flag set nosc":  "noscrub\n",
		"__complete health --check": "--check\texit",
	} {
		words := strings.Split(args, " ")
		stdout, _, _ := zeph(words...)
		if !strings.HasPrefix(stdout, want) {
			t.Errorf("%s: %q, want %q", args, stdout, want)
		}
	}
}
