package mon

import (
	"fmt"
	"slices"

	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
	"zeph/pkg/wire"
)

// pgTemp is a primary that wants others in charge of PGs for a while, or no longer (protocol 10.6).
type pgTemp struct {
	asker
	ask *wire.PGTemp
}

func (p *pgTemp) absorb(l *leader, other intent) bool {
	o, ok := other.(*pgTemp)
	if !ok || o.ask.OSD != p.ask.OSD || o.ask.GID != p.ask.GID {
		return false
	}
	l.c.drop(p.asker)
	merged := *o.ask
	for _, old := range p.ask.Asks {
		if !slices.ContainsFunc(merged.Asks, func(a wire.TempAsk) bool { return a.PG == old.PG }) {
			merged.Asks = append(merged.Asks[:len(merged.Asks):len(merged.Asks)], old)
		}
	}
	p.asker, p.ask = o.asker, &merged
	return true
}

func (p *pgTemp) cancel(l *leader, err *wire.Error) { l.c.fail(p.asker, err) }

// plan takes what is right of the asks. When nothing is, the OSD is told why.
func (p *pgTemp) plan(l *leader, d *draft) verdict {
	if !l.isUp(p.ask.OSD, p.ask.GID) {
		p.cancel(l, wire.Overtaken.Errorf("%v: run %v is not up in epoch %d", p.ask.OSD, p.ask.GID, d.st.Epoch()))
		return done
	}
	var refused *wire.Error
	changes, fine := 0, 0
	for _, ask := range p.ask.Asks {
		changed, err := p.one(l, d, ask)
		switch {
		case err != nil:
			refused = err
		case changed:
			changes++
		default:
			fine++
		}
	}
	switch {
	case changes > 0:
		d.then = append(d.then, func(e osdmap.Epoch) { l.c.reply(p.asker, &wire.Done{Epoch: e}, nil) })
		return planned
	case refused != nil && fine == 0:
		l.c.fail(p.asker, refused)
	default:
		l.c.reply(p.asker, &wire.Done{Epoch: d.st.Epoch()}, nil)
	}
	return done
}

func (p *pgTemp) one(l *leader, d *draft, ask wire.TempAsk) (changed bool, _ *wire.Error) {
	pg := osdmap.PGID(ask.PG)
	place, ok := l.places.table.PG(pg)
	if !ok {
		return false, wire.NoPool.Errorf("pg %v: there is no such in epoch %d", pg, d.st.Epoch())
	}
	primary := place.ActingPrimary
	if primary == osdmap.NoOSD {
		primary = place.UpPrimary
	}
	switch {
	case primary != p.ask.OSD:
		return false, wire.Overtaken.Errorf("pg %v: its primary is %v, not %v, in epoch %d", pg, primary, p.ask.OSD, d.st.Epoch())
	case !l.places.isInterval(pg, ask.Interval):
		return false, wire.Overtaken.Errorf("pg %v: asked for the interval of epoch %d, the present one began in %d", pg, ask.Interval, l.places.start[pg])
	}
	old, has := d.m.PGTemp(pg)
	wanted := ask.OSDs
	if slices.Equal(wanted, place.Up) {
		wanted = nil // up needs no entry
	}
	if !has && len(wanted) == 0 || has && slices.Equal(old, wanted) {
		return false, nil
	}
	for _, id := range wanted {
		if !d.st.m.IsUp(id) {
			return false, wire.Overtaken.Errorf("pg %v: %v is down in epoch %d", pg, id, d.st.Epoch())
		}
	}
	if err := d.edit(func(c *osdmap.Change) { c.PGTemp[pg] = wanted }); err != nil {
		return false, wire.Denied.Errorf("pg %v: %v", pg, err)
	}
	return true, nil
}

// tidyTemps takes pg_temps out of the draft's map that have no effect any more: of OSDs that are all
// down, or equal to up.
func (l *leader) tidyTemps(d *draft) {
	if !d.changed || d.m == nil {
		return
	}
	var gone []osdmap.PGID
	var mapper *placement.Mapper
	var scratch placement.Scratch
	for pg, osds := range d.m.AllPGTemps() {
		live := slices.ContainsFunc(osds, d.m.IsUp)
		if live && mapper == nil {
			var err error
			if mapper, err = placement.New(d.m); err != nil {
				panic(fmt.Sprintf("mon: the draft of epoch %d: %v", d.m.Epoch(), err))
			}
		}
		pool, _ := d.m.Pool(pg.Pool)
		if !live || slices.Equal(mapper.Map(&scratch, &pool, pg).Up, osds) {
			gone = append(gone, pg)
		}
	}
	if len(gone) == 0 {
		return
	}
	err := d.edit(func(c *osdmap.Change) {
		for _, pg := range gone {
			c.PGTemp[pg] = nil
		}
	})
	if err != nil {
		l.c.log(warnLevel, "pg_temp cannot be tidied", "epoch", d.m.Epoch(), "err", err)
	}
}
