package mon

import "zeph/pkg/osdmap"

// cleans counts PGs by the epoch since which they are clean, so that the lowest of tens of thousands is known at every
// beacon without a walk.
type cleans struct {
	at    map[osdmap.Epoch]int
	n     int
	least osdmap.Epoch // none is below
}

// move notes that a PG, which may be new, says something else, or is no more.
func (c *cleans) move(old, next *pgSoft) {
	if c.at == nil {
		c.at = make(map[osdmap.Epoch]int)
	}
	if old != nil {
		c.n--
		if c.at[old.Clean]--; c.at[old.Clean] == 0 {
			delete(c.at, old.Clean)
		}
	}
	if next != nil {
		if c.n++; c.n == 1 || next.Clean < c.least {
			c.least = next.Clean
		}
		c.at[next.Clean]++
	}
}

// lowest is the lowest epoch of all, or the newest of all maps.
func (c *cleans) lowest(newest osdmap.Epoch) osdmap.Epoch {
	for c.least < newest && c.at[c.least] == 0 {
		c.least++
	}
	return min(c.least, newest)
}
