package mon

import (
	"fmt"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

const warnLevel = core.Warn

// upThru is a primary that wants the map to say that it was up at its interval's first epoch (protocol
// 4.3). One request serves all PGs of an OSD.
type upThru struct {
	askers []asker
	osd    osdmap.OSDID
	gid    wire.GID
	want   osdmap.Epoch
}

func (u *upThru) absorb(_ *leader, other intent) bool {
	o, ok := other.(*upThru)
	if !ok || o.osd != u.osd || o.gid != u.gid {
		return false
	}
	u.askers, u.want = append(u.askers, o.askers...), max(u.want, o.want)
	return true
}

func (u *upThru) cancel(l *leader, err *wire.Error) {
	for _, a := range u.askers {
		l.c.fail(a, err)
	}
}

func (u *upThru) plan(l *leader, d *draft) verdict {
	o, _ := d.st.m.OSD(u.osd)
	switch {
	case !o.Up || wire.GID(o.GID) != u.gid:
		u.cancel(l, wire.Overtaken.Errorf("%v: run %v is not up in epoch %d", u.osd, u.gid, d.st.Epoch()))
		return done
	case u.want <= o.UpThru:
		u.answer(l, d.st.Epoch())
		return done
	case u.want > d.st.Epoch():
		u.cancel(l, wire.Busy.Errorf("%v asks about epoch %d, the newest here is %d", u.osd, u.want, d.st.Epoch()))
		return done
	case d.c.OSDs[u.osd].Down:
		return later // never together with marking it down: then it is too late
	}
	if err := d.editOSD(u.osd, func(c *osdmap.OSDChange) { c.UpThru = max(c.UpThru, u.want) }); err != nil {
		return later
	}
	d.then = append(d.then, func(e osdmap.Epoch) { u.answer(l, e) })
	return planned
}

func (u *upThru) answer(l *leader, e osdmap.Epoch) {
	for _, a := range u.askers {
		l.c.reply(a, &wire.Done{Epoch: e}, nil)
	}
}

// goodbye is an OSD that has stopped serving. The flag nodown does not keep it up: nobody would
// be served by that.
type goodbye struct {
	asker
	osd osdmap.OSDID
	gid wire.GID
}

func (g *goodbye) absorb(l *leader, other intent) bool {
	o, ok := other.(*goodbye)
	if !ok || o.osd != g.osd || o.gid != g.gid {
		return false
	}
	l.c.drop(g.asker)
	*g = *o
	return true
}

func (g *goodbye) cancel(l *leader, err *wire.Error) { l.c.fail(g.asker, err) }

func (g *goodbye) plan(l *leader, d *draft) verdict {
	o, exists := d.st.m.OSD(g.osd)
	if !exists || wire.GID(o.GID) != g.gid || !o.Up && o.Goodbye {
		l.c.reply(g.asker, &wire.Done{Epoch: d.st.Epoch()}, nil)
		return done
	}
	if d.touches(g.osd) {
		return later
	}
	err := d.editOSD(g.osd, func(c *osdmap.OSDChange) { c.Down, c.Goodbye = o.Up, true })
	if err != nil {
		return later
	}
	d.note("info", g.osd.String(), fmt.Sprintf("%v says goodbye and is down", g.osd))
	d.then = append(d.then, func(e osdmap.Epoch) {
		l.soft(g.osd).why = "it said goodbye"
		l.c.reply(g.asker, &wire.Done{Epoch: e}, nil)
	})
	return planned
}
