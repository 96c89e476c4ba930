package crush

import (
	"cmp"
	"math/big"
	"slices"
)

// strawLengths works out how long the straws of a straw bucket must be for items to win by
// their weights, in 16.16 fixed point. Lighter items come first; each step up in weight
// lengthens the straws of all that are heavier by a root of a ratio of weights.
//
// Ceph stores the outcome in its binary map, but neither of its text forms shows it, so it
// is worked out again, exactly as Ceph does it, quirks and all: version 0 miscounts the
// items that are left when weights repeat or are zero, and both lose the upper bits where
// weights differ by more than 2^16. Floating point is rounded one operation at a time, the
// root is rounded correctly: the outcome is the same on every machine.
func strawLengths(weights []Weight, version int) []uint32 {
	order := make([]int, len(weights))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(weights[i], weights[j]) })

	lengths := make([]uint32, len(weights))
	length := 1.0
	below, last := 0.0, 0.0
	left := len(order)
	for k, i := range order {
		if weights[i] == 0 {
			if version > 0 {
				left--
			}
			continue
		}
		lengths[i] = fixed(length)
		if k+1 == len(order) {
			break
		}
		w, next := weights[i], weights[order[k+1]]
		if version == 0 && next == w {
			continue
		}
		below += float64((float64(w) - last) * float64(left))
		if version == 0 {
			for _, j := range order[k+1:] {
				if weights[j] != next {
					break
				}
				left--
			}
		} else {
			left--
		}
		above := float64(uint32(left) * uint32(next-w)) // wraps, as in Ceph
		length *= root(1/(below/(below+above)), left)
		last = float64(w)
	}
	return lengths
}

// fixed converts to 16.16 as Ceph's C does on a 64-bit machine: what does not fit is cut off.
func fixed(length float64) uint32 {
	length *= 0x10000
	if length >= 1<<63 {
		return 0
	}
	return uint32(uint64(length))
}

// root is x to the power of the float64 nearest to 1/n, correctly rounded, for x ≥ 1.
func root(x float64, n int) float64 {
	if x == 1 || n == 1 {
		return x
	}
	y := wide(1 / float64(n))
	p, _ := exp(y.Mul(y, ln(x))).Float64()
	return p
}

// wide makes a number of twice the precision that rounding to a float64 correctly takes.
func wide(x float64) *big.Float { return new(big.Float).SetPrec(160).SetFloat64(x) }

// atanhSeries sums 2·(z + z³/3 + z⁵/5 + …), which is ln((1+z)/(1−z)).
func atanhSeries(z *big.Float) *big.Float {
	square := wide(0).Mul(z, z)
	power := wide(0).Mul(z, wide(2))
	sum := wide(0).Set(power)
	for k := 3.0; power.Sign() != 0 && power.MantExp(nil) > -150; k += 2 {
		power.Mul(power, square)
		sum.Add(sum, wide(0).Quo(power, wide(k)))
	}
	return sum
}

// ln is the natural logarithm of x > 0.
func ln(x float64) *big.Float {
	m := wide(x)
	e := m.MantExp(m) // x = m·2^e, m in [0.5, 1)
	z := wide(0).Quo(wide(0).Sub(m, wide(1)), wide(0).Add(m, wide(1)))
	two := atanhSeries(wide(0).Quo(wide(1), wide(3))) // ln 2
	return two.Add(two.Mul(two, wide(float64(e))), atanhSeries(z))
}

// exp is e^y for 0 ≤ y < 100: by its series for y/2^10, squared ten times.
func exp(y *big.Float) *big.Float {
	const halvings = 10
	small := wide(0).SetMantExp(y, -halvings)
	term, sum := wide(1), wide(1)
	for k := 1.0; term.Sign() != 0 && term.MantExp(nil) > -160; k++ {
		term.Quo(term.Mul(term, small), wide(k))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}
