package crush

import (
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// Hash is the hash function a bucket draws with. Zero is Ceph's, and the default.
type Hash uint8

const (
	RJenkins1 Hash = 0 // Robert Jenkins' 96-bit mix, as in every Ceph map
	XXHash64  Hash = 1 // xxHash; Zeph's own, Ceph cannot read such a map
)

var hashNames = [...]string{RJenkins1: "rjenkins1", XXHash64: "xxhash64"}

func (h Hash) String() string {
	if h.valid() {
		return hashNames[h]
	}
	return fmt.Sprintf("hash%d", uint8(h))
}

func (h Hash) valid() bool { return int(h) < len(hashNames) }

// HashNamed finds a hash function by name.
func HashNamed(name string) (Hash, bool) {
	for i, n := range hashNames {
		if n == name {
			return Hash(i), true
		}
	}
	return 0, false
}

// hash3 hashes input, item and attempt: the draw of straw, straw2 and uniform buckets.
func (h Hash) hash3(a, b, c uint32) uint32 {
	if h == XXHash64 {
		return xx(a, b, c)
	}
	return rjenkins3(a, b, c)
}

// hash4 adds the bucket: the draw of list and tree buckets.
func (h Hash) hash4(a, b, c, d uint32) uint32 {
	if h == XXHash64 {
		return xx(a, b, c, d)
	}
	return rjenkins4(a, b, c, d)
}

// A block is as many items as are hashed at a time.
type block [16]uint32

// hash3s hashes input, each of up to 16 items, and attempt: hash3 for many.
func (h Hash) hash3s(out *block, x uint32, items []ItemID, r uint32) {
	if h == RJenkins1 {
		var ids block
		for i, id := range items {
			ids[i] = uint32(id)
		}
		hashBlock(out, &ids, len(items), x, r)
		return
	}
	for i, id := range items {
		out[i] = h.hash3(x, uint32(id), r)
	}
}

func hashBlockGeneric(out, ids *block, n int, x, r uint32) {
	for i, id := range ids[:n] {
		out[i] = rjenkins3(x, id, r)
	}
}

// xx is the low half of xxHash64 of the words, little-endian.
func xx(a, b, c uint32, more ...uint32) uint32 {
	buf := make([]byte, 12, 16)
	binary.LittleEndian.PutUint32(buf, a)
	binary.LittleEndian.PutUint32(buf[4:], b)
	binary.LittleEndian.PutUint32(buf[8:], c)
	for _, d := range more {
		buf = binary.LittleEndian.AppendUint32(buf, d)
	}
	return uint32(xxhash.Sum64(buf))
}

// rjenkinsSeed starts every rjenkins1 hash; x0 and y0 pad its input to whole mixes.
const (
	rjenkinsSeed = 1315423911
	x0, y0       = 231232, 1232
)

// A mix is Jenkins' reversible 96-bit mix (burtleburtle.net/bob/hash/evahash.html) in three
// turns. Each turn is small enough for the compiler to inline; whole mixes are not, and
// calls would cost more than the arithmetic.
func turn1(a, b, c uint32) (uint32, uint32, uint32) {
	a = (a - b - c) ^ c>>13
	b = (b - c - a) ^ a<<8
	c = (c - a - b) ^ b>>13
	return a, b, c
}

func turn2(a, b, c uint32) (uint32, uint32, uint32) {
	a = (a - b - c) ^ c>>12
	b = (b - c - a) ^ a<<16
	c = (c - a - b) ^ b>>5
	return a, b, c
}

func turn3(a, b, c uint32) (uint32, uint32, uint32) {
	a = (a - b - c) ^ c>>3
	b = (b - c - a) ^ a<<10
	c = (c - a - b) ^ b>>15
	return a, b, c
}

// Mix is one whole mix, for hashes that other packages build from it.
func Mix(a, b, c uint32) (uint32, uint32, uint32) { return turn3(turn2(turn1(a, b, c))) }

// Hash2 is rjenkins1 of two words. Ceph also seeds placement groups and tests reweights
// and primary affinities with it, whatever hash the buckets use.
func Hash2(a, b uint32) uint32 {
	h, x, y := rjenkinsSeed^a^b, uint32(x0), uint32(y0)
	a, b, h = turn3(turn2(turn1(a, b, h)))
	_, _, h = turn3(turn2(turn1(x, a, h)))
	_, _, h = turn3(turn2(turn1(b, y, h)))
	return h
}

func rjenkins3(a, b, c uint32) uint32 {
	h, x, y := rjenkinsSeed^a^b^c, uint32(x0), uint32(y0)
	a, b, h = turn3(turn2(turn1(a, b, h)))
	c, x, h = turn3(turn2(turn1(c, x, h)))
	y, _, h = turn3(turn2(turn1(y, a, h)))
	_, _, h = turn3(turn2(turn1(b, x, h)))
	_, _, h = turn3(turn2(turn1(y, c, h)))
	return h
}

func rjenkins4(a, b, c, d uint32) uint32 {
	h, x, y := rjenkinsSeed^a^b^c^d, uint32(x0), uint32(y0)
	a, b, h = turn3(turn2(turn1(a, b, h)))
	c, d, h = turn3(turn2(turn1(c, d, h)))
	_, x, h = turn3(turn2(turn1(a, x, h)))
	y, _, h = turn3(turn2(turn1(y, b, h)))
	_, _, h = turn3(turn2(turn1(c, x, h)))
	_, _, h = turn3(turn2(turn1(y, d, h)))
	return h
}
