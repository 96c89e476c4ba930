package scenario

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Percent is a share in hundredths of a percent.
type Percent int

// UnmarshalText reads such as 99 %, 99.5% or 30.
func (p *Percent) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(string(text)), "%"))
	whole, part, dotted := strings.Cut(s, ".")
	n, err := strconv.ParseUint(whole, 10, 16)
	hundredths := uint64(0)
	if dotted && err == nil {
		hundredths, err = strconv.ParseUint((part + "00")[:max(2, len(part))], 10, 8)
	}
	if v := n*100 + hundredths; err == nil && v <= 100_00 {
		*p = Percent(v)
		return nil
	}
	return fmt.Errorf("%q: expected a share from 0 to 100 %%", text)
}

// String is the form that UnmarshalText reads.
func (p Percent) String() string {
	if p%100 == 0 {
		return strconv.Itoa(int(p/100)) + " %"
	}
	return fmt.Sprintf("%d.%02d", p/100, p%100) + " %"
}

// MarshalText is the same.
func (p Percent) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// units are those of durations, the longer name first where one begins with another.
var units = []struct {
	name string
	of   time.Duration
}{{"ms", time.Millisecond}, {"us", time.Microsecond}, {"s", time.Second}, {"m", time.Minute}, {"h", time.Hour}}

// parseDuration reads such as 1m30s, 1.5s and 300ms. Package time's own knows no more, but belongs to a clock.
func parseDuration(text string) (time.Duration, error) {
	bad := fmt.Errorf("%q: expected a length of time, such as 300ms, 5s or 1m30s", text)
	var d time.Duration
	rest := text
	for rest != "" {
		n := 0
		for n < len(rest) && (rest[n] >= '0' && rest[n] <= '9' || rest[n] == '.') {
			n++
		}
		number := rest[:n]
		rest = rest[n:]
		unit := time.Duration(0)
		for _, u := range units {
			if after, ok := strings.CutPrefix(rest, u.name); ok {
				unit, rest = u.of, after
				break
			}
		}
		v, ok := timesUnit(number, unit)
		if d += v; !ok || d < 0 {
			return 0, bad
		}
	}
	if text == "" {
		return 0, bad
	}
	return d, nil
}

// farOff is longer than any run: beyond it lengths of time would no longer add up.
const farOff = 10_000 * time.Hour

// timesUnit is a number with up to three decimals, of a unit.
func timesUnit(number string, unit time.Duration) (time.Duration, bool) {
	whole, part, _ := strings.Cut(number, ".")
	n, err := strconv.ParseUint(whole, 10, 32)
	if err != nil || unit == 0 || n > uint64(farOff/unit) || len(part) > 3 {
		return 0, false
	}
	thousandths, err := strconv.ParseUint((part + "000")[:3], 10, 16)
	return time.Duration(n)*unit + time.Duration(thousandths)*unit/1000, err == nil
}

// oneOf says what was expected, and which of it is meant.
func oneOf(what, word string, names []string) error {
	err := fmt.Errorf("%s %q: expected one of: %s", what, word, strings.Join(names, ", "))
	if near := Nearest(word, names); near != "" {
		return fmt.Errorf("%s %q: did you mean %s?", what, word, near)
	}
	return err
}

// Nearest is the candidate that a person who typed word most likely meant, or "": the first that goes on from there,
// else the one with the fewest errors, at most two and not all of it.
func Nearest(word string, candidates []string) string {
	best, fewest := "", min(2, (len(word)+1)/2)+1
	for _, c := range candidates {
		if len(word) > 1 && strings.HasPrefix(c, word) {
			return c
		}
		if errs := distance(strings.ToLower(word), strings.ToLower(c)); errs < fewest {
			best, fewest = c, errs
		}
	}
	return best
}

// distance counts the bytes to add, drop or change to get from a to b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
