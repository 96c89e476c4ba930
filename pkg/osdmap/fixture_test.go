package osdmap

import (
	"fmt"
	"testing"

	"zeph/pkg/crush"
)

var testFSID = UUID{0xfe, 15: 0x01}

// testCrush has rule 0 for replicated pools and rule 1 for erasure pools, over hosts.
func testCrush(hosts, perHost int) *crush.Map {
	m := &crush.Map{
		Tunables: crush.DefaultTunables(),
		Types:    []crush.Type{{ID: 0, Name: "osd"}, {ID: 1, Name: "host"}, {ID: 2, Name: "root"}},
		Buckets:  []crush.Bucket{{ID: -1, Name: "default", Type: 2, Alg: crush.Straw2}},
		Rules: []crush.Rule{
			{ID: 0, Name: "replicated", Type: crush.Replicated, MinSize: 1, MaxSize: 10, Steps: []crush.Step{
				{Op: crush.OpTake, Arg1: -1}, {Op: crush.OpChooseleafFirstn, Arg2: 1}, {Op: crush.OpEmit}}},
			{ID: 1, Name: "erasure", Type: crush.Erasure, MinSize: 1, MaxSize: 10, Steps: []crush.Step{
				{Op: crush.OpTake, Arg1: -1}, {Op: crush.OpChooseleafIndep, Arg2: 1}, {Op: crush.OpEmit}}},
		},
	}
	for h := range hosts {
		host := crush.Bucket{ID: crush.ItemID(-2 - h), Name: fmt.Sprintf("host%d", h), Type: 1, Alg: crush.Straw2}
		for o := range perHost {
			id := crush.ItemID(h*perHost + o)
			m.Devices = append(m.Devices, crush.Device{ID: id, Name: fmt.Sprintf("osd.%d", id)})
			host.Items = append(host.Items, crush.Item{ID: id, Weight: crush.One})
		}
		m.Buckets[0].Items = append(m.Buckets[0].Items, crush.Item{ID: host.ID, Weight: host.Weight()})
		m.Buckets = append(m.Buckets, host)
	}
	return m
}

func testPool(id PoolID, name string) Pool {
	return Pool{
		ID: id, Name: name, Type: Replicated, Size: 3, MinSize: 2, PGNum: 32, PGPNum: 32,
		Flags: PoolHashPSPool, ObjectHash: HashRJenkins, Application: "test",
	}
}

// testBoot is the n-th run of an OSD on its own store.
func testBoot(id OSDID, run uint64) *Boot {
	boot := &Boot{GID: run<<32 | uint64(id) + 1, Store: UUID{0x57, 12: byte(id >> 24), byte(id >> 16), byte(id >> 8), byte(id)}}
	for i, class := range []string{"control", "data", "bulk", "heartbeat"} {
		host := fmt.Sprintf("10.%d.%d.%d", id>>16, id>>8&255, id&255)
		boot.Addrs = append(boot.Addrs,
			Addr{"public." + class, fmt.Sprintf("%s:%d", host, 6800+i)},
			Addr{"cluster." + class, fmt.Sprintf("%s:%d", host, 6810+i)})
	}
	return boot
}

// next applies what edit puts in a Change.
func next(t testing.TB, m *Map, edit func(*Change)) *Map {
	t.Helper()
	c := m.Next(m.Modified() + 1000)
	edit(c)
	after, err := m.Apply(c)
	if err != nil {
		t.Fatal(err)
	}
	return after
}

// testMap is a cluster at epoch 2: OSDs up and in, pool 1 "rbd" replicated, pool 2 "ec" erasure.
func testMap(t testing.TB, hosts, perHost int) *Map {
	t.Helper()
	m := next(t, New(testFSID, 1_000_000), func(c *Change) {
		n := int32(hosts * perHost)
		c.Crush, c.MaxOSD = testCrush(hosts, perHost), &n
		ec := testPool(2, "ec")
		ec.Type, ec.Rule, ec.Size, ec.MinSize = Erasure, 1, 4, 3
		c.Pools = []Pool{testPool(1, "rbd"), ec}
		for id := range OSDID(n) {
			c.OSDs[id] = OSDChange{Create: true}
		}
	})
	return next(t, m, func(c *Change) {
		for id := range m.OSDs() {
			c.OSDs[id] = OSDChange{Up: testBoot(id, 1), Weight: weight(crush.One)}
		}
	})
}

func weight(w crush.Weight) *crush.Weight { return &w }

// encoded is the whole content of a map, for comparing.
func encoded(t testing.TB, m *Map) string {
	t.Helper()
	b, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
