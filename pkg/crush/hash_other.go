//go:build !amd64

package crush

func hashBlock(out, ids *block, n int, x, r uint32) { hashBlockGeneric(out, ids, n, x, r) }
