package crush

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Weights in the text form pass through a float32, because crushtool reads them so: its
// 24 binary digits hold every weight below 256, and above that only some.

// readWeight turns a decimal of the text form into the weight crushtool makes of it.
func readWeight(s string) (Weight, error) {
	f, err := strconv.ParseFloat(s, 32)
	if err != nil || strings.Trim(s, "0123456789.eE+-") != "" {
		return 0, fmt.Errorf("expected a weight such as 1.500, got %q", s)
	}
	fixed := float32(f) * float32(One)
	if fixed < 0 || fixed >= math.MaxUint32+1 {
		return 0, fmt.Errorf("weight %s: must be 0 or more, and below 65536", s)
	}
	return Weight(fixed), nil
}

// writeWeight prints the shortest decimal, with at least three digits after the point,
// that readWeight turns into w; or, where float32 has no such number, the nearest.
func writeWeight(w Weight) (text string, exact bool) {
	const most = 16 // binary digits after the point need no more decimal ones
	for digits := 3; digits <= most; digits++ {
		// Reading cuts off, so any number from w to just below w+1 will do. Of those
		// with so many digits the one nearest to w is nicest, the one nearest to the
		// middle is there if any is.
		for _, raw := range [...]float64{float64(w), float64(w) + 0.5} {
			s := strconv.FormatFloat(raw/float64(One), 'f', digits, 64)
			if back, err := readWeight(s); err == nil && back == w {
				return s, true
			}
		}
	}
	return strconv.FormatFloat(w.Float(), 'f', 3, 64), false
}
