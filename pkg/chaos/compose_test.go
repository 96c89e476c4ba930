package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zeph/pkg/scenario"
)

func composeScenario() *scenario.Scenario {
	s := &scenario.Scenario{Mons: 3, OSDs: 4, Hosts: 4, Racks: 2, PGs: 8, Size: 3, MinSize: 2, Heartbeat: 500 * time.Millisecond, Grace: 2 * time.Second}
	s.Fill()
	return s
}

func TestShape(t *testing.T) {
	shipped, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	file, err := shape(shipped, "/src", composeScenario())
	if err != nil {
		t.Fatal(err)
	}
	file.addExtra("extra-0", "host=h9")
	text, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Services map[string]struct {
			Build       struct{ Context string }
			Command     []string
			Environment map[string]any
			Volumes     []string
			Depends_On  map[string]any
			Restart     string
			Scale       *int
		}
		Volumes map[string]any
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Services) != 1+3+4+1+1+1 || len(got.Volumes) != 1+3+4+1+1 {
		t.Errorf("%d services, %d volumes: %s", len(got.Services), len(got.Volumes), text)
	}
	if s := got.Services["setup"]; s.Build.Context != "/src" || strings.Join(s.Command[5:], " ") != "a=mon-a b=mon-b c=mon-c" {
		t.Errorf("setup: %+v", s)
	}
	if s := got.Services["mon-c"]; strings.Join(s.Command, " ") != "zeph-mon run --mkfs --name c" || s.Volumes[1] != "mon-c:/data" {
		t.Errorf("mon-c: %+v", s)
	}
	if s := got.Services["osd-3"]; s.Environment["ZEPH_ID"] != 3.0 || s.Environment["ZEPH_CRUSH_LOCATION"] != "host=h3 rack=r1" || s.Volumes[1] != "osd-3:/data" || len(s.Depends_On) != 4 {
		t.Errorf("osd-3: %+v", s)
	}
	if s := got.Services["extra-0"]; s.Environment["ZEPH_CRUSH_LOCATION"] != "host=h9" || s.Environment["ZEPH_ID"] != nil || *s.Scale != 1 || !slices.Contains(s.Command, "--adopt") {
		t.Errorf("extra-0: %+v", s)
	}
}

func TestBridged(t *testing.T) {
	at := func(daemon, public, cluster string) container {
		c := container{daemon: daemon}
		c.NetworkSettings.Networks = map[string]struct{ IPAddress string }{"p_public": {public}, "p_cluster": {cluster}}
		return c
	}
	all := []container{at("mon.a", "1.1", ""), at("osd.0", "1.2", "2.2"), at("osd.1", "1.3", "2.3"), at("osd.2", "", ""), at("", "1.9", "")}
	for _, tt := range []struct {
		f    Fault
		want string
	}{
		{Fault{Of: "osd.0"}, "1.2>0.0.0.0/0 0.0.0.0/0>1.2 2.2>0.0.0.0/0 0.0.0.0/0>2.2"},
		{Fault{Of: "osd.0", From: []string{"osd.1", "mon.a", "osd.2"}, Way: "out"}, "1.2>1.3 1.2>1.1 2.2>2.3"},
		{Fault{Of: "mon.a", From: []string{"osd.0", "clients"}, Way: "in"}, "1.2>1.1 1.9>1.1"},
		{Fault{Of: "osd.2"}, ""},
	} {
		var got []string
		for _, r := range bridged(tt.f, all) {
			r = strings.TrimPrefix(r, "-p tcp -s ")
			got = append(got, strings.Replace(r, " -d ", ">", 1))
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%v: %s, want %s", tt.f, s, tt.want)
		}
	}
}

// TestCompose breaks containers in all the ways that there are, while clients work, and whatever was done then is taken
// back by another process.
func TestCompose(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	needsCompose(t)
	buildImage(t)
	t.Setenv("ZEPH_CAPACITY", "1G")
	made := openers[scenario.Compose]
	t.Cleanup(func() { openers[scenario.Compose] = made })
	openers[scenario.Compose] = func(o Options) (Target, error) {
		target, err := made(o)
		return leftBehind{target.(*composeTarget), t}, err
	}
	runScenario(t, scenario.Compose, `
cluster: {mons: 3, osds: 4, pg_num: 8}
workload: {writers: 3, readers: 2, objects: 12, think: 20ms}
steps:
  - {at: 2s, do: kill, osd: 0, until: osd.0 not up}
  - {after: 1s, do: wait}
  - {when: all pgs clean, within: 2m, do: cut, osd: 1, way: out, until: osd.1 not up}
  - {after: 2s, do: wait}
  - {when: all pgs clean, within: 2m, do: refuse, osd: 2, until: osd.2 not up}
  - {after: 2s, do: wait}
  - {when: all pgs clean, within: 2m, do: stick, osd: 3, until: osd.3 not up}
  - {after: 2s, do: wait}
  - {when: all pgs clean, within: 2m, do: add, count: 1}
  - {when: osd.4 up, within: 2m, do: wait}
seconds: 10
`)
}

// leftBehind is a target that does not take back what was done to it: another process has to.
type leftBehind struct {
	*composeTarget
	t *testing.T
}

func (l leftBehind) Down(ctx context.Context) error {
	must := func(err error) {
		l.t.Helper()
		if err != nil {
			l.t.Error(err)
		}
	}
	for _, f := range []Fault{{Verb: "cut", Of: "osd.0"}, {Verb: "pause", Of: "mon.b"}, {Verb: "kill", Of: "osd.2"}, {Verb: "stick", Of: "osd.1"}} {
		must(l.Do(ctx, f))
	}
	made, err := openCompose(l.opts)
	must(err)
	other := made.(*composeTarget)
	must(other.Mend(ctx))
	daemons, err := other.Daemons(ctx)
	must(err)
	if len(daemons) != 3+4+1 || daemons[7].Name != "osd.4" || daemons[0].Name != "mon.a" {
		l.t.Errorf("daemons: %+v", daemons)
	}
	for _, d := range daemons {
		if d.State != Running {
			l.t.Errorf("%s is %s", d.Name, d.State)
		}
	}
	must(other.Down(ctx))
	if left, err := other.look(ctx); len(left) > 0 || err != nil {
		l.t.Errorf("left: %+v, %v", left, err)
	}
	if rules, _ := exec.Command("iptables", "-S", "DOCKER-USER").Output(); strings.Contains(string(rules), other.now().Project) {
		l.t.Errorf("left:\n%s", rules)
	}
	return nil
}

// runScenario runs one, which has to pass.
func runScenario(t *testing.T, target, text string) {
	t.Helper()
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir()) // registries of our own
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	report, err := Run(t.Context(), Plan{
		Target: target, Name: t.Name(), Text: []byte(text), Seed: 1, Folder: filepath.Join(t.TempDir(), "run"), Talk: t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", report.Text())
	if report.Verdict.Result == Fail { // one that does not count says that the machine is slow
		t.Error("it failed")
	}
}

// needsCompose skips where containers cannot be broken; in CI they can.
func needsCompose(t *testing.T) {
	t.Helper()
	target, err := openCompose(Options{Folder: t.TempDir()})
	for _, verb := range []string{"cut", "stick", "rot"} {
		if err == nil {
			err = target.Can(verb)
		}
	}
	if err != nil && os.Getenv("CI") != "" {
		t.Fatalf("in CI it must be there: %v", err)
	}
	if err != nil {
		t.Skip(err)
	}
}

// buildImage builds an image of these binaries, unless one is named that is to be tried.
func buildImage(t *testing.T) {
	t.Helper()
	if os.Getenv("ZEPH_VERSION") != "" {
		return
	}
	t.Setenv("ZEPH_VERSION", fmt.Sprint("zephtest", os.Getpid()))
	t.Setenv("ZEPH_BUILD_TARGET", "local")
	make := exec.Command("make", "--silent", "image-binaries")
	make.Dir = "../.."
	if out, err := make.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { exec.Command("docker", "image", "rm", "-f", image()).Run() })
}
