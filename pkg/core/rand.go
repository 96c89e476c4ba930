package core

import "math/bits"

// Rand is a small random generator (PCG XSL-RR 128/64, O'Neill 2014) whose numbers depend on
// its seed and name only, on every machine.
type Rand struct {
	hi, lo uint64
}

// RandFor is the generator of a name under a seed. Another name gives another sequence, so one
// more draw here moves no draw elsewhere.
func RandFor(seed uint64, name string) *Rand {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	r := &Rand{hi: seed, lo: h}
	r.Uint64()
	r.Uint64()
	return r
}

// Uint64 is the next number.
func (r *Rand) Uint64() uint64 {
	const mulHi, mulLo = 2549297995355413924, 4865540595714422341
	const incHi, incLo = 6364136223846793005, 1442695040888963407
	hi, lo := bits.Mul64(r.lo, mulLo)
	hi += r.hi*mulLo + r.lo*mulHi
	lo, carry := bits.Add64(lo, incLo, 0)
	hi, _ = bits.Add64(hi, incHi, carry)
	r.hi, r.lo = hi, lo
	return bits.RotateLeft64(hi^lo, -int(hi>>58))
}

// IntN is a number from 0 to n-1, each as likely; n is above 0.
func (r *Rand) IntN(n int) int {
	if n <= 0 {
		panic("core: IntN of nothing")
	}
	hi, _ := bits.Mul64(r.Uint64(), uint64(n)) // the bias is below n in 2^64
	return int(hi)
}

// Chance reports true so many times in a million.
func (r *Rand) Chance(perMillion int) bool { return r.IntN(1_000_000) < perMillion }
