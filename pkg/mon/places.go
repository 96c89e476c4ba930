package mon

import (
	"slices"

	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
)

// places knows where every PG is, and since which epoch: the first one of its interval (protocol 4.1).
type places struct {
	table *placement.Table
	since osdmap.Epoch                 // from where on the maps were followed
	start map[osdmap.PGID]osdmap.Epoch // since: then, or before
}

// followed is how many epochs a new leader looks back.
const followed = 100

// follow goes through all epochs up to the state's.
func (p *places) follow(st *State) {
	m := st.m
	if p.table == nil || p.table.Map().Epoch() < st.base.Epoch() {
		back := st.base.Epoch()
		if m.Epoch() > back+followed {
			back = m.Epoch() - followed
		}
		m, _ = st.MapAt(back)
		p.begin(m)
	}
	for m = p.table.Map(); m.Epoch() < st.Epoch(); {
		if m.Epoch()+1 == st.Epoch() {
			m = st.m // share it
		} else {
			m = st.next(m)
		}
		p.next(m)
	}
}

func (p *places) begin(m *osdmap.Map) {
	t, err := placement.NewTable(m)
	if err != nil {
		panic("mon: places: " + err.Error()) // Apply has checked the CRUSH map
	}
	p.table, p.since, p.start = t, m.Epoch(), make(map[osdmap.PGID]osdmap.Epoch)
	for pool := range m.Pools() {
		p.startAll(&pool, m.Epoch())
	}
}

func (p *places) startAll(pool *osdmap.Pool, e osdmap.Epoch) {
	for seed := range pool.PGNum {
		p.start[osdmap.PGID{Pool: pool.ID, Seed: seed}] = e
	}
}

// next takes one more map.
func (p *places) next(m *osdmap.Map) {
	old := p.table
	t, err := old.Next(m)
	if err != nil {
		panic("mon: places: " + err.Error())
	}
	p.table = t
	for pool := range m.Pools() {
		was, known := old.Map().Pool(pool.ID)
		if !known || !sameRules(&was, &pool) {
			p.startAll(&pool, m.Epoch())
			continue
		}
		before, after := old.Pool(pool.ID), t.Pool(pool.ID)
		for seed := range after {
			if !samePlace(&before[seed], &after[seed]) {
				p.start[osdmap.PGID{Pool: pool.ID, Seed: uint32(seed)}] = m.Epoch()
			}
		}
	}
	for pool := range old.Map().Pools() {
		if _, stays := m.Pool(pool.ID); !stays {
			for seed := range pool.PGNum {
				delete(p.start, osdmap.PGID{Pool: pool.ID, Seed: seed})
			}
		}
	}
}

// sameRules reports whether all that a pool says of its intervals is as it was (protocol 4.1).
func sameRules(a, b *osdmap.Pool) bool {
	return a.Size == b.Size && a.MinSize == b.MinSize && a.PGNum == b.PGNum && a.LeaseMS() == b.LeaseMS()
}

func samePlace(a, b *placement.Mapping) bool {
	return a.UpPrimary == b.UpPrimary && a.ActingPrimary == b.ActingPrimary && slices.Equal(a.Up, b.Up) && slices.Equal(a.Acting, b.Acting)
}

// isInterval reports whether the PG's present interval begins with an epoch, as far as is known.
func (p *places) isInterval(pg osdmap.PGID, e osdmap.Epoch) bool {
	start, ok := p.start[pg]
	return ok && (e == start || start == p.since && e <= start)
}
