package osdmap

import (
	"fmt"
	"math"
	"slices"

	"zeph/pkg/crush"
)

// Apply is the map that the Change makes of this one, which stays as it is; what did not
// change is shared by both. The epoch moves on by one, also when the Change is empty. On
// error there is no map, and the error says why: the epochs do not meet, the Change names
// what does not exist, or what it asks for is not allowed.
func (m *Map) Apply(c *Change) (*Map, error) {
	if err := m.follows(c); err != nil {
		return nil, fmt.Errorf("osdmap: apply: %w", err)
	}
	next := *m
	next.epoch = c.Epoch()
	next.modified = c.Modified
	// The order is Ceph's but for the CRUSH map, which the new pools need.
	for _, step := range []func(*Map, *Change) error{
		(*Map).applyCluster, (*Map).applyPools, (*Map).applyOSDs, (*Map).applyTables,
	} {
		if err := step(&next, c); err != nil {
			return nil, fmt.Errorf("osdmap: apply change to epoch %d: %w", next.epoch, err)
		}
	}
	return &next, nil
}

func invalid(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, ErrInvalid)...)
}

// follows checks that the Change was made for exactly this map.
func (m *Map) follows(c *Change) error {
	switch {
	case c.FSID != m.fsid:
		return fmt.Errorf("change has fsid %v, the map %v: %w", c.FSID, m.fsid, ErrWrongCluster)
	case c.Base > m.epoch:
		return fmt.Errorf("change follows epoch %d, the map is at %d: %w", c.Base, m.epoch, ErrEpochGap)
	case c.Base < m.epoch:
		return fmt.Errorf("change follows epoch %d, the map is at %d: %w", c.Base, m.epoch, ErrEpochRepeat)
	case c.Base == math.MaxUint32:
		return invalid("epoch %d is the last one there is", c.Base)
	}
	return nil
}

// applyCluster changes what is neither of an OSD nor of a pool.
func (m *Map) applyCluster(c *Change) error {
	if both := c.SetFlags & c.ClearFlags; both != 0 {
		return invalid("flags %v are both set and cleared", both)
	}
	if bad := (c.SetFlags | c.ClearFlags).unknown(); bad != 0 {
		return invalid("flag %v is unknown", bad)
	}
	m.flags = m.flags&^c.ClearFlags | c.SetFlags
	if r := c.Ratios; r != nil {
		if r.NearFull == 0 || r.NearFull > r.BackfillFull || r.BackfillFull > r.Full || r.Full > Whole {
			return invalid("ratios: %v: must rise in this order, above 0 and up to 1", *r)
		}
		m.ratios = *r
	}
	if c.Crush != nil {
		if err := c.Crush.Validate(); err != nil {
			return invalid("crush map: %w", err)
		}
		m.crush = c.Crush
	}
	return nil
}

// applyPools removes, changes and adds pools. A new CRUSH map must serve all of them.
func (m *Map) applyPools(c *Change) error {
	if len(c.Pools)+len(c.RemovedPools) == 0 && c.Crush == nil {
		return nil
	}
	pools := slices.Clone(m.pools)
	for _, id := range c.RemovedPools {
		at, ok := findPool(pools, id)
		if !ok {
			return fmt.Errorf("remove pool %d: %w", id, ErrUnknownPool)
		}
		pools = slices.Delete(pools, at, at+1)
	}
	edits := slices.SortedStableFunc(slices.Values(c.Pools), func(a, b Pool) int { return comparePools(a, b.ID) })
	for i, p := range edits {
		if i > 0 && edits[i-1].ID == p.ID {
			return invalid("pool %d %q: appears twice", p.ID, p.Name)
		}
		if err := m.settlePool(&p); err != nil {
			return fmt.Errorf("pool %d %q: %w", p.ID, p.Name, err)
		}
		at, known := findPool(pools, p.ID)
		switch {
		case known:
			pools[at] = p
		case p.ID <= m.poolMax:
			return invalid("pool %d %q: ids up to %d have been used, and none is used again", p.ID, p.Name, m.poolMax)
		default:
			pools = append(pools, p)
			m.poolMax = p.ID
		}
	}
	m.pools = pools
	return m.checkPools(c)
}

// settlePool checks what a Change asks for a pool, all but its rule, and fills in the epochs.
func (m *Map) settlePool(p *Pool) error {
	if err := p.check(nil); err != nil {
		return invalid("%w", err)
	}
	p.Created, p.LastChange = m.epoch, m.epoch
	if old := m.pool(p.ID); old != nil {
		if p.PGNum != old.PGNum {
			return invalid("pg_num %d: a live pool keeps its %d", p.PGNum, old.PGNum)
		}
		if p.Type != old.Type || p.ObjectHash != old.ObjectHash {
			return invalid("%v hashed by %v: a live pool stays %v hashed by %v", p.Type, p.ObjectHash, old.Type, old.ObjectHash)
		}
		p.Created = old.Created
	}
	if p.MinSize < 1 || p.MinSize > p.Size {
		return invalid("min_size %d: must be 1 to size %d", p.MinSize, p.Size)
	}
	if p.PGPNum > p.PGNum {
		return invalid("pgp_num %d: must be at most pg_num %d", p.PGPNum, p.PGNum)
	}
	if m.crush == nil {
		return invalid("rule %d: the map has no crush map yet", p.Rule)
	}
	return nil
}

// checkPools checks what needs all pools, and the rules of all pools when those are new.
func (m *Map) checkPools(c *Change) error {
	pgs := uint64(0)
	names := make(map[string]PoolID, len(m.pools))
	for i := range m.pools {
		p := &m.pools[i]
		if other, dup := names[p.Name]; dup {
			return invalid("pool %d: name %q is that of pool %d", p.ID, p.Name, other)
		}
		names[p.Name] = p.ID
		pgs += uint64(p.PGNum)
		if c.Crush == nil && p.LastChange != m.epoch {
			continue
		}
		if err := p.checkRule(m.crush); err != nil {
			return fmt.Errorf("pool %d %q: %w", p.ID, p.Name, err)
		}
	}
	if pgs > MaxPGs {
		return invalid("%d pgs in all pools, at most %d are allowed", pgs, MaxPGs)
	}
	return nil
}

// checkRule wants a rule that exists and serves the pool's type.
func (p *Pool) checkRule(c *crush.Map) error {
	r, ok := c.Rule(p.Rule)
	if !ok {
		return fmt.Errorf("rule %d: %w", p.Rule, ErrUnknownRule)
	}
	if r.Type != p.Type.ruleType() {
		return invalid("rule %d %q is for %v pools, the pool is %v", r.ID, r.Name, r.Type, p.Type)
	}
	return nil
}
