package osd

import (
	"slices"
	"time"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// peerFor is the peer of the run of an OSD that the map has: the one that we have, or a new one.
func (c *Core) peerFor(id osdmap.OSDID) *peer {
	o, _ := c.maps.cur.Map().OSD(id)
	if p := c.peer(id); p != nil && p.gid == wire.GID(o.GID) {
		return p
	}
	first := c.now.Mono + time.Duration(c.rand.beat.IntN(int(c.set.HeartbeatInterval)))
	return &peer{id: id, gid: wire.GID(o.GID), next: first, heard: c.now.Mono, moved: c.now.Mono}
}

// neighbours are OSDs next to one by id, two upwards and two downwards, each in another host than the
// ones before: then every OSD is watched from two hosts, if there are so many, whatever PGs there are.
func neighbours(m *osdmap.Map, id osdmap.OSDID) []osdmap.OSDID {
	var ups []osdmap.OSDID
	for other, o := range m.OSDs() {
		if o.Up || other == id {
			ups = append(ups, other)
		}
	}
	at := slices.Index(ups, id)
	if at < 0 {
		return nil
	}
	hosts := hostsOf(m.Crush())
	var found []osdmap.OSDID
	for _, step := range []int{1, len(ups) - 1} {
		seen := []crush.ItemID{hosts[crush.ItemID(id)]}
		for i := (at + step) % len(ups); i != at && len(seen) < 3; i = (i + step) % len(ups) {
			if h := hosts[crush.ItemID(ups[i])]; !slices.Contains(seen, h) {
				seen = append(seen, h)
				found = append(found, ups[i])
			}
		}
	}
	if len(found) == 0 && len(ups) > 1 { // one host is all there is
		found = append(found, ups[(at+1)%len(ups)], ups[(at+len(ups)-1)%len(ups)])
	}
	return found
}

// hostsOf says for each OSD which host it stands in; where there are no hosts, which bucket.
func hostsOf(m *crush.Map) map[crush.ItemID]crush.ItemID {
	hosts := map[crush.ItemID]crush.ItemID{}
	if m == nil {
		return hosts
	}
	host, named := m.TypeNamed("host")
	for i := range m.Buckets {
		b := &m.Buckets[i]
		for _, item := range b.Items {
			if _, known := hosts[item.ID]; item.ID >= 0 && (!known || named && b.Type == host) {
				hosts[item.ID] = b.ID
			}
		}
	}
	return hosts
}
