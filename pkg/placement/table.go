package placement

import (
	"cmp"
	"slices"

	"zeph/pkg/osdmap"
)

// Table holds the mapping of every PG under one map, worked out once. It is immutable and
// may be shared by any number of goroutines.
type Table struct {
	mapper *Mapper
	pools  []poolTable // ascending pool id
}

// poolTable holds the mappings of one pool by PG seed. Tables of consecutive epochs share it
// where nothing changed.
type poolTable struct {
	pool osdmap.Pool
	pgs  []Mapping
}

// NewTable maps every PG.
func NewTable(m *osdmap.Map) (*Table, error) {
	mp, err := New(m)
	if err != nil {
		return nil, err
	}
	t := &Table{mapper: mp}
	var s Scratch
	for pool := range m.Pools() {
		t.pools = append(t.pools, mp.mapPool(&s, pool))
	}
	return t, nil
}

func (mp *Mapper) mapPool(s *Scratch, pool osdmap.Pool) poolTable {
	pt := poolTable{pool: pool, pgs: make([]Mapping, pool.PGNum)}
	arena := make([]osdmap.OSDID, 0, int(pool.PGNum)*int(pool.Size))
	for seed := range pool.PGNum {
		pg := osdmap.PGID{Pool: pool.ID, Seed: seed}
		start := len(arena)
		arena = mp.raw(arena, s, &pool, Seed(&pool, pg))
		pt.pgs[seed] = mp.finish(&pool, pg, arena[start:len(arena):len(arena)])
	}
	return pt
}

// Map is the osdmap that the table belongs to.
func (t *Table) Map() *osdmap.Map { return t.mapper.osds }

// Mapper places what is not in the table.
func (t *Table) Mapper() *Mapper { return t.mapper }

// PG finds the mapping of a PG. It is shared: read it, do not write it.
func (t *Table) PG(pg osdmap.PGID) (Mapping, bool) {
	i, ok := t.find(pg.Pool)
	if !ok || uint64(pg.Seed) >= uint64(len(t.pools[i].pgs)) {
		return Mapping{}, false
	}
	return t.pools[i].pgs[pg.Seed], true
}

// Pool lists the mappings of a pool by PG seed.
func (t *Table) Pool(id osdmap.PoolID) []Mapping {
	if i, ok := t.find(id); ok {
		return t.pools[i].pgs
	}
	return nil
}

func (t *Table) find(id osdmap.PoolID) (int, bool) {
	return slices.BinarySearchFunc(t.pools, id, func(p poolTable, id osdmap.PoolID) int {
		return cmp.Compare(p.pool.ID, id)
	})
}
