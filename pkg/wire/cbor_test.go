package wire

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func TestBodiesReadBackAsWritten(t *testing.T) {
	t.Parallel()
	for _, body := range bodies() {
		t.Run(nameOf(body), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				sent, got := fresh(body), fresh(body)
				fill(t, reflect.ValueOf(sent).Elem(), nameOf(body))
				b := AppendBody([]byte("before"), sent)[len("before"):]
				if err := ParseBody(b, got, true); err != nil {
					t.Fatal(err)
				}
				clear(b)
				if enc := AppendBody(nil, sent); !bytes.Equal(AppendBody(nil, got), enc) {
					t.Fatalf("read %+v, want %+v", got, sent)
				}
			})
		})
	}
}

// Every body refuses what is no map of integers, whatever it holds otherwise.
func TestParseBodyRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		b    []byte
	}{
		{"nothing", nil},
		{"null", []byte{0xf6}},
		{"undefined", []byte{0xf7}},
		{"a number", []byte{1}},
		{"text", []byte{0x61, 'x'}},
		{"an array", []byte{0x81, 1}},
		{"a tagged map", []byte{0xd9, 0xd9, 0xf7, 0xa0}},
		{"trailing bytes", []byte{0xa0, 0xa0}},
		{"a map cut short", []byte{0xa1, 0x18}},
		{"a map without end", []byte{0xbf, 0xff}},
		{"a map of 2^63", []byte{0xbb, 128, 0, 0, 0, 0, 0, 0, 0}},
		{"an unknown key twice", []byte{0xa2, 0x18, 99, 0, 0x18, 99, 0}},
		{"a key that is an array", []byte{0xa1, 0x80, 0}},
		{"text without end", []byte{0xa1, 0x18, 99, 0x7f, 0x61, 'x', 0xff}},
		{"a tag", []byte{0xa1, 0x18, 99, 0xc1, 0}},
		{"an array of 65537", append([]byte{0xa1, 0x18, 99, 0x9a, 0, 1, 0, 1}, make([]byte, maxElements+1)...)},
		{"a map of 65537", append([]byte{0xa1, 0x18, 99, 0xba, 0, 1, 0, 1}, pairs(maxElements+1)...)},
		{"text of 4 GiB", []byte{0xa1, 0x18, 99, 0x7a, 255, 255, 255, 255}},
		{"nested too deep", nested(maxDepth)},
		{"nested without bounds", nested(100_000)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, body := range bodies() {
				if err := ParseBody(tt.b, body, false); !errors.Is(err, Malformed) {
					t.Errorf("%s: %v", nameOf(body), err)
				}
			}
		})
	}
}

// nested is a map with a key to come that holds arrays within each other.
func nested(deep int) []byte {
	return append(append([]byte{0xa1, 0x18, 99}, bytes.Repeat([]byte{0x81}, deep)...), 0)
}

// pairs are numbers, each twice: a key and its value.
func pairs(n int) (b []byte) {
	for i := range uint64(n) {
		b = appendHead(appendHead(b, majorUint, i), majorUint, i)
	}
	return b
}

// What a newer peer may send and we may pass over, unless it says that we must understand it.
func TestParseBodyPassesOverKeysToCome(t *testing.T) {
	t.Parallel()
	for _, b := range [][]byte{
		{0xa1, 0x18, 99, 0},
		{0xa1, 0x20, 0xf6},
		{0xa1, 0x61, 'x', 0x80},
		append([]byte{0xa1, 0x18, 99, 0x9a, 0, 1, 0, 0}, make([]byte, maxElements)...),
		append([]byte{0xa1, 0x18, 99, 0xba, 0, 1, 0, 0}, pairs(maxElements)...),
		nested(maxDepth - 1),
	} {
		for _, body := range bodies() {
			if err := ParseBody(b, body, false); err != nil {
				t.Errorf("%s: %v", nameOf(body), err)
			}
			if err := ParseBody(b, body, true); !errors.Is(err, UnknownField) {
				t.Errorf("%s that must be understood: %v", nameOf(body), err)
			}
		}
	}
}

func TestParseBodyRefusesWrongFields(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		body any
		b    []byte
	}{
		{"a key twice", new(Credit), []byte{0xa2, 1, 0, 1, 0}},
		{"text for a number", new(Credit), []byte{0xa1, 1, 0x61, '1'}},
		{"a fraction for a number", new(Credit), []byte{0xa1, 1, 0xf9, 0x3e, 0}},
		{"a number below zero", new(Credit), []byte{0xa1, 1, 0x20}},
		{"a class above 255", new(Hello), []byte{0xa1, 1, 0x19, 1, 0}},
		{"text that is not UTF-8", new(Note), []byte{0xa1, 1, 0x61, 0xff}},
		{"text cut within a letter", new(Note), []byte{0xa1, 1, 0x61, 0xc3}},
		{"a number for text", new(Note), []byte{0xa1, 1, 0}},
		{"bytes for text", new(Note), []byte{0xa1, 1, 0x41, 'x'}},
		{"a number for bytes", new(Welcome), []byte{0xa1, 1, 0}},
		{"a number for a step", new(Write), []byte{0xa1, 6, 0x81, 0}},
		{"a number for truth", new(Write), []byte{0xa1, 8, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := ParseBody(tt.b, tt.body, false); !errors.Is(err, Malformed) {
				t.Errorf("read %+v, %v", tt.body, err)
			}
		})
	}
}
