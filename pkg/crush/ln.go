package crush

import "math/bits"

// negLog is −log2((u+1)/2^16) · 2^44 for a 16-bit u: how far a draw falls short of the best
// possible one. It is exact to the bit with Ceph's crush_ln, which computes the logarithm
// as 2^44·log2(u+1) and subtracts 2^48.
//
// The argument is shifted up to x in [2^15, 2^16], which gives the exponent. The table
// knows the logarithm at every 1/128th of an octave; what is left above the table's step
// is a ratio 1 + fine/2^15, whose logarithm the second table knows.
func negLog(u uint16) uint64 {
	x := uint64(u) + 1
	exponent := uint64(15)
	if x < 1<<15 {
		shift := bits.LeadingZeros16(uint16(x))
		x <<= shift
		exponent -= uint64(shift)
	}
	step := &lnTable[(x>>8)-128]
	fine := uint8(x * step.reciprocal >> 48)
	return 1<<48 - exponent<<44 - (step.log+lnFine[fine])>>4
}
