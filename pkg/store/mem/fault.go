package mem

import (
	"slices"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// Crash is a power cut, and the store opened again after it. Of what waited the first keep
// transactions reached the disk, the others did not; nobody is told.
func (s *Store) Crash(keep int) {
	for i := 0; i < keep && len(s.waiting) > 0; i++ {
		_ = s.carryOut(s.take().txn) // refused or not, nobody is there to hear it
	}
	s.waiting, s.queued, s.growth = nil, 0, 0
	s.Restart()
}

// Fail is a disk that cannot write any more. Of what waited the first keep transactions
// reached it; all are told ErrDead, as is every later call until Restart.
func (s *Store) Fail(keep int) {
	lost := slices.Clone(s.waiting)
	s.Crash(keep)
	s.dead = "the disk failed"
	for _, w := range lost {
		w.done(s.deadError())
	}
}

// Restart opens the store again after Close or Fail.
func (s *Store) Restart() { s.dead, s.telling = "", false }

// SetSize changes how many bytes the store may use; 0: no limit.
func (s *Store) SetSize(n uint64) { s.cfg.Size = n }

// Damage makes the blocks rot that hold n bytes of an object from off on. It reports whether
// there are any.
func (s *Store) Damage(k store.Key, off, n uint64) bool {
	o := s.object(k)
	if o == nil || n == 0 || off >= o.size() {
		return false
	}
	last := (off + min(n, o.size()-off) - 1) / store.BlockSize
	for b := off / store.BlockSize; b <= last; b++ {
		if at, found := slices.BinarySearch(o.bad, b); !found {
			o.bad = slices.Insert(o.bad, at, b)
		}
	}
	return true
}

// DamageRecord makes an object's own record rot. It reports whether there is one.
func (s *Store) DamageRecord(k store.Key) bool {
	o := s.object(k)
	if o != nil {
		o.broken = true
	}
	return o != nil
}

// DamagePG makes a PG's own record rot, until its info is set again. It reports whether there is one.
func (s *Store) DamagePG(id osdmap.PGID) bool {
	p := s.pg(id)
	if p != nil {
		p.broken = true
	}
	return p != nil
}

// DamageRow makes a row of an object's omap rot. It reports whether there is one.
func (s *Store) DamageRow(k store.Key, row string) bool {
	o := s.object(k)
	return o != nil && o.rows.spoil(o.omap, row)
}

// DamagePGRow makes a row of a PG's own rot. It reports whether there is one.
func (s *Store) DamagePGRow(id osdmap.PGID, row string) bool {
	p := s.pg(id)
	return p != nil && p.rotten.spoil(p.rows, row)
}

// DamageLog makes an entry of a PG's log rot. It reports whether there is one.
func (s *Store) DamageLog(id osdmap.PGID, v store.Version) bool {
	p := s.pg(id)
	if p == nil {
		return false
	}
	_, there := findEntry(p.log, v)
	if there && !slices.Contains(p.rottenLog, v) {
		p.rottenLog = append(p.rottenLog, v)
	}
	return there
}
