package store

import (
	"math/bits"

	"zeph/pkg/osdmap"
)

// Span is the part of a pool that a PG owns: the objects whose hash ends in the Bits low bits
// of the PG's seed. In the order of keys they are contiguous.
type Span struct {
	PG   osdmap.PGID
	Bits uint8 // 0 to 32
}

// SpanOf is the PG's span in a pool of pgNum PGs. A pool whose pg_num is no power of two
// has PGs of two sizes: those that the next power of two would split are twice as large.
// The seed must be below pgNum.
func SpanOf(pg osdmap.PGID, pgNum uint32) Span {
	if pgNum == 0 {
		return Span{PG: pg}
	}
	b := bits.Len32(pgNum - 1)
	if b > 0 {
		half := uint32(1) << (b - 1)
		if pg.Seed < half && uint64(pg.Seed)+uint64(half) >= uint64(pgNum) {
			b-- // its other half would be a PG that the pool does not have
		}
	}
	return Span{PG: pg, Bits: uint8(b)}
}

// Has reports whether the object belongs to the span.
func (s Span) Has(k Key) bool {
	return k.Pool == s.PG.Pool && k.Hash&s.mask() == s.PG.Seed
}

// Bounds are the first key of the span and the first beyond it.
func (s Span) Bounds() (from, to Key) {
	from = Key{Pool: s.PG.Pool, Hash: s.PG.Seed}
	last := bits.Reverse32(s.PG.Seed | ^s.mask())
	if last == ^uint32(0) {
		return from, Key{Pool: s.PG.Pool + 1}
	}
	return from, Key{Pool: s.PG.Pool, Hash: bits.Reverse32(last + 1)}
}

// Overlaps reports whether an object could belong to both.
func (s Span) Overlaps(other Span) bool {
	common := s.mask() & other.mask()
	return s.PG.Pool == other.PG.Pool && s.PG.Seed&common == other.PG.Seed&common
}

// mask has a one for each bit of a hash that decides.
func (s Span) mask() uint32 { return uint32(uint64(1)<<s.Bits - 1) }
