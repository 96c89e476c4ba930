package mon

import (
	"fmt"

	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
	"zeph/pkg/status"
)

// cramped is a pool that asks for more copies than its rule finds places, even if every OSD were there.
type cramped struct {
	pool   osdmap.Pool
	places int
}

func (c *cramped) String() string {
	text := fmt.Sprintf("its rule finds places for %d of its %d copies", c.places, c.pool.Size)
	if c.places < int(c.pool.MinSize) {
		text += fmt.Sprintf(": it does not serve, for min_size is %d", c.pool.MinSize)
	}
	return text
}

// next is what to do about it.
func (c *cramped) next() string {
	return fmt.Sprintf("zeph pool set %s size %d, or add OSDs where its rule looks for them: in further hosts, by the usual one", c.pool.Name, max(1, c.places))
}

// crowded says whether a pool is cramped. Of a cluster without OSDs nobody can tell.
func crowded(m *osdmap.Map, pool *osdmap.Pool) (cramped, bool) {
	all, err := placement.AllUpIn(m)
	if err != nil {
		return cramped{}, false
	}
	mapper, err := placement.New(all)
	if err != nil {
		return cramped{}, false
	}
	const enough = 64 // PGs: CRUSH may miss a place for one of them, by bad luck
	c := cramped{pool: *pool}
	var s placement.Scratch
	for seed := range min(pool.PGNum, enough) {
		c.places = max(c.places, len(mapper.Map(&s, pool, osdmap.PGID{Pool: pool.ID, Seed: seed}).Up))
	}
	return c, c.places > 0 && c.places < int(pool.Size)
}

// crampedPools are all such pools of the newest map.
func (l *leader) crampedPools() []cramped {
	if l.cramped.epoch == l.c.st.Epoch() {
		return l.cramped.pools
	}
	l.cramped.epoch, l.cramped.pools = l.c.st.Epoch(), nil
	for pool := range l.c.st.m.Pools() {
		for _, at := range l.places.table.Pool(pool.ID) {
			if len(at.Up) < int(pool.Size) {
				if c, yes := crowded(l.c.st.m, &pool); yes {
					l.cramped.pools = append(l.cramped.pools, c)
				}
				break
			}
		}
	}
	return l.cramped.pools
}

func (l *leader) isCramped(pool osdmap.PoolID) bool {
	for _, c := range l.crampedPools() {
		if c.pool.ID == pool {
			return true
		}
	}
	return false
}

func checkPlaces(l *leader) *status.Check {
	c := &status.Check{
		Code: "POOL_TOO_FEW_PLACES", Severity: status.Warn,
		Why: "its PGs lack copies for ever: no OSD that could be started would be a place for them",
	}
	for _, one := range l.crampedPools() {
		c.Detail = append(c.Detail, fmt.Sprintf("pool %s: %v", one.pool.Name, &one))
		c.Next = append(c.Next, one.next())
	}
	if len(c.Detail) == 0 {
		return nil
	}
	c.Summary = counted(len(c.Detail), "pool") + " with more copies than places"
	return c
}
