package wire

import (
	"bytes"
	"errors"
	"testing"
)

// FuzzHeader: any bytes give a header that encodes to the same bytes, or a named error.
func FuzzHeader(f *testing.F) {
	h := exampleHeader()
	f.Add(h.Append(nil), 5128)
	f.Add(make([]byte, HeaderSize), HeaderSize)
	f.Fuzz(func(t *testing.T, b []byte, frame int) {
		b = bytes.Clone(b)
		h, err := ParseHeader(b, frame)
		if err != nil {
			if named := (*Error)(nil); !errors.As(err, &named) || !named.Code.Known() {
				t.Fatalf("an error without a code: %v", err)
			}
			if errors.Is(err, UnknownFlag) { // receivers go on after it, so that must be all
				b[offFlags], b[offFlags+1], b[offNeed] = 0, 0, 0
				if _, err := ParseHeader(b, frame); err != nil {
					t.Fatalf("beside flags: %v", err)
				}
			}
			return
		}
		if got := h.Append(nil); !bytes.Equal(got, b[:HeaderSize]) {
			t.Fatalf("%+v encodes to\n%x, read from\n%x", h, got, b[:HeaderSize])
		}
	})
}

// FuzzBody: any bytes give a body of any type, or a named error; what was read encodes, and
// reads back the same.
func FuzzBody(f *testing.F) {
	for t := range Type(len(types)) {
		for _, flags := range []Flags{0, Reply, Reply | Failed, MustUnderstand} {
			if body := t.NewBody(flags); body != nil {
				f.Add(uint16(t), uint16(flags), AppendBody(nil, body))
			}
		}
	}
	for _, body := range exampleHot() {
		f.Add(uint16(TypeWrite), uint16(0), AppendBody(nil, body))
	}
	f.Fuzz(func(t *testing.T, typ, flags uint16, b []byte) {
		body := Type(typ).NewBody(Flags(flags))
		if body == nil {
			return
		}
		err := ParseBody(b, body, Flags(flags)&MustUnderstand != 0)
		if err != nil {
			if named := (*Error)(nil); !errors.As(err, &named) || named.Code != Malformed && named.Code != UnknownField {
				t.Fatalf("an error without a code: %v", err)
			}
			return
		}
		enc, again := AppendBody(nil, body), fresh(body)
		if err := ParseBody(enc, again, true); err != nil {
			t.Fatalf("%+v encodes to %x, which does not read: %v", body, enc, err)
		}
		if got := AppendBody(nil, again); !bytes.Equal(got, enc) {
			t.Fatalf("%+v encodes to\n%x and, read from that, to\n%x", body, enc, got)
		}
	})
}

func FuzzHotWrite(f *testing.F)         { fuzzHot(f, new(Write)) }
func FuzzHotWriteReply(f *testing.F)    { fuzzHot(f, new(WriteReply)) }
func FuzzHotRead(f *testing.F)          { fuzzHot(f, new(Read)) }
func FuzzHotReadReply(f *testing.F)     { fuzzHot(f, new(ReadReply)) }
func FuzzHotSubWrite(f *testing.F)      { fuzzHot(f, new(SubWrite)) }
func FuzzHotSubWriteReply(f *testing.F) { fuzzHot(f, new(SubWriteReply)) }

// fuzzHot: ParseCBOR takes what the library takes, and reads the same from it, also into a
// struct that was used before; what scan takes alone the library takes too; and scan takes
// whatever AppendCBOR writes, which is what the library would.
func fuzzHot(f *testing.F, kind hot) {
	f.Add(kind.AppendCBOR(nil))
	for _, body := range exampleHot() {
		f.Add(body.AppendCBOR(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		body, library := fresh(kind).(hot), fresh(kind).(hot)
		use(body)
		if body.scan(b) {
			mustEqual(t, body, library, parseByLibrary(b, library, true))
		}
		use(body)
		err := ParseBody(b, body, false)
		want := parseByLibrary(b, library, false)
		if (err == nil) != (want == nil) {
			t.Fatalf("ParseBody: %v; the library: %v", err, want)
		}
		if err != nil {
			return
		}
		mustEqual(t, body, library, nil)
		if !fresh(kind).(hot).scan(body.AppendCBOR(nil)) {
			t.Fatalf("scan declines what AppendCBOR made of %+v", body)
		}
	})
}

// use leaves something in a body.
func use(body hot) {
	for _, full := range exampleHot() {
		if nameOf(full) == nameOf(body) && !body.scan(full.AppendCBOR(nil)) {
			panic("scan declines " + nameOf(full))
		}
	}
}

func mustEqual(t *testing.T, body, library hot, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("scan takes what the library refuses: %v", err)
	}
	hand := body.AppendCBOR(nil)
	if want := appendByLibrary(nil, library); !bytes.Equal(hand, want) {
		t.Fatalf("by hand\n%x\nby the library\n%x", hand, want)
	}
	if want := appendByLibrary(nil, body); !bytes.Equal(hand, want) {
		t.Fatalf("AppendCBOR\n%x\nthe library\n%x", hand, want)
	}
}
