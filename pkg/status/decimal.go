package status

import (
	"fmt"
	"strconv"
	"strings"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
)

// Decimal is a number in millionths, a decimal in JSON. It is no floating point, which would differ
// from machine to machine.
type Decimal int64

// Unit is the number 1.
const Unit Decimal = 1_000_000

// OfWeight is a weight as a number, cut to six digits.
func OfWeight(w crush.Weight) Decimal { return Decimal(uint64(w) * uint64(Unit) / uint64(crush.One)) }

// OfRatio is a ratio as a number.
func OfRatio(r osdmap.Ratio) Decimal { return Decimal(r) }

// Share is part of whole; 0 if there is no whole.
func Share(part, whole uint64) Decimal {
	if whole == 0 {
		return 0
	}
	for part > 1<<43 || whole > 1<<43 { // keep the product below 2^63
		part, whole = part>>1, whole>>1
	}
	return Decimal(part * uint64(Unit) / max(whole, 1))
}

// Percent is the number times 100, with one digit after the point.
func (d Decimal) Percent() string {
	tenths := (int64(d)*1000 + int64(Unit)/2) / int64(Unit)
	return fmt.Sprintf("%d.%d", tenths/10, tenths%10)
}

// String is the shortest decimal that says it.
func (d Decimal) String() string {
	sign, n := "", int64(d)
	if n < 0 {
		sign, n = "-", -n
	}
	s := fmt.Sprintf("%s%d.%06d", sign, n/int64(Unit), n%int64(Unit))
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// MarshalJSON is the number.
func (d Decimal) MarshalJSON() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalJSON reads a number with at most six digits after the point; further ones are cut.
func (d *Decimal) UnmarshalJSON(b []byte) error {
	whole, rest, _ := strings.Cut(string(b), ".")
	rest = (rest + "000000")[:6]
	n, err := strconv.ParseInt(whole+rest, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is no decimal", b)
	}
	*d = Decimal(n)
	return nil
}
