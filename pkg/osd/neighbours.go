package osd

import (
	"slices"
	"time"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// gatherPeers chooses whom to ping: whoever shares PGs with this OSD, and a few neighbours, lest an OSD
// without PGs is watched by nobody.
func (c *Core) gatherPeers() {
	if c.phase != up && !c.listens() {
		return
	}
	c.gathered = c.now.Mono
	m := c.maps.cur.Map()
	wanted := make([]bool, m.MaxOSD())
	want := func(id osdmap.OSDID) {
		if id >= 0 && int(id) < len(wanted) && id != c.cfg.ID && m.IsUp(id) {
			wanted[id] = true
		}
	}
	for _, s := range c.order {
		for _, id := range s.pg.Peers() {
			want(id)
		}
	}
	for _, id := range neighbours(m, c.cfg.ID) {
		want(id)
	}
	var peers []*peer
	for id, yes := range wanted {
		if yes {
			peers = append(peers, c.peerFor(osdmap.OSDID(id)))
		}
	}
	c.peers = peers
}

// peerFor is the peer of the run of an OSD that the map has: the one that we have, or a new one.
func (c *Core) peerFor(id osdmap.OSDID) *peer {
	o, _ := c.maps.cur.Map().OSD(id)
	if p := c.peer(id); p != nil && p.gid == wire.GID(o.GID) {
		return p
	}
	first := c.now.Mono + time.Duration(c.rand.beat.IntN(int(c.set.HeartbeatInterval)))
	if c.listens() {
		first = c.now.Mono
	}
	return &peer{id: id, gid: wire.GID(o.GID), next: first, heard: c.now.Mono, moved: c.now.Mono}
}

// neighbours are OSDs for one to ping whatever PGs there are. The hosts stand in a ring, and each OSD pings
// its counterparts in the hosts before and after its own: so all OSDs of a host are watched from two
// others, if there are so many.
func neighbours(m *osdmap.Map, id osdmap.OSDID) []osdmap.OSDID {
	ring, mine := ringOf(m, id)
	if mine < 0 {
		return nil
	}
	own := ring[mine]
	i := slices.Index(own, id)
	if len(ring) == 1 {
		return others(id, own[(i+1)%len(own)], own[(i+len(own)-1)%len(own)])
	}
	var found []osdmap.OSDID
	for _, step := range []int{1, len(ring) - 1} {
		host := ring[(mine+step)%len(ring)]
		if i >= len(host) {
			found = append(found, host[i%len(host)])
		}
		for j := i; j < len(host); j += len(own) {
			found = append(found, host[j])
		}
	}
	return others(id, found...)
}

// others is the list without an OSD, and each but once.
func others(id osdmap.OSDID, list ...osdmap.OSDID) []osdmap.OSDID {
	slices.Sort(list)
	return slices.DeleteFunc(slices.Compact(list), func(o osdmap.OSDID) bool { return o == id })
}

// ringOf groups the OSDs that are up, and one more, by host, and says which group that one is in.
func ringOf(m *osdmap.Map, id osdmap.OSDID) (ring [][]osdmap.OSDID, mine int) {
	hosts := hostsOf(m.Crush())
	at := map[crush.ItemID]int{}
	mine = -1
	for other, o := range m.OSDs() {
		if !o.Up && other != id {
			continue
		}
		host := hosts[crush.ItemID(other)]
		n, known := at[host]
		if !known {
			n = len(ring)
			at[host] = n
			ring = append(ring, nil)
		}
		ring[n] = append(ring[n], other)
		if other == id {
			mine = n
		}
	}
	return ring, mine
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
