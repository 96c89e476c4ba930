package placement

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
)

// big is racks × hosts × disks OSDs, up and in, and one pool of three replicas over hosts.
func big(b *testing.B, racks, hosts, disks int, pgs uint32) *osdmap.Map {
	b.Helper()
	var text strings.Builder
	n := racks * hosts * disks
	for i := range n {
		fmt.Fprintf(&text, "device %d osd.%d\n", i, i)
	}
	text.WriteString("type 0 osd\ntype 1 host\ntype 2 rack\ntype 3 root\n")
	text.WriteString("tunable choose_local_tries 0 tunable choose_local_fallback_tries 0 tunable choose_total_tries 50\n")
	text.WriteString("tunable chooseleaf_descend_once 1 tunable chooseleaf_vary_r 1 tunable chooseleaf_stable 1\n")
	osd, items := 0, ""
	for r := range racks {
		inRack := ""
		for h := range hosts {
			fmt.Fprintf(&text, "host h%d-%d { alg straw2 hash 0\n", r, h)
			for range disks {
				fmt.Fprintf(&text, "item osd.%d weight 1.0\n", osd)
				osd++
			}
			text.WriteString("}\n")
			inRack += fmt.Sprintf("item h%d-%d\n", r, h)
		}
		fmt.Fprintf(&text, "rack r%d { alg straw2 hash 0\n%s}\n", r, inRack)
		items += fmt.Sprintf("item r%d\n", r)
	}
	fmt.Fprintf(&text, "root default { alg straw2 hash 0\n%s}\n", items)
	text.WriteString("rule rep { id 0 type replicated step take default step chooseleaf firstn 0 type host step emit }\n")
	c, _, err := crush.ParseText([]byte(text.String()))
	if err != nil {
		b.Fatal(err)
	}
	m := osdmap.New(osdmap.UUID{1}, 0)
	change := m.Next(0)
	change.Crush = c
	top := int32(n)
	change.MaxOSD = &top
	for id := range osdmap.OSDID(n) {
		change.OSDs[id] = upIn(m, id)
	}
	change.Pools = []osdmap.Pool{{
		ID: 1, Name: "data", Type: osdmap.Replicated, Size: 3, MinSize: 2, PGNum: pgs, PGPNum: pgs,
		ObjectHash: osdmap.HashRJenkins, Flags: osdmap.PoolHashPSPool,
	}}
	if m, err = m.Apply(change); err != nil {
		b.Fatal(err)
	}
	return m
}

// BenchmarkTable maps all 16,384 PGs of a pool on 1,000 OSDs.
func BenchmarkTable(b *testing.B) {
	m := big(b, 5, 20, 10, 16384)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewTable(m); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNext is the remap after a Change that touches few of those PGs.
func BenchmarkNext(b *testing.B) {
	m := big(b, 5, 20, 10, 16384)
	table, err := NewTable(m)
	if err != nil {
		b.Fatal(err)
	}
	zero := crush.Weight(0)
	for _, c := range []struct {
		name string
		fill func(*osdmap.Change)
	}{
		{"nothing", func(*osdmap.Change) {}},
		{"down", func(c *osdmap.Change) { c.OSDs[7] = osdmap.OSDChange{Down: true} }},
		{"out", func(c *osdmap.Change) { c.OSDs[7] = osdmap.OSDChange{Weight: &zero} }},
		{"pg_temp", func(c *osdmap.Change) { c.PGTemp[osdmap.PGID{Pool: 1, Seed: 9}] = []osdmap.OSDID{1, 2, 3} }},
	} {
		change := m.Next(0)
		c.fill(change)
		next, err := m.Apply(change)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := table.Next(next); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkMemory tells what a map of 10,000 OSDs and its table keep on the heap.
func BenchmarkMemory(b *testing.B) {
	heap := func() uint64 {
		var s runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	for b.Loop() {
		empty := heap()
		m := big(b, 25, 20, 20, 16384)
		withMap := heap()
		table, err := NewTable(m)
		if err != nil {
			b.Fatal(err)
		}
		withTable := heap()
		b.ReportMetric(float64(withMap-empty)/1e6, "MB/map")
		b.ReportMetric(float64(withTable-withMap)/1e6, "MB/table")
		runtime.KeepAlive(m)
		runtime.KeepAlive(table)
	}
}
