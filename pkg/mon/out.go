package mon

import (
	"fmt"
	"time"

	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// putOut puts OSDs out that have been down for long, unless a brake holds (protocol 14.8).
func (l *leader) putOut() {
	for _, id := range l.sortedOSDs() {
		s := l.osds[id]
		if s.downAt == 0 {
			continue
		}
		left, held := l.outIn(id)
		if held != s.held && held != "" && held != "out" {
			l.c.log(warnLevel, "osd does not go out by itself", "osd", id, "err", held)
		}
		s.held = held
		if held == "" && left == 0 {
			l.want(&out{osd: id}, false)
		}
	}
}

// outIn is how long until an OSD goes out by itself, or why it does not. Out already: "out".
func (l *leader) outIn(id osdmap.OSDID) (left time.Duration, held string) {
	m, s := l.c.st.m, l.soft(id)
	o, _ := m.OSD(id)
	limit := l.c.st.length("mon_osd_down_out_interval")
	switch {
	case o.Weight == 0:
		return 0, "out"
	case limit == 0:
		return 0, "mon_osd_down_out_interval is 0"
	case m.Has(osdmap.FlagNoOut):
		return 0, "the flag noout is set"
	}
	if left = s.downAt + limit - l.c.now.Mono; left > 0 {
		return left, ""
	}
	return 0, l.brake(m, id)
}

// brake is why an OSD must not be put out automatically; empty: it may.
func (l *leader) brake(m *osdmap.Map, id osdmap.OSDID) string {
	all, automatic := uint64(0), uint64(1) // this one with those that are out already
	for _, o := range m.OSDs() {
		all++
		if o.OldWeight != 0 {
			automatic++
		}
	}
	most := l.c.st.share("mon_osd_max_auto_out_ratio")
	if automatic*uint64(osdmap.Whole) > all*uint64(most) {
		return fmt.Sprintf("%d of %d osds would be out automatically, and mon_osd_max_auto_out_ratio is %v", automatic, all, most)
	}
	kind, t := l.c.st.word("mon_osd_down_out_subtree_limit"), l.tree.of(m.Crush())
	bucket, ok := t.above(id, kind)
	if !ok {
		return ""
	}
	for _, other := range t.below(bucket) {
		if m.IsUp(other) {
			return ""
		}
	}
	return fmt.Sprintf("all of %s %s is down (mon_osd_down_out_subtree_limit)", kind, t.m.ItemName(bucket))
}

// out puts an OSD out automatically: its weight is remembered, and comes back when it boots.
type out struct {
	osd osdmap.OSDID
}

func (w *out) absorb(_ *leader, other intent) bool {
	o, ok := other.(*out)
	return ok && o.osd == w.osd
}

func (*out) cancel(*leader, *wire.Error) {}

func (w *out) plan(l *leader, d *draft) verdict {
	o, exists := d.m.OSD(w.osd)
	if !exists || o.Up || o.Weight == 0 || d.m.Has(osdmap.FlagNoOut) || l.brake(d.m, w.osd) != "" {
		return done // others of this draft may have used up the brake's allowance
	}
	if d.touches(w.osd) {
		return later
	}
	if err := d.editOSD(w.osd, func(c *osdmap.OSDChange) { c.AutoOut = true }); err != nil {
		return done
	}
	d.note("warn", l.c.entity.String(), fmt.Sprintf("%v is out: down for %s", w.osd, tenths(l.c.now.Mono-l.soft(w.osd).downAt)))
	return planned
}
