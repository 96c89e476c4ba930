package messenger

import (
	"math/bits"
	"sync"
	"unsafe"
)

// pageSize is what bulk data is aligned to, so that it can go to a disk as it lies (O_DIRECT).
const pageSize = 4096

// A slab is a piece of memory that is used again. Its first byte is at the start of a page,
// except in the smallest.
type slab struct {
	b     []byte
	order int // which pool it belongs to
}

const (
	smallSlab = 1 * kib
	slabRoom  = 2 * pageSize // beyond a power of two: for the header and body in front of it
	minOrder  = 12
	maxOrder  = 25 // 32 MiB
)

// slabs are the pools: the first of small ones, then of 1<<order bytes and room.
var slabs [maxOrder + 1]sync.Pool

// getSlab finds n bytes of memory or more.
func getSlab(n int) *slab {
	order := 0
	if n > smallSlab {
		order = max(minOrder, bits.Len(uint(max(n-slabRoom, 1)-1)))
	}
	if s, ok := slabs[order].Get().(*slab); ok {
		return s
	}
	if order == 0 {
		return &slab{b: make([]byte, smallSlab)}
	}
	return &slab{b: pages(1<<order + slabRoom), order: order}
}

// put gives the memory back. Nobody may look at it any more.
func (s *slab) put(poison bool) {
	if poison {
		overwrite(s.b)
	}
	slabs[s.order].Put(s)
}

// overwrite makes a use after release show.
func overwrite(b []byte) {
	for i := range b {
		b[i] = 0xDB
	}
}

// pages makes n bytes, a multiple of pageSize, that begin at the start of a page. The allocator
// happens to do so for such sizes; it does not promise it.
func pages(n int) []byte {
	b := make([]byte, n)
	if off := offPage(b); off != 0 {
		b = make([]byte, n+pageSize)
		b = b[(pageSize-offPage(b))%pageSize:][:n:n]
	}
	return b
}

// offPage is how far into its page a slice begins.
func offPage(b []byte) int { return int(uintptr(unsafe.Pointer(unsafe.SliceData(b))) % pageSize) }
