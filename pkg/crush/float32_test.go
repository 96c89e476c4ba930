package crush

import (
	"testing"

	"pgregory.net/rapid"
)

func TestReadWeight(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Weight{ // as crushtool reads them
		"1": One, "1.0": One, "1.": One, ".5": One / 2, "1e3": 1000 * One, "+2": 2 * One, "-0": 0,
		"0.3": 19660, "16.123456": 1056666, "99.999": 6553534, "0.00002": 1,
		"0.300": 19660, "65535.99": 0xfffffd00, "256.00001": 256 * One,
	} {
		if w, err := readWeight(text); err != nil || w != want {
			t.Errorf("%s: got %d, %v, want %d", text, w, err, want)
		}
	}
	for _, text := range []string{"", "x", "0x1", "nan", "inf", "1_0", "-1", "65536", "1e99", "1e999"} {
		if w, err := readWeight(text); err == nil {
			t.Errorf("%q: got %d, want an error", text, w)
		}
	}
}

func TestWriteWeight(t *testing.T) {
	t.Parallel()
	for w, want := range map[Weight]string{
		0: "0.000", One: "1.000", One + 1: "1.00002", 19660: "0.300", 19661: "0.30001",
		85196: "1.300", 1<<24 - 1: "255.99998", 1<<24 + 2: "256.00003", 0xffff0000: "65535.000",
	} {
		if s, exact := writeWeight(w); s != want || !exact {
			t.Errorf("%d: got %s, %v, want %s", w, s, exact, want)
		}
	}
	if s, exact := writeWeight(1<<24 + 1); exact {
		t.Errorf("256.0000153 fits no float32, but got %s", s)
	}
}

func TestWeightsBelow256AreExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := Weight(rapid.Uint32Range(0, 1<<24).Draw(t, "weight"))
		if s, exact := writeWeight(w); !exact || len(s) > len("255.9999999") {
			t.Fatalf("%d: got %s, exact %v", w, s, exact)
		}
	})
}
