package wire

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func exampleHeader() Header {
	name, err := ParseEntity("client.admin")
	if err != nil {
		panic(err)
	}
	return Header{
		Type: TypeWrite, Payload: 5000, Need: NeedWrite, Kind: Client, Flags: MustUnderstand,
		Session: SessionID{1, 2, 3}, Counter: 9, Request: 77, Clock: 1_700_000_000_000, GID: 0x1122334455667788,
		Entity: name, Epoch: 812, Body: 100, Trace: 5, Caps: CapsDigest{7},
	}
}

func TestHeaderReadsBackAsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := exampleHeader()
		entity := h.Entity
		fill(t, reflect.ValueOf(&h).Elem(), "header")
		h.Mode = rapid.SampledFrom([]Mode{None, Published}).Draw(t, "mode")
		h.Flags, h.Need, h.Entity, h.Body = h.Flags&allFlags, h.Need&allNeeds, entity, min(h.Body, h.Payload)
		b := h.Append([]byte("before"))[len("before"):]
		if len(b) != HeaderSize {
			t.Fatalf("%d bytes", len(b))
		}
		got, err := ParseHeader(append(b, "after"...), HeaderSize+int(h.Payload))
		if err != nil || got != h {
			t.Fatalf("read %+v, %v, want %+v", got, err, h)
		}
	})
}

// These bytes are what other programs send: they must never be read otherwise.
func TestHeaderStaysAsItIs(t *testing.T) {
	t.Parallel()
	want := append([]byte("ZEPH\x01\x00\x06\x00\x88\x13\x00\x00\x02\x03\x08\x00"+
		"\x01\x02\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"+
		"\x09\x00\x00\x00\x00\x00\x00\x00\x4d\x00\x00\x00\x00\x00\x00\x00"+
		"\x00\x68\xe5\xcf\x8b\x01\x00\x00\x88\x77\x66\x55\x44\x33\x22\x11"+
		"client.admin"), make([]byte, 20)...)
	want = append(want, "\x2c\x03\x00\x00\x64\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x07"...)
	want = append(want, make([]byte, 15)...)
	h := exampleHeader()
	if got := h.Append(nil); !bytes.Equal(got, want) {
		t.Errorf("got\n%x, want\n%x", got, want)
	}
}

func TestParseHeaderRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		break_ func(b []byte) ([]byte, int) // the bytes and the length of the frame
		want   Code
	}{
		{"nothing", func([]byte) ([]byte, int) { return nil, 0 }, Malformed},
		{"127 bytes", func(b []byte) ([]byte, int) { return b[:127], 5128 }, Malformed},
		{"a frame of 127 bytes", func(b []byte) ([]byte, int) { return b, 127 }, Malformed},
		{"a frame below zero", func(b []byte) ([]byte, int) { return b, -1 }, Malformed},
		{"another magic", set(0, 'z'), Malformed},
		{"version 0", set(offVersion, 0), UnknownVersion},
		{"a version to come", set(offVersion, 2), UnknownVersion},
		{"mode sign", set(offMode, byte(Sign)), UnknownMode},
		{"mode encrypt", set(offMode, byte(Encrypt)), UnknownMode},
		{"a mode to come", set(offMode, 4), UnknownMode},
		{"a flag to come", set(offFlags, 16), UnknownFlag},
		{"the last flag", set(offFlags+1, 128), UnknownFlag},
		{"a need to come", set(offNeed, 16), UnknownFlag},
		{"a flag to come, and a body beyond the payload", func(b []byte) ([]byte, int) { b[offFlags], b[offBody+1] = 16, 0x14; return b, 5128 }, Malformed},
		{"a need to come, and a byte more", func(b []byte) ([]byte, int) { b[offNeed] = 16; return b, 5129 }, Malformed},
		{"a byte more", func(b []byte) ([]byte, int) { return b, 5129 }, Malformed},
		{"a byte less", func(b []byte) ([]byte, int) { return b, 5127 }, Malformed},
		{"a payload of 4 GiB", set(offPayload+3, 255), Malformed},
		{"a body a byte beyond the payload", func(b []byte) ([]byte, int) { b[offBody], b[offBody+1] = 0x89, 0x13; return b, 5128 }, Malformed},
		{"a body far beyond the payload", set(offBody+1, 0x14), Malformed},
		{"no entity", func(b []byte) ([]byte, int) { clear(b[offEntity:offEpoch]); return b, 5128 }, Malformed},
		{"a space in the entity", set(offEntity+3, ' '), Malformed},
		{"a control character in the entity", set(offEntity+3, 27), Malformed},
		{"an entity beyond ASCII", set(offEntity+3, 0xc3), Malformed},
		{"a hole in the entity", set(offEntity+3, 0), Malformed},
		{"an entity after zeros", set(offEpoch-1, 'x'), Malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := exampleHeader()
			_, err := ParseHeader(tt.break_(h.Append(nil)))
			if named := (*Error)(nil); !errors.As(err, &named) || !errors.Is(err, tt.want) {
				t.Errorf("ParseHeader: %v, want %v", err, tt.want)
			}
		})
	}
}

// set is an edit of one byte.
func set(at int, to byte) func([]byte) ([]byte, int) {
	return func(b []byte) ([]byte, int) { b[at] = to; return b, 5128 }
}

// A refusal goes back to its sender, who knows it by the request id.
func TestRefusedHeaderIsLegible(t *testing.T) {
	t.Parallel()
	h := exampleHeader()
	b := h.Append(nil)
	b[offVersion] = 9
	if got, err := ParseHeader(b, 5128); err == nil || got != h {
		t.Errorf("read %+v, %v", got, err)
	}
}

func TestIDsAsText(t *testing.T) {
	t.Parallel()
	session := PublisherSession(0x1122334455667788)
	for got, want := range map[string]string{
		session.String():                        "88776655443322110000000000000000",
		GID(0xab).String():                      "00000000000000ab",
		OSD.String():                            "osd",
		Kind(0).String():                        "kind 0",
		Kind(200).String():                      "kind 200",
		Class(9).String():                       "class 9",
		Bulk.String():                           "bulk",
		AckResend.String():                      "resend",
		Ack(9).String():                         "ack 9",
		StepIsVersion.String():                  "is version",
		StepOp(0).String():                      "step 0",
		TypeSubWrite.String():                   "sub-write",
		Type(999).String():                      "type 999",
		Retry.String():                          "retry",
		Ambiguous.String():                      "unknown",
		Definite.String():                       "definite",
		Code(999).Error():                       "error code 999",
		Busy.Errorf("").Error():                 "busy",
		Busy.Errorf("x").Error():                "busy: x",
		PGVersion{Epoch: 12, Seq: 345}.String(): "12'345",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if session.IsZero() || !(SessionID{}).IsZero() {
		t.Error("IsZero is wrong about sessions")
	}
}
