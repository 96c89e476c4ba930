package mem

import "slices"

// Clone is another store that holds what is durable here: a disk as it was, for those who bring it back later.
func (s *Store) Clone() *Store {
	c := New(s.cfg)
	c.used = s.used
	for _, o := range s.objects {
		n := *o
		n.data, n.attrs, n.omap = slices.Clone(o.data), slices.Clone(o.attrs), slices.Clone(o.omap)
		n.bad, n.rows = slices.Clone(o.bad), slices.Clone(o.rows)
		c.objects = append(c.objects, &n)
	}
	for _, p := range s.pgs {
		n := *p
		n.log, n.rows = slices.Clone(p.log), slices.Clone(p.rows)
		n.rotten, n.rottenLog = slices.Clone(p.rotten), slices.Clone(p.rottenLog)
		c.pgs = append(c.pgs, &n)
	}
	return c
}
