package mon

import (
	"maps"
	"slices"

	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// draft is the next entry while it is being made: what intents add to the newest state. What they
// have added shows in its map, so that later ones of the same draft build on it.
type draft struct {
	st      *State
	time    osdmap.UnixMilli
	c       *osdmap.Change
	m       *osdmap.Map // the state's map with c applied
	changed bool        // c says something
	create  *create
	config  []configEdit
	mons    []monEdit
	trim    osdmap.Epoch
	lines   []wire.LogLine
	answers []answer

	intents []intent               // that are in it
	then    []func(e osdmap.Epoch) // when it is agreed on
}

func newDraft(st *State, now osdmap.UnixMilli) *draft {
	d := &draft{st: st, m: st.m, time: max(st.time, now)}
	if d.m != nil {
		d.c = d.m.Next(d.time)
	}
	return d
}

// empty reports whether there is nothing to agree on.
func (d *draft) empty() bool {
	return !d.changed && d.create == nil && len(d.config)+len(d.mons)+len(d.lines)+len(d.answers) == 0 && d.trim == 0
}

// edit changes the draft's Change. If that makes no map, the draft stays as it was and the error
// says why.
func (d *draft) edit(change func(c *osdmap.Change)) error {
	c := cloneChange(d.c)
	change(c)
	m, err := d.st.m.Apply(c)
	if err != nil {
		return err
	}
	d.c, d.m, d.changed = c, m, true
	return nil
}

// editOSD changes what the draft does to one OSD.
func (d *draft) editOSD(id osdmap.OSDID, change func(c *osdmap.OSDChange)) error {
	return d.edit(func(c *osdmap.Change) {
		o := c.OSDs[id]
		change(&o)
		c.OSDs[id] = o
	})
}

// editPool replaces what the draft makes of a pool.
func (d *draft) editPool(p osdmap.Pool) error {
	return d.edit(func(c *osdmap.Change) {
		c.Pools = slices.DeleteFunc(c.Pools, func(other osdmap.Pool) bool { return other.ID == p.ID })
		c.Pools = append(c.Pools, p)
	})
}

// touches reports whether the draft changes an OSD.
func (d *draft) touches(id osdmap.OSDID) bool { _, ok := d.c.OSDs[id]; return ok }

// epoch is the epoch of the map that will show what is in the draft.
func (d *draft) epoch() osdmap.Epoch {
	switch {
	case d.changed:
		return d.c.Epoch()
	case d.m != nil:
		return d.m.Epoch()
	}
	return 0
}

// note adds a line to the cluster log.
func (d *draft) note(level, who, text string) {
	d.lines = append(d.lines, wire.LogLine{Level: level, Who: who, Text: text, Channel: "cluster"})
}

// audit adds a line about what somebody asked for.
func (d *draft) audit(who, text string) {
	d.lines = append(d.lines, wire.LogLine{Level: "info", Who: who, Text: text, Channel: "audit"})
}

// entry is the draft as a command of the log.
func (d *draft) entry() (*entry, error) {
	e := &entry{
		Base: d.st.version, Time: d.time, Create: d.create, Config: d.config, Mons: d.mons, Trim: d.trim,
		Lines: d.lines, Answers: d.answers,
	}
	if d.changed {
		b, err := d.c.Encode()
		if err != nil {
			return nil, err
		}
		e.Change = b
		for i := range e.Lines {
			e.Lines[i].Epoch = d.c.Epoch()
		}
	}
	return e, nil
}

func cloneChange(c *osdmap.Change) *osdmap.Change {
	n := *c
	n.Pools, n.RemovedPools = slices.Clone(c.Pools), slices.Clone(c.RemovedPools)
	n.OSDs = maps.Clone(c.OSDs)
	n.Upmap, n.UpmapItems = maps.Clone(c.Upmap), maps.Clone(c.UpmapItems)
	n.PGTemp, n.PrimaryTemp = maps.Clone(c.PGTemp), maps.Clone(c.PrimaryTemp)
	return &n
}
