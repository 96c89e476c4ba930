package sim

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"zeph/pkg/objecter"
	"zeph/pkg/osdmap"
	"zeph/pkg/scenario"
)

// onePool is a pool of the scenario, and the id that the cluster gave it.
type onePool struct {
	scenario.Pool
	id osdmap.PoolID
}

// poolOf is the pool that clients keep an object in: objects are spread over all pools by their numbers.
func (c *Cluster) poolOf(object string) *onePool {
	if len(c.pools) == 1 {
		return &c.pools[0]
	}
	_, number, _ := strings.Cut(object, ".")
	n, _ := strconv.Atoi(number)
	return &c.pools[n%len(c.pools)]
}

// pgCount is how many placement groups there are.
func (c *Cluster) pgCount() int {
	n := 0
	for i := range c.pools {
		n += c.pools[i].PGs
	}
	return n
}

// pgAt is one of them, by its place among all.
func (c *Cluster) pgAt(n int) osdmap.PGID {
	for i := range c.pools {
		p := &c.pools[i]
		if n < p.PGs {
			return osdmap.PGID{Pool: p.id, Seed: uint32(n)}
		}
		n -= p.PGs
	}
	panic("sim: pgAt: there are fewer placement groups")
}

// pgPlace is the opposite; -1: it is in no pool of the scenario.
func (c *Cluster) pgPlace(id osdmap.PGID) int {
	at := 0
	for i := range c.pools {
		if p := &c.pools[i]; p.id == id.Pool {
			return at + int(id.Seed)
		} else {
			at += p.PGs
		}
	}
	return -1
}

// makePools makes the pools, each with a rule for what no two of its copies may share.
func (c *Cluster) makePools() bool {
	for i := range c.pools {
		p := &c.pools[i]
		args := []string{"name", p.Name, "size", strconv.Itoa(p.Size), "min_size", strconv.Itoa(p.MinSize), "pg_num", strconv.Itoa(p.PGs),
			"read_lease_interval", millis(c.cfg.Lease), "yes", "true"} // long ones are meant
		if p.Domain != "host" {
			c.ask("crush rule create-replicated", "name", "by-"+p.Domain, "type", p.Domain)
			args = append(args, "rule", "by-"+p.Domain)
		}
		c.ask("pool create", args...)
		m := c.state().Map()
		made, ok := m.PoolNamed(p.Name)
		if p.id = made.ID; !ok {
			return false
		}
	}
	c.pool = c.pools[0].id
	return true
}

// millis is a length of time as commands and settings take it.
func millis(d time.Duration) string { return strconv.Itoa(int(d/time.Millisecond)) + "ms" }

// longestLease is the longest that any pool may have granted so far.
func (c *Cluster) longestLease() time.Duration { return max(c.cfg.Lease, c.leases) }

// ask gives a command, and waits for its end.
func (c *Cluster) ask(name string, args ...string) {
	over := false
	c.operator.command(func(objecter.Done) { over = true }, name, args...)
	c.until(20*time.Second, func() bool { return over })
}

// fewestCopies is the smallest min_size of all pools.
func (c *Cluster) fewestCopies() int {
	least := c.cfg.MinSize
	for _, p := range c.pools[1:] {
		least = min(least, p.MinSize)
	}
	return least
}

// minSize is how many copies an object needs to be served.
func (c *Cluster) minSize(object string) int {
	if p := c.poolOf(object); p.id != c.pool {
		return p.MinSize
	}
	return c.cfg.MinSize
}

// pgName is a placement group as scenarios name it: by the number of its pool among theirs.
func (c *Cluster) pgName(id osdmap.PGID) string {
	n := slices.IndexFunc(c.pools, func(p onePool) bool { return p.id == id.Pool })
	return osdmap.PGID{Pool: osdmap.PoolID(n + 1), Seed: id.Seed}.String()
}

// pgNamed is the opposite.
func (c *Cluster) pgNamed(name string) (osdmap.PGID, bool) {
	id, err := osdmap.ParsePGID(name)
	if n := int(id.Pool) - 1; err == nil && n >= 0 && n < len(c.pools) {
		id.Pool = c.pools[n].id
	}
	return id, err == nil && c.pgPlace(id) >= 0
}
