package sim

import (
	"flag"
	"fmt"
	"os"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"zeph/pkg/osdmap"
	"zeph/pkg/scenario"
)

var (
	scaleOSDs  = flag.Int("scale-osds", 0, "lose a rack of a cluster of so many OSDs, in racks of 50 (make sim-scale)")
	scalePGs   = flag.Int("scale-pgs", 32768, "PGs of it")
	scaleRacks = flag.Int("scale-racks", 20, "racks of it")
	scaleProf  = flag.String("scale-prof", "", "prefix of files for profiles of each part of it")
)

// TestRackLost lets a large cluster lose a rack for good, and heal: every PG has all its copies again on those that are
// left.
func TestRackLost(t *testing.T) {
	if *scaleOSDs == 0 {
		t.Skip("takes minutes: make sim-scale")
	}
	s := calm(scenario.Scenario{Mons: 3, OSDs: *scaleOSDs, PGs: *scalePGs,
		Workload: scenario.Workload{Writers: 4, Readers: 4, Lanes: 1, Objects: 2000, Think: 20 * time.Millisecond}})
	s.Racks, s.Hosts = *scaleRacks, max(*scaleRacks, *scaleOSDs/5)
	s.Pools = []scenario.Pool{{Name: "sim", PGs: *scalePGs, Size: 3, MinSize: 2, Domain: "rack"}}
	s.DownOut = 2 * time.Second
	began := time.Now()
	c := newCluster(s, nil)
	at := began
	part := func(name string, do func() bool) {
		t.Helper()
		if *scaleProf != "" {
			f, err := os.Create(*scaleProf + strings.ReplaceAll(name, " ", "-") + ".prof")
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := pprof.StartCPUProfile(f); err != nil {
				t.Fatal(err)
			}
			defer pprof.StopCPUProfile()
		}
		virtual, steps, cpu := c.w.now, c.w.steps, cpuTime()
		ok := do()
		t.Logf("%-24s %8.1f s virtual, %6.1f s, %6.1f s of processors, %9d events, epoch %d, peak %s", name,
			(c.w.now - virtual).Seconds(), time.Since(at).Seconds(), (cpuTime() - cpu).Seconds(), c.w.steps-steps, c.state().Epoch(), peak())
		at = time.Now()
		if !ok || len(c.found) > 0 {
			t.Fatalf("%s: %v", name, c.found)
		}
	}
	part("osds boot, pool is clean", c.bringUp)
	c.watchOver()
	part("clients work", func() bool {
		for _, cl := range c.clients {
			cl.begin()
		}
		c.w.Run(c.w.now + time.Second)
		return true
	})
	part("a rack is lost", func() bool {
		c.ask("config set", "who", "mon", "name", "mon_osd_down_out_subtree_limit", "value", "root")
		for id, o := range c.osds {
			if id%s.Hosts%s.Racks == 0 {
				c.gone[id] = true
				o.Crash(true)
			}
		}
		lost := func() int {
			m, n := c.state().Map(), 0
			for id := range c.osds {
				if c.gone[id] && m.IsOut(osdmap.OSDID(id)) {
					n++
				}
			}
			return n
		}
		return c.until(60*time.Second, func() bool { return lost() == *scaleOSDs / *scaleRacks })
	})
	part("it heals", func() bool {
		if !c.until(600*time.Second, c.clean) {
			c.violation("not clean", fmt.Sprintf("%.1000s", c.states()))
		}
		return true
	})
	t.Logf("all: %.1f s virtual, %.1f s; %+v, peak %s", c.w.now.Seconds(), time.Since(began).Seconds(), c.counts, peak())
}

// peak is the most memory that the process has had, as Linux tells.
func peak() string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(status)) {
		var kib int
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
			return fmt.Sprintf("%d MiB", kib/1024)
		}
	}
	return "unknown"
}
