package storetest

import (
	"encoding/binary"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// rng is splitmix64: small, and the same everywhere.
type rng uint64

func (r *rng) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below draws a number from 0 to n−1.
func (r *rng) below(n int) int { return int(r.next() % uint64(n)) }

// chance is true once in n times.
func (r *rng) chance(n int) bool { return r.below(n) == 0 }

// bytes draws n bytes, no two blocks of which are alike.
func (r *rng) bytes(n int) []byte {
	b := make([]byte, n+8)
	for i := 0; i < n; i += 8 {
		binary.LittleEndian.PutUint64(b[i:], r.next())
	}
	return b[:n]
}

// pattern is data that no other seed makes.
func pattern(seed uint64, n int) []byte {
	r := rng(seed)
	return r.bytes(n)
}

// pgOne is the PG of pools with one.
var pgOne = osdmap.PGID{Pool: 1}

// key is an object of pool 1 whose hash is one of its name.
func key(name string) store.Key {
	h := uint32(2166136261)
	for i := range len(name) {
		h = (h ^ uint32(name[i])) * 16777619
	}
	return store.Key{Pool: 1, Hash: h, Name: name}
}

// withPool makes the one PG of pool 1.
func (f *fixture) withPool() *fixture {
	f.Helper()
	f.do(func(t *store.Txn) { t.MakePG(pgOne, 1) })
	return f
}
