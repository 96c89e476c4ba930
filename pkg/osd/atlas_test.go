package osd

import (
	"fmt"
	"testing"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

var testFSID = osdmap.UUID{0xfe, 15: 1}

// atlas is the history of maps as the monitors of a test have it. The first map has a CRUSH map of so
// many OSDs, two to a host; all are in, none is up.
type atlas struct {
	t       testing.TB
	maps    []*osdmap.Map // by epoch
	changes [][]byte      // the same
	oldest  osdmap.Epoch  // whose change is still told
}

func newAtlas(t testing.TB, osds, perHost int) *atlas {
	a := &atlas{t: t, maps: []*osdmap.Map{osdmap.New(testFSID, 1000)}, changes: [][]byte{nil}, oldest: 1}
	a.change(func(c *osdmap.Change) {
		c.Crush = hosts(osds, perHost)
		n := int32(osds)
		c.MaxOSD = &n
		for id := range osdmap.OSDID(osds) {
			c.OSDs[id] = osdmap.OSDChange{Create: true}
		}
	})
	return a
}

func hosts(osds, perHost int) *crush.Map {
	m := &crush.Map{
		Tunables: crush.DefaultTunables(),
		Types:    []crush.Type{{ID: 0, Name: "osd"}, {ID: 1, Name: "host"}, {ID: 2, Name: "root"}},
		Buckets:  []crush.Bucket{{ID: -1, Name: "default", Type: 2, Alg: crush.Straw2}},
		Rules: []crush.Rule{{ID: 0, Name: "replicated", Type: crush.Replicated, MinSize: 1, MaxSize: 10, Steps: []crush.Step{
			{Op: crush.OpTake, Arg1: -1}, {Op: crush.OpChooseleafFirstn, Arg2: 1}, {Op: crush.OpEmit}}}},
	}
	for id := 0; id < osds; id++ {
		m.Devices = append(m.Devices, crush.Device{ID: crush.ItemID(id), Name: fmt.Sprintf("osd.%d", id)})
		if id%perHost == 0 {
			host := crush.ItemID(-2 - id/perHost)
			m.Buckets[0].Items = append(m.Buckets[0].Items, crush.Item{ID: host})
			m.Buckets = append(m.Buckets, crush.Bucket{ID: host, Name: fmt.Sprintf("host%d", id/perHost), Type: 1, Alg: crush.Straw2})
		}
		m.Buckets[0].Items[id/perHost].Weight += crush.One
		host := &m.Buckets[1+id/perHost]
		host.Items = append(host.Items, crush.Item{ID: crush.ItemID(id), Weight: crush.One})
	}
	return m
}

func (a *atlas) newest() *osdmap.Map { return a.maps[len(a.maps)-1] }

// change makes the next map.
func (a *atlas) change(edit func(*osdmap.Change)) {
	m := a.newest()
	c := m.Next(m.Modified() + 1000)
	edit(c)
	b, err := c.Encode()
	if err != nil {
		a.t.Fatal(err)
	}
	next, err := m.Apply(c)
	if err != nil {
		a.t.Fatal(err)
	}
	a.maps, a.changes = append(a.maps, next), append(a.changes, b)
}

// answer answers who asks for maps, as one does who has maps up to an epoch.
func (a *atlas) answer(ask *wire.GetMaps, upTo osdmap.Epoch) (*wire.GetMapsReply, []byte) {
	r := &wire.GetMapsReply{Oldest: a.oldest, Newest: upTo}
	if !ask.Whole {
		if ask.After+1 >= a.oldest && ask.After < upTo {
			r.Changes = a.changes[ask.After+1 : upTo+1]
		}
		return r, nil
	}
	e := ask.Epoch
	if e == 0 {
		e = upTo
	}
	b, err := a.maps[e].Encode()
	if err != nil {
		a.t.Fatal(err)
	}
	r.Epoch, r.Size = e, uint64(len(b))
	return r, b[ask.Offset:]
}

func storeOf(id osdmap.OSDID) osdmap.UUID { return osdmap.UUID{0x57, 15: byte(id)} }

// up marks an OSD up and in, as the run of a gid.
func (a *atlas) up(id osdmap.OSDID, gid wire.GID) {
	one := crush.One
	a.change(func(c *osdmap.Change) {
		c.OSDs[id] = osdmap.OSDChange{Up: &osdmap.Boot{GID: uint64(gid), Store: storeOf(id), Addrs: addrs(id)}, Weight: &one}
	})
}

func (a *atlas) down(ids ...osdmap.OSDID) {
	a.change(func(c *osdmap.Change) {
		for _, id := range ids {
			c.OSDs[id] = osdmap.OSDChange{Down: true}
		}
	})
}

func addrs(id osdmap.OSDID) []osdmap.Addr {
	var list []osdmap.Addr
	for _, name := range []string{"cluster.bulk", "cluster.control", "cluster.data", "cluster.heartbeat", "public.control", "public.data"} {
		list = append(list, osdmap.Addr{Name: name, Addr: fmt.Sprintf("inproc://%v.%s", id, name)})
	}
	return list
}

// pool makes a pool.
func (a *atlas) pool(id osdmap.PoolID, name string, size, pgs uint32) {
	a.change(func(c *osdmap.Change) {
		c.Pools = []osdmap.Pool{{ID: id, Name: name, Type: osdmap.Replicated, Size: size, MinSize: size/2 + 1, PGNum: pgs, PGPNum: pgs,
			Flags: osdmap.PoolHashPSPool, ObjectHash: osdmap.HashRJenkins}}
	})
}
