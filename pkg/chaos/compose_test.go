package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"zeph/pkg/client"
	"zeph/pkg/scenario"
	"zeph/pkg/status"
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

// TestComposeTarget does everything to containers that a scenario may want.
func TestComposeTarget(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	target := composeUp(t, composeScenario())
	ctx := t.Context()
	c, err := target.Connect(ctx, Who{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	beside, err := target.Connect(ctx, Who{Name: "beside", Beside: "osd.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	up := func(osds int) {
		t.Helper()
		must(awaitUp(ctx, c, osds))
	}
	for _, f := range []Fault{
		{Verb: "kill", Of: "osd.0"}, {Verb: "stop", Of: "osd.1"}, {Verb: "pause", Of: "osd.2"},
		{Verb: "cut", Of: "osd.1"}, {Verb: "cut", Of: "osd.1", From: []string{"osd.0", "osd.2", "osd.3", "mon.a", "mon.b", "mon.c"}, Way: "out"},
		{Verb: "refuse", Of: "osd.3"}, {Verb: "stick", Of: "osd.0"},
	} {
		began := time.Now()
		must(target.Do(ctx, f))
		up(3)
		down := time.Since(began)
		must(target.Undo(ctx, f))
		up(4)
		t.Logf("%v: down after %v, up again after %v", f, down, time.Since(began))
	}
	name, err := target.Add(ctx, "h1")
	must(err)
	up(5)
	daemons, err := target.Daemons(ctx)
	must(err)
	if name != "osd.4" || len(daemons) != 8 || daemons[7].Name != name || daemons[7].Location != "host=h1 rack=r1" || daemons[0].Name != "mon.a" {
		t.Errorf("added %s; all: %+v", name, daemons)
	}
	if s, err := ask[status.Status](ctx, beside, "status", client.Args{}); err != nil || s.OSDs.Up != 5 {
		t.Errorf("%+v, %v", s, err)
	}
	must(target.Logs(ctx, t.TempDir()))

	// Whatever was done, another process takes back.
	must(target.Do(ctx, Fault{Verb: "cut", Of: "osd.0"}))
	must(target.Do(ctx, Fault{Verb: "pause", Of: "mon.b"}))
	must(target.Do(ctx, Fault{Verb: "kill", Of: "osd.2"}))
	other, err := openCompose(target.opts)
	must(err)
	must(other.Mend(ctx))
	up(5)
	must(other.Down(ctx))
	if left, err := target.look(ctx); len(left) > 0 || err != nil {
		t.Errorf("left: %+v, %v", left, err)
	}
}

// composeUp starts a cluster of containers, with an image of these binaries.
func composeUp(t *testing.T, s *scenario.Scenario) *composeTarget {
	t.Helper()
	made, err := openCompose(Options{Folder: t.TempDir(), Talk: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	target := made.(*composeTarget)
	if err := target.Can("cut"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("in CI it must be there: %v", err)
		}
		t.Skip(err)
	}
	buildImage(t)
	t.Setenv("ZEPH_CAPACITY", "1G")
	t.Cleanup(func() {
		if err := target.Down(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := target.Up(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return target
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
