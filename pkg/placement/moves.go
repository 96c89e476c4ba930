package placement

import (
	"cmp"
	"math/bits"
	"slices"

	"zeph/pkg/osdmap"
)

// Moves tells what the way from one table to another moves. It compares up sets: where the
// data should be, not who serves it meanwhile. Bytes are zero when they were not given.
type Moves struct {
	PGs      int `json:"pgs"`      // placement groups looked at; of a pool whose pg_num differs, the larger number
	Remapped int `json:"remapped"` // of them, those with a copy to move
	Copies   int `json:"copies"`   // copies of PGs that move to another OSD

	// Least is what every way to the same fullness of all OSDs must move: the copies that
	// OSDs gain, or, if it is more, those that PGs lack without the OSDs that are gone.
	Least int `json:"least"`

	Bytes      uint64 `json:"bytes"`
	LeastBytes uint64 `json:"least_bytes"`
	Flows      []Flow `json:"flows"` // most copies first

	Short  Count `json:"short"`  // PGs with fewer OSDs than their pool's size
	Shared Count `json:"shared"` // PGs with more copies in a failure domain than their rule allows
}

// Flow is what moves from one OSD to another.
type Flow struct {
	From  osdmap.OSDID `json:"from"` // NoOSD: a copy that was lacking is made
	To    osdmap.OSDID `json:"to"`   // NoOSD: a copy is given up
	PGs   int          `json:"pgs"`
	Bytes uint64       `json:"bytes"`
}

// Count is a number before and after.
type Count struct {
	Before int `json:"before"`
	After  int `json:"after"`
}

// Bytes says how much data a PG holds, one copy of it. A nil Bytes means not known.
type Bytes func(osdmap.PGID) uint64

// CompareTables says what moves from one table to the other, in pools that both have.
func CompareTables(before, after *Table, bytes Bytes) *Moves {
	c := &comparison{before: before, after: after, bytes: bytes, flows: make(map[[2]osdmap.OSDID]*Flow)}
	for pool := range after.Map().Pools() {
		if old, ok := before.Map().Pool(pool.ID); ok {
			c.pool(&old, &pool)
		}
	}
	c.Flows = make([]Flow, 0, len(c.flows))
	for _, f := range c.flows {
		c.Flows = append(c.Flows, *f)
	}
	slices.SortFunc(c.Flows, func(a, b Flow) int {
		return cmp.Or(cmp.Compare(b.PGs, a.PGs), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return &c.Moves
}

type comparison struct {
	Moves
	before, after *Table
	bytes         Bytes
	flows         map[[2]osdmap.OSDID]*Flow
}

// pool compares one pool. Where pg_num differs, every PG of the side that has more is
// compared with the one it splits from, or merges into; it holds that one's share.
func (c *comparison) pool(old, now *osdmap.Pool) {
	was, is := c.before.Pool(old.ID), c.after.Pool(now.ID)
	gone, sizes := c.gone(), c.pieceSizes(old, now)
	copies, bytes := make(balance), make(balance)
	lacking, lackingBytes := int64(0), int64(0)
	for seed := range max(old.PGNum, now.PGNum) {
		parent := stableMod(seed, old.PGNum)
		from, to, size := was[parent], is[stableMod(seed, now.PGNum)], sizes[seed]
		c.PGs++
		if c.pg(now, from.Up, to.Up, size) {
			c.Remapped++
		}
		copies.move(from.Up, to.Up, 1)
		bytes.move(from.Up, to.Up, int64(size))
		n := int64(max(0, countOSDs(to.Up, nil)-countOSDs(from.Up, gone)))
		lacking += n
		lackingBytes += n * int64(size)
	}
	c.Least += int(max(lacking, copies.gains()))
	c.LeastBytes += uint64(max(lackingBytes, bytes.gains()))
	c.Short.Before += short(old, was)
	c.Short.After += short(now, is)
	c.Shared.Before += shared(c.before, old, was)
	c.Shared.After += shared(c.after, now, is)
}

// pieceSizes is what each PG holds of the larger of both numbers of PGs: its part of the
// hashes of the old PG that it splits from, times what that one holds.
func (c *comparison) pieceSizes(old, now *osdmap.Pool) []uint64 {
	pieces := max(old.PGNum, now.PGNum)
	sizes := make([]uint64, pieces)
	if c.bytes == nil {
		return sizes
	}
	parts := make([]uint64, old.PGNum) // of each old PG, in all
	for seed := range pieces {
		parts[stableMod(seed, old.PGNum)] += hashParts(seed, pieces)
	}
	for seed := range pieces {
		parent := stableMod(seed, old.PGNum)
		bytes := c.bytes(osdmap.PGID{Pool: old.ID, Seed: parent})
		hi, lo := bits.Mul64(bytes, hashParts(seed, pieces))
		sizes[seed], _ = bits.Div64(hi, lo, parts[parent])
	}
	return sizes
}

// hashParts is the part of all hashes that land in PG seed of n: 1, or 2 where the PG whose
// number differs in the highest bit alone is not there yet. (See stableMod.)
func hashParts(seed, n uint32) uint64 {
	half := uint32(1) << bits.Len32(n-1) >> 1
	if half > 0 && seed < half && seed+half >= n {
		return 2
	}
	return 1
}

// pg notes what moves between two mappings of the same data.
func (c *comparison) pg(pool *osdmap.Pool, from, to []osdmap.OSDID, size uint64) bool {
	moves := pairs(pool, from, to)
	for _, m := range moves {
		f := c.flows[m]
		if f == nil {
			f = &Flow{From: m[0], To: m[1]}
			c.flows[m] = f
		}
		f.PGs++
		f.Bytes += size
		if m[1] != osdmap.NoOSD {
			c.Copies++
			c.Bytes += size
		}
	}
	return len(moves) > 0
}

// pairs matches what leaves with what comes. Shards of an erasure pool move by position;
// copies are alike, so any that leaves can feed any that comes.
func pairs(pool *osdmap.Pool, from, to []osdmap.OSDID) [][2]osdmap.OSDID {
	var moves [][2]osdmap.OSDID
	if !pool.CanShift() {
		for i := range max(len(from), len(to)) {
			if a, b := at(from, i), at(to, i); a != b {
				moves = append(moves, [2]osdmap.OSDID{a, b})
			}
		}
		return moves
	}
	left := without(from, to)
	come := without(to, from)
	for i := range max(len(left), len(come)) {
		moves = append(moves, [2]osdmap.OSDID{at(left, i), at(come, i)})
	}
	return moves
}

func at(mapping []osdmap.OSDID, i int) osdmap.OSDID {
	if i < len(mapping) {
		return mapping[i]
	}
	return osdmap.NoOSD
}

func without(mapping, other []osdmap.OSDID) []osdmap.OSDID {
	return slices.DeleteFunc(slices.Clone(mapping), func(id osdmap.OSDID) bool {
		return id == osdmap.NoOSD || slices.Contains(other, id)
	})
}

// gone are the OSDs that can hold nothing afterwards.
func (c *comparison) gone() map[osdmap.OSDID]bool {
	gone := make(map[osdmap.OSDID]bool)
	for id := range c.before.Map().OSDs() {
		if m := c.after.Map(); m.IsOut(id) || m.IsDown(id) {
			gone[id] = true
		}
	}
	return gone
}

// balance is how much more each OSD holds than before.
type balance map[osdmap.OSDID]int64

func (b balance) move(from, to []osdmap.OSDID, amount int64) {
	for _, id := range from {
		b[id] -= amount
	}
	for _, id := range to {
		b[id] += amount
	}
}

// gains adds up what OSDs gained.
func (b balance) gains() int64 {
	sum := int64(0)
	for id, more := range b {
		if id != osdmap.NoOSD {
			sum += max(0, more)
		}
	}
	return sum
}

func short(pool *osdmap.Pool, pgs []Mapping) int {
	n := 0
	for i := range pgs {
		if countOSDs(pgs[i].Up, nil) < int(pool.Size) {
			n++
		}
	}
	return n
}

// countOSDs counts the OSDs of a mapping, holes and those that are gone left out.
func countOSDs(mapping []osdmap.OSDID, gone map[osdmap.OSDID]bool) int {
	n := 0
	for _, id := range mapping {
		if id != osdmap.NoOSD && !gone[id] {
			n++
		}
	}
	return n
}

func shared(t *Table, pool *osdmap.Pool, pgs []Mapping) int {
	if t.Map().Crush() == nil {
		return 0
	}
	d := newDomains(t.Map().Crush(), pool)
	n := 0
	for i := range pgs {
		if !d.holds(pgs[i].Up) {
			n++
		}
	}
	return n
}
