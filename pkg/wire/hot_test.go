package wire

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func hotBodies() []hot {
	return []hot{new(Write), new(WriteReply), new(Read), new(ReadReply), new(SubWrite), new(SubWriteReply)}
}

// Every body that has code by hand is on the list, so that no test below passes one over.
func TestHotBodiesAreThoseWithCodeByHand(t *testing.T) {
	t.Parallel()
	var found []string
	for _, body := range bodies() {
		if _, ok := body.(hot); ok {
			found = append(found, nameOf(body))
		}
	}
	var want []string
	for _, body := range hotBodies() {
		want = append(want, nameOf(body))
	}
	slices.Sort(found)
	slices.Sort(want)
	if !slices.Equal(found, want) {
		t.Errorf("found %v, want %v", found, want)
	}
}

// By hand comes the same as by the library, byte for byte, and reads back without its help.
func TestHotEqualsLibrary(t *testing.T) {
	t.Parallel()
	for _, body := range hotBodies() {
		t.Run(nameOf(body), func(t *testing.T) {
			t.Parallel()
			used := fresh(body).(hot) // by every round before
			rapid.Check(t, func(t *rapid.T) {
				body := fresh(body).(hot)
				fill(t, reflect.ValueOf(body).Elem(), nameOf(body))
				b := body.AppendCBOR([]byte("before"))
				if want := appendByLibrary([]byte("before"), body); !bytes.Equal(b, want) {
					t.Fatalf("by hand\n%x\nby the library\n%x", b, want)
				}
				b = b[len("before"):]
				if !used.scan(b) {
					t.Fatalf("scan declines %x", b)
				}
				clear(b)
				if again := appendByLibrary(nil, used); !bytes.Equal(again, body.AppendCBOR(nil)) {
					t.Fatalf("read %+v, want %+v", used, body)
				}
			})
		})
	}
}

func TestScanTakesLongIntegers(t *testing.T) {
	t.Parallel()
	var w WriteReply
	long := []byte{
		0xb8, 2, // a map of 2 in two bytes
		0x18, 1, 0xbb, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0x1b, 0, 0, 0, 0, 0, 0, 0, 7, 0x18, 2, 0x19, 0, 9, // 1: {1: 7, 2: 9}
		0x1a, 0, 0, 0, 2, 0x99, 0, 1, 0xba, 0, 0, 0, 1, 0x19, 0, 1, 0x1a, 0, 0, 0, 19, // 2: [{1: 19}]
	}
	if !w.scan(long) {
		t.Fatal("declined")
	}
	if w.Version != (PGVersion{Epoch: 7, Seq: 9}) || !slices.Equal(w.Results, []Result{{Code: NotFound}}) {
		t.Errorf("read %+v", w)
	}
}

// What scan leaves to the library, one fault or liberty at a time.
func TestScanDeclines(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		b    []byte
		fits bool // the library takes it all the same
	}{
		{"nothing", nil, false},
		{"null", []byte{0xf6}, false},
		{"an array", []byte{0x80}, false},
		{"a tag", []byte{0xc1, 0xa0}, false},
		{"trailing bytes", []byte{0xa0, 0}, false},
		{"half of it", []byte{0xa1, 1, 0xa2, 1, 7}, false},
		{"a map without end", []byte{0xbf, 0xff}, false},
		{"a map of 2^64-1", []byte{0xbb, 255, 255, 255, 255, 255, 255, 255, 255}, false},
		{"an argument of 28", []byte{0xbc, 0, 0, 0, 0}, false},
		{"keys out of order", []byte{0xa2, 2, 0x80, 1, 0xa2, 1, 7, 2, 9}, true},
		{"a key twice", []byte{0xa2, 1, 0xa2, 1, 7, 2, 9, 1, 0xa2, 1, 7, 2, 9}, false},
		{"a key to come", []byte{0xa1, 3, 0}, true},
		{"key 0", []byte{0xa1, 0, 0}, true},
		{"a key below zero", []byte{0xa1, 0x20, 0}, true},
		{"a key of text", []byte{0xa1, 0x61, '1', 0}, true},
		{"null for a field", []byte{0xa1, 1, 0xf6}, true},
		{"another type", []byte{0xa1, 1, 0x61, 'x'}, false},
		{"a version as an array", []byte{0xa1, 1, 0x82, 7, 9}, false},
		{"an epoch above 2^32", []byte{0xa1, 1, 0xa1, 1, 0x1b, 0, 0, 0, 1, 0, 0, 0, 0}, false},
		{"an epoch below zero", []byte{0xa1, 1, 0xa1, 1, 0x20}, false},
		{"an array without end", []byte{0xa1, 2, 0x9f, 0xff}, false},
		{"an array of a billion", []byte{0xa1, 2, 0x9a, 0x3b, 0x9a, 0xca, 0}, false},
		{"a result with a key to come", []byte{0xa1, 2, 0x81, 0xa1, 3, 0}, true},
		{"more results than may be", tooMany(), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var w WriteReply
			if w.scan(tt.b) {
				t.Errorf("scan takes it, as %+v", w)
			}
			if err := w.ParseCBOR(tt.b); (err == nil) != tt.fits {
				t.Errorf("ParseCBOR: %v, want it taken: %v", err, tt.fits)
			}
		})
	}
}

func tooMany() []byte {
	b := []byte{0xa1, 2, 0x9a, 0, 1, 0, 1} // 65537
	return append(b, bytes.Repeat([]byte{0xa0}, maxElements+1)...)
}

func TestScanTakesTheLongestArray(t *testing.T) {
	t.Parallel()
	b := []byte{0xa1, 2, 0x9a, 0, 1, 0, 0}
	b = append(b, bytes.Repeat([]byte{0xa0}, maxElements)...)
	var w WriteReply
	if !w.scan(b) || len(w.Results) != maxElements {
		t.Errorf("%d results", len(w.Results))
	}
	if err := parseByLibrary(b, &w, true); err != nil {
		t.Error(err)
	}
}

// A field that is left out becomes zero, whatever the struct held.
func TestParseForgets(t *testing.T) {
	t.Parallel()
	for _, body := range bodies() {
		t.Run(nameOf(body), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				used := fresh(body)
				fill(t, reflect.ValueOf(used).Elem(), nameOf(body))
				if err := ParseBody([]byte{0xa0}, used, true); err != nil {
					t.Fatal(err)
				}
				if got, want := AppendBody(nil, used), AppendBody(nil, fresh(body)); !bytes.Equal(got, want) {
					t.Fatalf("holds %+v", used)
				}
			})
		})
	}
}

func TestNamesAreUTF8(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"\xff", "a\xc3", "\xed\xa0\x80"} {
		w := Write{Target: Target{Object: name}}
		var got Write
		if b := w.AppendCBOR(nil); got.scan(b) || got.ParseCBOR(b) == nil {
			t.Errorf("%q is taken", name)
		}
	}
}
