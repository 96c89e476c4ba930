package sim

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"zeph/pkg/scenario"
)

// speeds are the clusters whose speed is watched (make bench-sim). The daemons are set as they come, nothing goes wrong.
var speeds = []struct {
	name string
	s    scenario.Scenario
}{
	{"pg1_osds5", scenario.Scenario{Mons: 1, OSDs: 5, PGs: 1,
		Workload: scenario.Workload{Writers: 1, Readers: 1, Lanes: 1, Objects: 4, Think: 2 * time.Second}}},
	{"pgs128_osds8_busy", scenario.Scenario{Mons: 3, OSDs: 8, PGs: 128,
		Workload: scenario.Workload{Writers: 4, Readers: 4, Lanes: 1, Objects: 64, Think: 20 * time.Millisecond}}},
	{"pgs128_osds8_idle", scenario.Scenario{Mons: 3, OSDs: 8, PGs: 128,
		Workload: scenario.Workload{Writers: 4, Readers: 4, Lanes: 1, Objects: 64, Think: 10 * time.Second}}},
}

// BenchmarkWorld lets clusters work without faults, and says how many virtual seconds pass in one of the clock's, and in
// one of the processor's.
func BenchmarkWorld(b *testing.B) {
	for _, speed := range speeds {
		b.Run(speed.name, func(b *testing.B) {
			s := calm(speed.s)
			c := newCluster(s, nil)
			if !c.bringUp() {
				b.Fatal(c.found)
			}
			c.watchOver()
			for _, cl := range c.clients {
				cl.begin()
			}
			c.w.Run(c.w.now + 5*time.Second)
			began, steps, cpu := c.w.now, c.w.steps, cpuTime()
			b.ReportAllocs()
			for b.Loop() {
				c.w.Run(c.w.now + time.Second)
			}
			virtual := (c.w.now - began).Seconds()
			b.ReportMetric(virtual/b.Elapsed().Seconds(), "virtual-s/s")
			if used := cpuTime() - cpu; used > 0 {
				b.ReportMetric(virtual/used.Seconds(), "virtual-s/cpu-s")
			}
			b.ReportMetric(float64(c.w.steps-steps)/virtual, "events/virtual-s")
			b.ReportMetric(float64(c.counts.Done)/c.w.now.Seconds(), "ops/virtual-s")
			if len(c.found) > 0 {
				b.Error(c.found)
			}
		})
	}
}

// calm is a scenario in which all goes well, with the settings of a new cluster.
func calm(s scenario.Scenario) settings {
	s.Name, s.Hosts, s.Size, s.MinSize, s.Seconds, s.Heal = "speed", s.OSDs, 3, 2, 1, 90
	s.Heartbeat, s.Grace, s.Lease, s.DownOut = 500*time.Millisecond, 2*time.Second, 800*time.Millisecond, 10*time.Minute
	s.MinMaps = 500
	s.End = scenario.Healed
	return settings{Scenario: s, Seed: 1}
}

// cpuTime is what the process has used of processors, as Linux tells; 0 elsewhere.
func cpuTime() time.Duration {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	ticks := 0
	for _, at := range []int{11, 12} { // utime, stime, in hundredths of a second
		n, err := strconv.Atoi(string(fields[at]))
		if err != nil {
			panic(fmt.Sprintf("/proc/self/stat: %s: %v", stat, err))
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
