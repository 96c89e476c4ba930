package placement

import (
	"encoding/binary"
	"math/bits"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
)

// Object is what an object is placed by.
type Object struct {
	Name      string
	Namespace string // part of the pool; empty is the default one
	Key       string // hashed instead of the name when set, so that objects can share a PG
}

// Hash is the object's place on the circle of 2^32 points that the pool's PGs divide.
func (o Object) Hash(pool *osdmap.Pool) uint32 {
	key := o.Name
	if o.Key != "" {
		key = o.Key
	}
	if o.Namespace != "" {
		key = o.Namespace + "\x1f" + key
	}
	if pool.ObjectHash == osdmap.HashLinux {
		return hashLinux(key)
	}
	return hashRJenkins(key)
}

// PG is the placement group that holds the object.
func (o Object) PG(pool *osdmap.Pool) osdmap.PGID {
	return osdmap.PGID{Pool: pool.ID, Seed: stableMod(o.Hash(pool), pool.PGNum)}
}

// stableMod takes x modulo n such that little changes when n grows: with m the power of two
// at or above n, x mod m where that is below n, else x mod m/2. As n goes to n+1, only
// PG n−m/2 splits.
func stableMod(x, n uint32) uint32 {
	if n == 0 {
		return 0
	}
	mask := uint32(1)<<bits.Len32(n-1) - 1
	if x&mask < n {
		return x & mask
	}
	return x & (mask >> 1)
}

// Seed is what CRUSH places a PG by (Ceph's pps). With hashpspool it depends on the pool;
// without, PG s of pool p shares its OSDs with PG s−1 of pool p+1, which made clusters of
// many pools lopsided. PGs above pgp_num share the place of one below it.
func Seed(pool *osdmap.Pool, pg osdmap.PGID) uint32 {
	s := stableMod(pg.Seed, pool.PGPNum)
	if pool.Flags&osdmap.PoolHashPSPool != 0 {
		return crush.Hash2(s, uint32(pool.ID))
	}
	return s + uint32(pool.ID)
}

// hashRJenkins is Jenkins' 1996 hash of a string (burtleburtle.net/bob/hash/evahash.html).
func hashRJenkins(s string) uint32 {
	const golden = 0x9e3779b9
	a, b, c := uint32(golden), uint32(golden), uint32(0)
	rest := []byte(s)
	for ; len(rest) >= 12; rest = rest[12:] {
		a += binary.LittleEndian.Uint32(rest)
		b += binary.LittleEndian.Uint32(rest[4:])
		c += binary.LittleEndian.Uint32(rest[8:])
		a, b, c = crush.Mix(a, b, c)
	}
	var last [12]byte
	copy(last[:], rest)
	a += binary.LittleEndian.Uint32(last[:])
	b += binary.LittleEndian.Uint32(last[4:])
	c += binary.LittleEndian.Uint32(last[8:])<<8 + uint32(len(s)) // the low byte is for the length
	_, _, c = crush.Mix(a, b, c)
	return c
}

// hashLinux is the hash of names in Linux's old dentry cache.
func hashLinux(s string) uint32 {
	var h uint32
	for i := range len(s) {
		c := uint32(s[i])
		h = (h + c<<4 + c>>4) * 11
	}
	return h
}
