package osdmap

import (
	"fmt"
	"maps"
	"slices"

	"zeph/pkg/crush"
)

// applyOSDs changes OSDs and max_osd.
func (m *Map) applyOSDs(c *Change) error {
	if c.MaxOSD != nil {
		if *c.MaxOSD < 0 || *c.MaxOSD > MaxOSDs {
			return invalid("max_osd %d: must be 0 to %d", *c.MaxOSD, MaxOSDs)
		}
		m.maxOSD = *c.MaxOSD
	}
	if len(c.OSDs) > 0 {
		m.osds = slices.Clone(m.osds)
	}
	for _, id := range slices.Sorted(maps.Keys(c.OSDs)) {
		change := c.OSDs[id]
		if change.Create && (id < 0 || id >= OSDID(m.maxOSD)) {
			return invalid("%v: create: must be 0 to max_osd %d less one", id, m.maxOSD)
		}
		next, err := change.apply(m.osd(id), m.epoch)
		if err != nil {
			return fmt.Errorf("%v: %w", id, err)
		}
		for len(m.osds) <= int(id) {
			m.osds = append(m.osds, nil)
		}
		m.osds[id] = next
	}
	m.osds = trimOSDs(m.osds)
	if len(m.osds) > int(m.maxOSD) {
		return invalid("max_osd %d: %v exists", m.maxOSD, OSDID(len(m.osds)-1))
	}
	return nil
}

// trimOSDs cuts the ids at the end that do not exist.
func trimOSDs(osds []*OSD) []*OSD {
	for len(osds) > 0 && osds[len(osds)-1] == nil {
		osds = osds[:len(osds)-1]
	}
	return osds
}

// newOSD is an OSD that was just created: down and out.
func newOSD() *OSD { return &OSD{PrimaryAffinity: crush.One} }

// apply is the OSD after the change, nil when it is no more.
func (c *OSDChange) apply(old *OSD, epoch Epoch) (*OSD, error) {
	if err := c.check(old, epoch); err != nil {
		return nil, err
	}
	if c.Remove {
		return nil, nil
	}
	next := newOSD()
	if old != nil {
		*next = *old
	}
	c.weigh(next)
	if c.Down {
		next.Up, next.DownAt = false, epoch
	}
	if c.Goodbye {
		next.Goodbye = true
	}
	if c.Lost {
		next.LostAt = epoch
	}
	if c.Destroy {
		next.Destroyed, next.Store, next.GID, next.Addrs = true, UUID{}, 0, nil
	}
	if c.Up != nil {
		next.Up, next.Goodbye, next.Destroyed, next.UpFrom = true, false, false, epoch
		next.GID, next.Store, next.Addrs = c.Up.GID, c.Up.Store, sortAddrs(c.Up.Addrs)
	}
	if c.UpThru != 0 {
		next.UpThru = c.UpThru
	}
	return next, nil
}

// weigh sets weights. One that is set by name ends the memory of the one before AutoOut.
func (c *OSDChange) weigh(o *OSD) {
	if c.AutoOut {
		o.OldWeight, o.Weight = o.Weight, 0
	}
	if c.Weight != nil {
		o.OldWeight, o.Weight = 0, *c.Weight
	}
	if c.PrimaryAffinity != nil {
		o.PrimaryAffinity = *c.PrimaryAffinity
	}
}

// check compares the change with the OSD as it was; old is nil when it did not exist.
func (c *OSDChange) check(old *OSD, epoch Epoch) error {
	if old == nil && !c.Create {
		return ErrUnknownOSD
	}
	if old != nil && c.Create {
		return invalid("create: exists already")
	}
	if old == nil {
		old = newOSD()
	}
	if c.Remove && *c != (OSDChange{Remove: true}) {
		return invalid("is removed, and something else is changed too")
	}
	for _, w := range []*crush.Weight{c.Weight, c.PrimaryAffinity} {
		if w != nil && *w > crush.One {
			return invalid("weight or primary affinity %v: must be 0 to 1", *w)
		}
	}
	if c.AutoOut && (c.Weight != nil || old.Weight == 0) {
		return invalid("automatically out: is out already, or has its weight set too")
	}
	if c.UpThru != 0 && (!old.Up || c.Down || c.UpThru < old.UpThru || c.UpThru >= epoch) {
		return invalid("up_thru %d: is not up, goes down, has %d already, or the epoch is yet to come", c.UpThru, old.UpThru)
	}
	if err := c.checkUp(old); err != nil {
		return err
	}
	return c.checkDown(old)
}

// checkDown checks what is for OSDs that are down, or go down now.
func (c *OSDChange) checkDown(old *OSD) error {
	if c.Down && !old.Up {
		return invalid("down: is not up")
	}
	if (c.Remove || c.Destroy) && old.Up {
		return invalid("remove or destroy: is up, mark it down first")
	}
	stays := old.Up && !c.Down || c.Up != nil
	if (c.Lost || c.Destroy || c.Goodbye) && stays {
		return invalid("lost, destroyed or gone with a goodbye: is up")
	}
	if c.Destroy && c.Create {
		return invalid("destroy: is only being created")
	}
	return nil
}

// checkUp checks a boot.
func (c *OSDChange) checkUp(old *OSD) error {
	if c.Up == nil {
		return nil
	}
	switch up := c.Up; {
	case c.Down:
		return invalid("both up and down in one change")
	case old.Up:
		return invalid("up: is up already, since epoch %d; an epoch must mark it down first", old.UpFrom)
	case up.GID == 0 || up.Store.IsZero():
		return invalid("up: lacks the gid of its run or the uuid of its store")
	case up.GID == old.GID:
		return invalid("up: gid %x is that of its last run", up.GID)
	case !old.Store.IsZero() && up.Store != old.Store && old.LostAt <= old.UpFrom:
		return invalid("up: store %v, but the map has %v, which was not marked lost", up.Store, old.Store)
	}
	if err := checkAddrs(sortAddrs(c.Up.Addrs)); err != nil {
		return invalid("up: %w", err)
	}
	return nil
}
