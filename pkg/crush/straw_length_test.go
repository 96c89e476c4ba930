package crush

import (
	"slices"
	"testing"
)

func TestStrawLengthsOfEqualWeightsAreOne(t *testing.T) {
	t.Parallel()
	for version := range 2 {
		got := strawLengths([]Weight{5 * One, 5 * One, 5 * One}, version)
		if !slices.Equal(got, []uint32{0x10000, 0x10000, 0x10000}) {
			t.Errorf("version %d: %x", version, got)
		}
	}
}

func TestStrawLengthsWithoutWeightAreZero(t *testing.T) {
	t.Parallel()
	for version := range 2 {
		got := strawLengths([]Weight{0, One, 0, 2 * One}, version)
		if got[0] != 0 || got[2] != 0 || got[1] == 0 || got[3] <= got[1] {
			t.Errorf("version %d: %x", version, got)
		}
	}
}

// TestRootIsRoundedCorrectly: an error in the last place would cut a whole unit off some
// straw lengths. The exponent is the float64 nearest to 1/n, so that the cube root of 64 is
// just below 4; the values are those of a C library whose pow is known to round correctly.
func TestRootIsRoundedCorrectly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		x    float64
		n    int
		want float64
	}{
		{8.0, 3, 2.0},
		{64.0, 3, 3.9999999999999996},
		{125.0, 3, 4.999999999999999},
		{1000.0, 3, 9.999999999999998},
		{1.5, 2, 1.224744871391589},
		{2.0, 2, 1.4142135623730951},
		{1.0000001, 7, 1.0000000142857137},
		{1234.5, 11, 1.910049599201253},
		{1000000000.0, 100, 1.2302687708123816},
		{1000000000000000.0, 9999, 1.0034601957653142},
		{3.0, 5, 1.2457309396155174},
	} {
		if got := root(c.x, c.n); got != c.want {
			t.Errorf("root(%v, %d) = %v, want %v", c.x, c.n, got, c.want)
		}
	}
}
