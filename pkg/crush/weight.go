package crush

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Weight is a share in 16.16 fixed point: 0x10000 is 1.0, by custom one TiB of capacity.
// OSD reweights and primary affinities use the same form with 1.0 as the most.
type Weight uint32

// One is the weight 1.0.
const One Weight = 0x10000

// Float is the weight as a number, for display.
func (w Weight) Float() float64 { return float64(w) / float64(One) }

// String is the shortest decimal, with at least three digits after the point, that reads
// back as the same weight. (16 binary digits need no more than 16 decimal ones.)
func (w Weight) String() string {
	exact := strconv.FormatFloat(w.Float(), 'f', -1, 64)
	for digits := 3; digits < 16; digits++ {
		s := strconv.FormatFloat(w.Float(), 'f', digits, 64)
		if back, err := ParseWeight(s); err == nil && back == w {
			return s
		}
	}
	return exact
}

// ParseWeight reads a decimal such as "1.5" exactly, cutting what 16 binary digits cannot hold.
func ParseWeight(s string) (Weight, error) {
	if s == "" || strings.Trim(s, "0123456789.") != "" || strings.Count(s, ".") > 1 || len(s) > 40 {
		return 0, fmt.Errorf("weight %q: expected a decimal number such as 1.5", s)
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return 0, fmt.Errorf("weight %q: expected a decimal number such as 1.5", s)
	}
	r.Mul(r, new(big.Rat).SetInt64(int64(One)))
	fixed := new(big.Int).Quo(r.Num(), r.Denom())
	if !fixed.IsUint64() || fixed.Uint64() > 0xffffffff {
		return 0, fmt.Errorf("weight %s: must be below 65536", s)
	}
	return Weight(fixed.Uint64()), nil
}
