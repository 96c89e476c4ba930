package crush

//go:noescape
func hash3x8AVX2(out, ids *[8]uint32, x, r uint32)

//go:noescape
func hash3x16AVX2(out, ids *[16]uint32, x, r uint32)

func hasAVX2() bool

// avx2: the processor hashes eight items in about the time of two.
var avx2 = hasAVX2()

// hashBlock hashes the ids of one block with x and r. Whatever stands in ids behind the
// first n is hashed too, or not; nobody looks at it.
func hashBlock(out, ids *block, n int, x, r uint32) {
	switch {
	case !avx2 || n < 3:
		hashBlockGeneric(out, ids, n, x, r)
	case n <= 8:
		hash3x8AVX2((*[8]uint32)(out[:8]), (*[8]uint32)(ids[:8]), x, r)
	default:
		hash3x16AVX2((*[16]uint32)(out), (*[16]uint32)(ids), x, r)
	}
}
