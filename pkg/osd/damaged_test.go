package osd

import (
	"slices"
	"testing"
	"time"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// What OSDs have of their PGs rots, a different thing on each, and they start again one after the other. All other PGs of
// each come up as they were; the damaged ones are filled from the others, and nothing that was acknowledged is lost.
func TestDamagedPGsAreFilledAnew(t *testing.T) {
	t.Parallel()
	m := newMini(t, 4)
	m.begin()
	m.write(1)
	for round, o := range m.osds {
		m.kill(o)
		ids, err := o.store.PGs()
		if err != nil || len(ids) < 3 {
			t.Fatalf("osd.%d has pgs %v, %v", o.id, ids, err)
		}
		for _, id := range ids[:2] {
			if !m.damage(o, id, round) {
				t.Fatalf("osd.%d: pg %v has nothing to damage", o.id, id)
			}
		}
		m.start(o)
		told := false
		m.run("clean again", time.Minute, func() bool {
			told = told || m.fillsAnew(o.id)
			return m.clean()
		})
		if !told {
			t.Errorf("no primary told of the damaged copies of osd.%d", o.id)
		}
		m.check(round + 1)
		m.write(round + 2)
	}
	for _, o := range m.osds {
		if o.exit != nil || o.ended {
			t.Errorf("osd.%d ended: %v", o.id, o.exit)
		}
	}
	m.check(len(m.osds) + 1)
}

// fillsAnew reports whether a primary says that an OSD's copy of its PG is filled anew.
func (m *mini) fillsAnew(id osdmap.OSDID) bool {
	for _, o := range m.osds {
		for _, s := range o.core.order {
			if s.primary() && slices.Contains(s.pg.Stat().Anew, id) {
				return true
			}
		}
	}
	return false
}

// damage makes the record of a PG rot, or an entry of its log.
func (m *mini) damage(o *miniOSD, id osdmap.PGID, round int) bool {
	log, _, err := o.store.LogAfter(id, store.Version{}, 0)
	if err != nil || round%2 == 0 || len(log) == 0 {
		return o.store.DamagePG(id)
	}
	return o.store.DamageLog(id, log[len(log)/2].Version)
}
