package mon

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// boot is an OSD that wants to be up. One that the map still has up, in an earlier run, takes two
// epochs: down, then up (protocol 3.2).
type boot struct {
	asker
	ask *wire.Boot
}

func (b *boot) absorb(l *leader, other intent) bool {
	o, ok := other.(*boot)
	if !ok || o.ask.OSD != b.ask.OSD {
		return false
	}
	l.c.drop(b.asker)
	*b = *o
	return true
}

func (b *boot) cancel(l *leader, err *wire.Error) { l.c.fail(b.asker, err) }

func (b *boot) plan(l *leader, d *draft) verdict {
	id := b.ask.OSD
	o, exists := d.m.OSD(id)
	if !d.touches(id) && o.Up && wire.GID(o.GID) == b.ask.GID {
		l.c.reply(b.asker, &wire.Done{Epoch: d.m.Epoch()}, nil)
		return done
	}
	if err := b.check(&o, exists); err != nil {
		l.c.log(warnLevel, "boot refused", "osd", id, "err", err)
		l.refuse(b.asker, err)
		return done
	}
	if d.touches(id) {
		return later
	}
	if o.Up {
		if err := d.editOSD(id, func(c *osdmap.OSDChange) { c.Down = true }); err != nil {
			return later
		}
		d.note("info", l.c.entity.String(), fmt.Sprintf("%v boots again: its run %016x goes down first", id, o.GID))
		return step
	}
	if d.m.Has(osdmap.FlagNoUp) {
		l.c.fail(b.asker, wire.Busy.Errorf("%v stays down while the flag noup is set; zeph flag unset noup", id))
		return done
	}
	text, err := b.rise(l, d, &o, exists)
	if err != nil {
		if d.changed {
			return later
		}
		l.refuse(b.asker, wire.Denied.Errorf("boot of %v: %v", id, err))
		return done
	}
	d.note("info", l.c.entity.String(), text)
	d.then = append(d.then, func(e osdmap.Epoch) { l.c.reply(b.asker, &wire.Done{Epoch: e}, nil) })
	return planned
}

// waits notes why an OSD that runs does not ask to be up yet.
func (l *leader) waits(a asker, ask *wire.Boot) {
	l.c.reply(a, &wire.Done{Epoch: l.c.st.Epoch()}, nil)
	if o, ok := l.c.st.m.OSD(ask.OSD); ok && !o.Up && o.Store == ask.Store {
		s := l.soft(ask.OSD)
		s.waits, s.waitAt = ask.Waits, l.c.now.Mono
	}
}

// waiting says so, if it was said of late.
func (s *osdSoft) waiting(now time.Duration) string {
	if s.waits == "" || now-s.waitAt > 2*fresh {
		return ""
	}
	return s.waits
}

// check refuses what is not the store that the map knows, or is older than the map's last run of it
// (protocol 1.3).
func (b *boot) check(o *osdmap.OSD, exists bool) *wire.Error {
	id, ask := b.ask.OSD, b.ask
	switch {
	case id < 0 || int(id) >= osdmap.MaxOSDs:
		return wire.Denied.Errorf("osd id %d: must be 0 to %d", int32(id), osdmap.MaxOSDs-1)
	case ask.GID == 0 || ask.Store.IsZero():
		return wire.Denied.Errorf("boot of %v: it names no run or no store", id)
	case !exists || o.Store.IsZero():
		return nil
	case ask.Store != o.Store && o.LostAt > o.UpFrom:
		return nil // an empty store in the place of one that was given up
	case ask.Store != o.Store:
		return wire.WrongStore.Errorf("%v has store %v by the map, this one is %v: another disk; to put it in the old one's place, first give that up with zeph osd lost %d --yes",
			id, o.Store, ask.Store, int32(id))
	case wire.GID(o.GID) == ask.GID:
		return wire.Overtaken.Errorf("%v: its run %v was marked down in epoch %d; boot as another run", id, ask.GID, o.DownAt)
	case o.GID != 0 && !slices.Contains(ask.GIDs, wire.GID(o.GID)):
		return wire.WrongStore.Errorf("%v: the map saw run %016x of store %v, which this store knows nothing of: it is a copy, or an old state, of the disk",
			id, o.GID, o.Store)
	}
	return nil
}

// rise marks the OSD up, and gives it a place if it has none.
func (b *boot) rise(l *leader, d *draft, o *osdmap.OSD, exists bool) (string, error) {
	id, st := b.ask.OSD, d.st
	text := fmt.Sprintf("%v is up", id)
	crushMap, where, err := b.place(l, d.m.Crush())
	if err != nil {
		return "", err
	}
	first := !exists || o.GID == 0 && o.UpFrom == 0 || o.Destroyed
	var weight *crush.Weight
	in := !d.m.Has(osdmap.FlagNoIn)
	switch {
	case first && in && st.yes("mon_osd_auto_mark_new_in"):
		one := crush.One
		weight, text = &one, text+", for the first time, and in"
	case !first && in && o.Weight == 0 && o.OldWeight != 0:
		old := o.OldWeight
		weight, text = &old, text+", and in again with weight "+old.String()
	}
	err = d.edit(func(c *osdmap.Change) {
		ch := osdmap.OSDChange{Create: !exists, Weight: weight}
		ch.Up = &osdmap.Boot{GID: uint64(b.ask.GID), Store: b.ask.Store, Addrs: b.ask.Addrs}
		c.OSDs[id] = ch
		if int(id) >= d.m.MaxOSD() {
			n := int32(id) + 1
			c.MaxOSD = &n
		}
		if crushMap != nil {
			c.Crush = crushMap
		}
	})
	return text + where, err
}

// place adds the OSD to a CRUSH map that does not hold it. One that it holds stays where it is: an
// operator may have moved it.
func (b *boot) place(l *leader, m *crush.Map) (*crush.Map, string, error) {
	id := b.ask.OSD
	if m == nil || l.tree.of(m).held(id) {
		return nil, "", nil
	}
	at, err := parseLocation(b.ask.Location)
	if err != nil {
		return nil, "", err
	}
	if len(at) == 0 {
		host := b.ask.Host
		if host == "" {
			host = "host-of-" + id.String()
		}
		at = crush.Location{{Type: "host", Name: host}}
	}
	if !slices.ContainsFunc(at, func(p crush.Place) bool { return p.Type == "root" }) {
		at = append(at, crush.Place{Type: "root", Name: rootName})
	}
	w := weightFor(b.ask)
	next, err := m.AddDevice(crush.Device{ID: crush.ItemID(id), Name: id.String(), Class: b.ask.Class}, w, at)
	if err != nil {
		return nil, "", err
	}
	var words []string
	for _, p := range at {
		words = append(words, p.Type+"="+p.Name)
	}
	return next, fmt.Sprintf(", at %s with weight %v", strings.Join(words, " "), w), nil
}

// weightFor is the CRUSH weight of a new OSD: what it asks for, else by custom 1 for each TiB.
func weightFor(b *wire.Boot) crush.Weight {
	switch {
	case b.Weight != 0:
		return crush.Weight(b.Weight)
	case b.Size == 0:
		return crush.One
	}
	return crush.Weight(min(max(b.Size>>24, 1), 1<<31))
}

func parseLocation(words []string) (crush.Location, error) {
	var at crush.Location
	for _, w := range words {
		kind, name, ok := strings.Cut(w, "=")
		if !ok || kind == "" || name == "" {
			return nil, fmt.Errorf("location %q: expected TYPE=NAME such as host=h1", w)
		}
		at = append(at, crush.Place{Type: kind, Name: name})
	}
	return at, nil
}
