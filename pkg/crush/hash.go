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

func xx(words ...uint32) uint32 {
	var buf [16]byte
	for i, w := range words {
		binary.LittleEndian.PutUint32(buf[4*i:], w)
	}
	return uint32(xxhash.Sum64(buf[:4*len(words)]))
}

// rjenkinsSeed starts every rjenkins1 hash; x0 and y0 pad its input to whole mixes.
const (
	rjenkinsSeed = 1315423911
	x0, y0       = 231232, 1232
)

// mix is Jenkins' reversible 96-bit mix (burtleburtle.net/bob/hash/evahash.html).
func mix(a, b, c uint32) (uint32, uint32, uint32) {
	a = (a - b - c) ^ c>>13
	b = (b - c - a) ^ a<<8
	c = (c - a - b) ^ b>>13
	a = (a - b - c) ^ c>>12
	b = (b - c - a) ^ a<<16
	c = (c - a - b) ^ b>>5
	a = (a - b - c) ^ c>>3
	b = (b - c - a) ^ a<<10
	c = (c - a - b) ^ b>>15
	return a, b, c
}

// Hash2 is rjenkins1 of two words. Ceph also seeds placement groups and tests reweights
// and primary affinities with it, whatever hash the buckets use.
func Hash2(a, b uint32) uint32 {
	h := rjenkinsSeed ^ a ^ b
	x, y := uint32(x0), uint32(y0)
	a, b, h = mix(a, b, h)
	x, _, h = mix(x, a, h)
	_, _, h = mix(b, y, h)
	_ = x
	return h
}

func rjenkins3(a, b, c uint32) uint32 {
	h := rjenkinsSeed ^ a ^ b ^ c
	x, y := uint32(x0), uint32(y0)
	a, b, h = mix(a, b, h)
	c, x, h = mix(c, x, h)
	y, a, h = mix(y, a, h)
	b, x, h = mix(b, x, h)
	_, _, h = mix(y, c, h)
	_, _ = a, b
	return h
}

func rjenkins4(a, b, c, d uint32) uint32 {
	h := rjenkinsSeed ^ a ^ b ^ c ^ d
	x, y := uint32(x0), uint32(y0)
	a, b, h = mix(a, b, h)
	c, d, h = mix(c, d, h)
	a, x, h = mix(a, x, h)
	y, b, h = mix(y, b, h)
	c, x, h = mix(c, x, h)
	_, _, h = mix(y, d, h)
	_, _ = a, b
	return h
}
