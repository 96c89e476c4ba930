package messenger

import (
	"bytes"
	"errors"
	"testing"
)

func TestParseFrame(t *testing.T) {
	long := func(flags byte, length ...byte) []byte { return append([]byte{flags}, length...) }
	tests := []struct {
		name string
		in   []byte
		want frame
		ok   bool
		err  error // errAny: some
	}{
		{"nothing", nil, frame{}, false, nil},
		{"flags alone", []byte{0}, frame{}, false, nil},
		{"short", []byte{0, 200}, frame{header: 2, length: 200}, true, nil},
		{"short command", []byte{4, 9}, frame{header: 2, length: 9, command: true}, true, nil},
		{"long, in part", long(2, 0, 0, 0), frame{}, false, nil},
		{"long", long(2, 0, 0, 0, 0, 0, 1, 0, 0), frame{header: 9, length: 1 << 16}, true, nil},
		{"longest", long(2, 255, 255, 255, 255, 255, 255, 255, 255), frame{header: 9, length: 1<<64 - 1}, true, nil},
		{"reserved flag", []byte{8, 0}, frame{}, false, errReservedFlags},
		{"reserved flag beside others", []byte{0x82, 0}, frame{}, false, errReservedFlags},
		{"more to come", []byte{1, 0}, frame{}, false, errMultipart},
		{"long command", long(6, 0, 0, 0, 0, 0, 1, 0, 0), frame{}, false, errAny},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok, err := parseFrame(tt.in)
			if ok != tt.ok || (err == nil) != (tt.err == nil) || tt.err != errAny && !errors.Is(err, tt.err) {
				t.Fatalf("%+v, %v, %v", got, ok, err)
			}
			if ok && got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}

var errAny = errors.New("any")

func TestFrameHeaderRoundTrip(t *testing.T) {
	for _, n := range []int{0, 1, maxShort, maxShort + 1, 1 << 16, 1 << 32} {
		f, ok, err := parseFrame(appendFrameHeader(nil, 0, n))
		if err != nil || !ok || f.length != uint64(n) {
			t.Errorf("%d: %+v, %v, %v", n, f, ok, err)
		}
	}
}

func TestPong(t *testing.T) {
	tests := []struct{ ping, want string }{
		{"\x00\x0a", "\x04\x05\x04PONG"},
		{"\x00\x0acontext", "\x04\x0c\x04PONGcontext"},
		{"\x00\x0a0123456789abcdef", "\x04\x15\x04PONG0123456789abcdef"},
		{"", ""}, {"\x00", ""}, {"\x00\x0a0123456789abcdefg", ""},
	}
	for _, tt := range tests {
		got, err := pong([]byte(tt.ping))
		if string(got) != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("pong(%q) = %q, %v", tt.ping, got, err)
		}
	}
}

func TestParseCommand(t *testing.T) {
	if name, data, err := parseCommand([]byte("\x04PINGxy")); name != "PING" || !bytes.Equal(data, []byte("xy")) || err != nil {
		t.Errorf("%q, %q, %v", name, data, err)
	}
	for _, bad := range []string{"", "\x00", "\x05PING", "\xff"} {
		if name, _, err := parseCommand([]byte(bad)); err == nil {
			t.Errorf("%q is command %q", bad, name)
		}
	}
}
