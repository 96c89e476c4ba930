package osdmap

import (
	"strings"

	"zeph/pkg/crush"
)

// osds reads the OSDs. Of osd_xinfo, which is about how flappy they were, only the weight
// before automatic out is state of the cluster.
func (r *dumpReader) osds(o *dumpObject, m *Map) {
	oldWeight := make(map[OSDID]crush.Weight)
	for _, x := range o.objects("osd_xinfo") {
		oldWeight[OSDID(x.integer("osd", 0, MaxOSDs-1))] = crush.Weight(x.integer("old_weight", 0, 1<<32-1))
	}
	o.require("osds")
	for _, e := range o.objects("osds") {
		id := OSDID(e.integer("osd", 0, max(0, int64(m.maxOSD)-1)))
		for len(m.osds) <= int(id) {
			m.osds = append(m.osds, nil)
		}
		if m.osds[id] != nil {
			r.fail(e.path, "%v appears twice", id)
		}
		m.osds[id] = r.osd(e, oldWeight[id])
	}
	m.osds = trimOSDs(m.osds)
}

// osd reads one OSD. Ceph's maps have no gid: the nonce in an address is not unique.
func (r *dumpReader) osd(e *dumpObject, oldWeight crush.Weight) *OSD {
	osd := &OSD{
		Up:              e.integer("up", 0, 1) == 1,
		Weight:          e.weight("weight"),
		PrimaryAffinity: crush.One,
		UpFrom:          e.epoch("up_from"),
		UpThru:          e.epoch("up_thru"),
		DownAt:          e.epoch("down_at"),
		LostAt:          e.epoch("lost_at"),
	}
	if e.has("primary_affinity") {
		osd.PrimaryAffinity = e.weight("primary_affinity")
	}
	if e.has("uuid") {
		osd.Store = e.uuid("uuid")
	}
	for i, state := range e.texts("state") {
		switch state {
		case "exists", "up", "new":
		case "autoout":
			osd.OldWeight = min(oldWeight, crush.One)
		case "destroyed":
			osd.Destroyed = true
		default:
			r.warn("%s.state[%d]: %s is not supported", e.path, i, state)
		}
	}
	for _, kind := range []string{"public", "cluster", "heartbeat_back", "heartbeat_front"} {
		osd.Addrs = append(osd.Addrs, e.addrs(kind)...)
	}
	osd.Addrs = sortAddrs(osd.Addrs)
	e.ignore("in", "last_clean_begin", "last_clean_end")
	e.rest()
	return osd
}

// addrs reads the addresses of one kind: a list since Ceph's 14th release, one before.
func (e *dumpObject) addrs(kind string) []Addr {
	var addrs []Addr
	if e.has(kind + "_addrs") {
		for _, a := range e.object(kind + "_addrs").objects("addrvec") {
			addrs = append(addrs, Addr{kind + "." + a.text("type"), a.text("addr")})
		}
	} else if host, _, _ := strings.Cut(e.text(kind+"_addr"), "/"); host != "" && host[0] != ':' {
		addrs = append(addrs, Addr{kind, host})
	}
	e.ignore(kind + "_addr")
	return addrs
}
