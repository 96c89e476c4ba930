package mon

import (
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// wholeMap is the encoding of the map that was asked for last.
type wholeMap struct {
	epoch osdmap.Epoch
	bytes []byte
}

// getMaps serves maps. Every monitor does, leader or not: an old map is told by its epoch.
func (c *Core) getMaps(a asker, ask *wire.GetMaps) {
	r := &wire.GetMapsReply{Oldest: c.st.Oldest(), Newest: c.st.Epoch(), Monmap: c.st.monmap(ask.Mons)}
	switch {
	case c.st.m == nil:
		c.fail(a, wire.NoQuorum.Errorf("%v has no map yet", c.entity))
	case ask.Whole:
		c.wholeMap(a, ask, r)
	default:
		r.Changes = c.changesAfter(ask.After)
		c.reply(a, r, nil)
	}
}

// changesAfter are as many changes after an epoch as one answer takes, at least one if there is one.
// Of those that were trimmed, and of the first map, there are none: the asker needs a whole map.
func (c *Core) changesAfter(e osdmap.Epoch) (changes [][]byte) {
	size := 0
	for {
		e++
		b, ok := c.st.Change(e)
		if !ok || len(changes) > 0 && size+len(b) > pageBytes {
			return changes
		}
		size += len(b) + 8
		changes = append(changes, b)
	}
}

func (c *Core) wholeMap(a asker, ask *wire.GetMaps, r *wire.GetMapsReply) {
	epoch := ask.Epoch
	if epoch == 0 {
		epoch = r.Newest
	}
	if c.whole.epoch != epoch {
		m, ok := c.st.MapAt(epoch)
		if !ok {
			c.fail(a, wire.NotFound.Errorf("epoch %d: there are maps from %d to %d", epoch, r.Oldest-1, r.Newest))
			return
		}
		b, err := m.Encode()
		if err != nil {
			c.fail(a, wire.Internal.Errorf("epoch %d: %v", epoch, err))
			return
		}
		c.whole = wholeMap{epoch, b}
	}
	r.Epoch, r.Size = epoch, uint64(len(c.whole.bytes))
	from := min(ask.Offset, r.Size)
	c.reply(a, r, c.whole.bytes[from:min(from+pageBytes, r.Size)])
}
