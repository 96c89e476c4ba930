package mon

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
	"zeph/pkg/status"
	"zeph/pkg/wire"
)

var osdCommands = map[string]command{
	"osd out":              {args: "id ids yes force", change: osdOut},
	"osd in":               {args: "id ids yes force", change: osdIn},
	"osd down":             {args: "id ids yes force", change: osdDown},
	"osd drain":            {args: "id ids yes force", change: osdDrain},
	"osd reweight":         {args: "id weight", change: osdReweight},
	"osd primary-affinity": {args: "id weight", change: osdAffinity},
	"osd lost":             {args: "id ids yes force", change: osdLost},
	"osd destroy":          {args: "id ids yes force", change: osdDestroy},
	"osd purge":            {args: "id ids yes force", change: osdPurge},
	"osd new":              {args: "id store", change: osdNew},
	"osd ok-to-stop":       {args: "id ids", look: func(l *leader, a args) (any, error) { return l.okToStop(a) }},
	"osd safe-to-destroy":  {args: "id ids", look: func(l *leader, a args) (any, error) { return l.safeToDestroy(a) }},
}

// eachOSD changes OSDs one by one. change says what was done, or nothing where it was so already.
func eachOSD(d *draft, a args, already string, change func(id osdmap.OSDID, o *osdmap.OSD) (string, error)) (outcome, error) {
	ids, err := a.known(d.m)
	if err != nil {
		return outcome{}, err
	}
	var did, were []string
	for _, id := range ids {
		o, _ := d.m.OSD(id)
		text, err := change(id, &o)
		if err != nil {
			return outcome{}, err
		}
		if text == "" {
			were = append(were, fmt.Sprintf("%v %s", id, already))
		} else {
			did = append(did, text)
		}
	}
	return outcome{text: strings.Join(append(did, were...), "; "), quiet: len(did) == 0}, nil
}

func osdOut(_ *leader, d *draft, a args) (outcome, error) {
	return eachOSD(d, a, "is out already", func(id osdmap.OSDID, o *osdmap.OSD) (string, error) {
		if o.Weight == 0 && o.OldWeight == 0 {
			return "", nil
		}
		zero := crush.Weight(0)
		return fmt.Sprintf("%v is out: its data moves elsewhere", id), d.editOSD(id, func(c *osdmap.OSDChange) { c.Weight, c.AutoOut = &zero, false })
	})
}

func osdIn(_ *leader, d *draft, a args) (outcome, error) {
	return eachOSD(d, a, "is in already", func(id osdmap.OSDID, o *osdmap.OSD) (string, error) {
		if o.Weight != 0 {
			return "", nil
		}
		w := crush.One
		if o.OldWeight != 0 {
			w = o.OldWeight
		}
		return fmt.Sprintf("%v is in with weight %v", id, w), d.editOSD(id, func(c *osdmap.OSDChange) { c.Weight = &w })
	})
}

func osdDown(_ *leader, d *draft, a args) (outcome, error) {
	return eachOSD(d, a, "is down already", func(id osdmap.OSDID, o *osdmap.OSD) (string, error) {
		if !o.Up {
			return "", nil
		}
		return fmt.Sprintf("%v is marked down; if it runs it will boot again", id), d.editOSD(id, func(c *osdmap.OSDChange) { c.Down = true })
	})
}

// osdDrain takes the CRUSH weight of OSDs away. They stay up and in: PGs leave them one by one, and until
// then they serve. Unlike out, which keeps the weight of the host, this moves the data once: when the OSD is
// removed later, nothing else moves.
func osdDrain(_ *leader, d *draft, a args) (outcome, error) {
	return eachOSD(d, a, "drains already", func(id osdmap.OSDID, _ *osdmap.OSD) (string, error) {
		w, ok := crushWeight(d.m.Crush(), id)
		if !ok {
			return "", fmt.Errorf("%v stands nowhere in the crush map: it holds nothing", id)
		}
		if w == 0 {
			return "", nil
		}
		next, err := d.m.Crush().Reweight(crush.ItemID(id), 0)
		if err != nil {
			return "", err
		}
		text := fmt.Sprintf("%v drains: its crush weight is 0, it was %v (undo: zeph crush weight %v %v); once zeph osd safe-to-destroy %d says so it can be stopped and purged",
			id, w, id, w, int32(id))
		return text, d.edit(func(c *osdmap.Change) { c.Crush = next })
	})
}

// crushWeight is the weight that an OSD is held with.
func crushWeight(m *crush.Map, id osdmap.OSDID) (crush.Weight, bool) {
	for i := range m.Buckets {
		for _, it := range m.Buckets[i].Items {
			if it.ID == crush.ItemID(id) && !m.Buckets[i].IsShadow() {
				return it.Weight, true
			}
		}
	}
	return 0, false
}

func osdReweight(_ *leader, d *draft, a args) (outcome, error) {
	w, err := a.part("weight")
	if err != nil {
		return outcome{}, err
	}
	return eachOSD(d, a, "has that weight already", func(id osdmap.OSDID, o *osdmap.OSD) (string, error) {
		if o.Weight == w && o.OldWeight == 0 {
			return "", nil
		}
		return fmt.Sprintf("%v has weight %v", id, w), d.editOSD(id, func(c *osdmap.OSDChange) { c.Weight = &w })
	})
}

func osdAffinity(_ *leader, d *draft, a args) (outcome, error) {
	w, err := a.part("weight")
	if err != nil {
		return outcome{}, err
	}
	return eachOSD(d, a, "has that affinity already", func(id osdmap.OSDID, o *osdmap.OSD) (string, error) {
		if o.PrimaryAffinity == w {
			return "", nil
		}
		return fmt.Sprintf("%v has primary affinity %v", id, w), d.editOSD(id, func(c *osdmap.OSDChange) { c.PrimaryAffinity = &w })
	})
}

// mustBeDown is the condition of everything that gives data up.
func mustBeDown(id osdmap.OSDID, o *osdmap.OSD) error {
	if o.Up {
		return fmt.Errorf("%v is up: stop it first, then wait until it is down", id)
	}
	return nil
}

func osdLost(_ *leader, d *draft, a args) (outcome, error) {
	return eachOSD(d, a, "", func(id osdmap.OSDID, o *osdmap.OSD) (string, error) {
		if err := mustBeDown(id, o); err != nil {
			return "", err
		}
		if !a.yes("yes") {
			return "", fmt.Errorf("%v: writes that only it has would be given up for good; if its disk is gone, say so with --yes", id)
		}
		return fmt.Sprintf("%v is lost: nobody waits for its data any more", id), d.editOSD(id, func(c *osdmap.OSDChange) { c.Lost = true })
	})
}

// mayGo refuses to remove what still holds the only copies of something.
func mayGo(l *leader, id osdmap.OSDID, o *osdmap.OSD, a args) error {
	if err := mustBeDown(id, o); err != nil {
		return err
	}
	if !a.yes("yes") {
		return fmt.Errorf("%v would be gone for good; if that is meant, say so with --yes", id)
	}
	if a.yes("force") {
		return nil
	}
	s := l.safety([]osdmap.OSDID{id})
	switch {
	case s.Unknown != "":
		return fmt.Errorf("%v: not known yet whether its data is needed: %s (--force does it anyway)", id, s.Unknown)
	case !s.Safe:
		return fmt.Errorf("%v is still needed: pg %s: %s; wait until all PGs are active+clean, or give the data up with --force", id, s.Bad[0].PG, s.Bad[0].Why)
	}
	return nil
}

func osdDestroy(l *leader, d *draft, a args) (outcome, error) {
	return eachOSD(d, a, "is destroyed already", func(id osdmap.OSDID, o *osdmap.OSD) (string, error) {
		if o.Destroyed {
			return "", nil
		}
		if err := mayGo(l, id, o, a); err != nil {
			return "", err
		}
		text := fmt.Sprintf("%v is destroyed: its id waits for a new store", id)
		return text, d.editOSD(id, func(c *osdmap.OSDChange) { c.Destroy, c.Lost = true, true })
	})
}

func osdPurge(l *leader, d *draft, a args) (outcome, error) {
	ids, err := a.osds()
	if err == nil && !slices.ContainsFunc(ids, d.m.Exists) {
		return outcome{text: "there is no such osd (any more)", quiet: true}, nil
	}
	return eachOSD(d, a, "", func(id osdmap.OSDID, o *osdmap.OSD) (string, error) {
		if err := mayGo(l, id, o, a); err != nil {
			return "", err
		}
		return fmt.Sprintf("%v is purged", id), d.purge(id)
	})
}

// purge takes an OSD out of the map, the CRUSH map and the settings.
func (d *draft) purge(id osdmap.OSDID) error {
	next := d.m.Crush()
	smaller, err := next.Remove(crush.ItemID(id))
	if err == nil {
		next = smaller
	} else if !errors.Is(err, crush.ErrUnknownItem) {
		return err
	}
	old := d.m
	err = d.edit(func(c *osdmap.Change) {
		c.Crush, c.OSDs[id] = next, osdmap.OSDChange{Remove: true}
		for pg, osds := range old.AllUpmaps() {
			if slices.Contains(osds, id) {
				c.Upmap[pg] = nil
			}
		}
		for pg, items := range old.AllUpmapItems() {
			if slices.ContainsFunc(items, func(it osdmap.UpmapItem) bool { return it.From == id || it.To == id }) {
				c.UpmapItems[pg] = nil
			}
		}
	})
	for _, e := range d.st.config {
		if e.Who == id.String() {
			d.config = append(d.config, configEdit{Who: e.Who, Name: e.Name, Remove: true})
		}
	}
	return err
}

// osdNew reserves an id, the lowest that is free. Which store it gets, the first boot says.
func osdNew(_ *leader, d *draft, a args) (outcome, error) {
	id := osdmap.OSDID(0)
	if a.text("id") != "" {
		ids, err := a.osds()
		if err != nil {
			return outcome{}, err
		}
		if id = ids[0]; d.m.Exists(id) {
			if o, _ := d.m.OSD(id); !o.Destroyed && o.GID != 0 {
				return outcome{}, wire.Exists.Errorf("%v exists, with store %v; destroy it first to use its id again", id, o.Store)
			}
			return outcome{text: fmt.Sprintf("%v waits for its store", id), value: &status.OSDNew{ID: id}, quiet: true}, nil
		}
	}
	for a.text("id") == "" && d.m.Exists(id) {
		id++
	}
	err := d.edit(func(c *osdmap.Change) {
		c.OSDs[id] = osdmap.OSDChange{Create: true}
		if int(id) >= d.m.MaxOSD() {
			n := int32(id) + 1
			c.MaxOSD = &n
		}
	})
	return outcome{text: fmt.Sprintf("%v is new", id), value: &status.OSDNew{ID: id}}, err
}
