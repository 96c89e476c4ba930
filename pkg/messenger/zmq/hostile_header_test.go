package zmq_test

import (
	"encoding/binary"
	"testing"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// forgery is one thing wrong with a message that is otherwise in order.
type forgery struct {
	header func(*wire.Header)
	raw    func([]byte) // on the header's bytes, lengths included
	want   wire.Code
	goesOn bool // the session does
}

// Where a header has what wire.Header has not, or what wholeFrame puts right.
const (
	magicAt, versionAt, payloadAt, bodyAt = 0, 4, 8, 100
)

var forgeries = map[string]forgery{
	"another entity":           {header: func(h *wire.Header) { copy(h.Entity[:], "client.honest\x00\x00") }, want: wire.BadSession},
	"another kind":             {header: func(h *wire.Header) { h.Kind = wire.OSD }, want: wire.BadSession},
	"no kind":                  {header: func(h *wire.Header) { h.Kind = 0 }, want: wire.BadSession},
	"a daemon's name and kind": {header: func(h *wire.Header) { h.Kind, h.Entity = wire.OSD, wire.Entity{'o', 's', 'd', '.', '2'} }, want: wire.BadSession},
	"another gid":              {header: func(h *wire.Header) { h.GID++ }, want: wire.BadSession},
	"no gid":                   {header: func(h *wire.Header) { h.GID = 0 }, want: wire.BadSession},
	"another session":          {header: func(h *wire.Header) { h.Session[15]++ }, want: wire.BadSession},
	"no session":               {header: func(h *wire.Header) { h.Session = wire.SessionID{} }, want: wire.BadSession},
	"a publisher's session":    {header: func(h *wire.Header) { h.Session = wire.PublisherSession(h.GID) }, want: wire.BadSession},
	"an equal counter":         {header: func(h *wire.Header) { h.Counter-- }, want: wire.BadSession},
	"a lower counter":          {header: func(h *wire.Header) { h.Counter -= 2 }, want: wire.BadSession},
	"the hello's counter":      {header: func(h *wire.Header) { h.Counter = 1 }, want: wire.BadSession},
	"counter 0":                {header: func(h *wire.Header) { h.Counter = 0 }, want: wire.BadSession},
	"published":                {header: func(h *wire.Header) { h.Mode = wire.Published }, want: wire.BadSession},

	"a short payload":        {raw: func(b []byte) { b[payloadAt]-- }, want: wire.Malformed},
	"a long payload":         {raw: func(b []byte) { b[payloadAt]++ }, want: wire.Malformed},
	"a payload of 2^32-1":    {raw: func(b []byte) { binary.LittleEndian.PutUint32(b[payloadAt:], 1<<32-1) }, want: wire.Malformed},
	"a payload of 2^32-128":  {raw: func(b []byte) { binary.LittleEndian.PutUint32(b[payloadAt:], 1<<32-128) }, want: wire.Malformed},
	"more body than payload": {raw: func(b []byte) { b[bodyAt] = b[payloadAt] + 1 }, want: wire.Malformed},
	"a body of 2^32-1":       {raw: func(b []byte) { binary.LittleEndian.PutUint32(b[bodyAt:], 1<<32-1) }, want: wire.Malformed},
	"bad magic":              {raw: func(b []byte) { b[magicAt] = 'z' }, want: wire.Malformed},
	"a name with a space":    {header: func(h *wire.Header) { h.Entity[3] = ' ' }, want: wire.Malformed},
	"a name with a zero":     {header: func(h *wire.Header) { h.Entity[3] = 0 }, want: wire.Malformed},
	"no name":                {header: func(h *wire.Header) { h.Entity = wire.Entity{} }, want: wire.Malformed},
	"version 0":              {raw: func(b []byte) { b[versionAt] = 0 }, want: wire.UnknownVersion},
	"version 2":              {raw: func(b []byte) { b[versionAt] = 2 }, want: wire.UnknownVersion},
	"mode sign":              {header: func(h *wire.Header) { h.Mode = wire.Sign }, want: wire.UnknownMode},
	"mode encrypt":           {header: func(h *wire.Header) { h.Mode = wire.Encrypt }, want: wire.UnknownMode},
	"mode 255":               {header: func(h *wire.Header) { h.Mode = 255 }, want: wire.UnknownMode},

	"an unknown flag":         {header: func(h *wire.Header) { h.Flags = 1 << 15 }, want: wire.UnknownFlag, goesOn: true},
	"an unknown need":         {header: func(h *wire.Header) { h.Need = 1 << 7 }, want: wire.UnknownFlag, goesOn: true},
	"type 0":                  {header: func(h *wire.Header) { h.Type = 0 }, want: wire.UnknownType, goesOn: true},
	"type 65535":              {header: func(h *wire.Header) { h.Type = 65535 }, want: wire.UnknownType, goesOn: true},
	"a type of another class": {header: func(h *wire.Header) { h.Type = wire.TypePing }, want: wire.WrongClass, goesOn: true},
	"an error unasked":        {header: func(h *wire.Header) { h.Flags = wire.Failed }, want: wire.Malformed, goesOn: true},
	"a second hello":          {header: func(h *wire.Header) { h.Type = wire.TypeHello }, want: wire.BadSession, goesOn: true},
	"an unknown field":        {header: func(h *wire.Header) { h.Flags = wire.MustUnderstand }, want: wire.UnknownField, goesOn: true},
}

// A message that is not in order is answered by what is wrong with it. If the header is not that
// of the session, that is the session's end, and if only what it asks for makes no sense, it is not.
func TestHostileHeaders(t *testing.T) {
	s := besieged(t, messenger.Limits{})
	s.during(func() {
		for name, f := range forgeries {
			t.Run(name, func(t *testing.T) {
				i := s.intrude("data").enter()
				i.t = t
				i.alive()
				h := i.next(wire.TypeEcho)
				if f.header != nil {
					f.header(&h)
				}
				frame := wholeFrame(h, unknownKey, nil)
				if f.raw != nil {
					f.raw(frame[2:])
				}
				_ = i.say(frame)
				a := i.refused(f.want, i.request)
				if a.Type != h.Type || a.Session != i.id || a.GID != daemonGID {
					t.Errorf("the answer's header: %+v", a.Header)
				}
				if f.goesOn {
					i.alive()
					i.leave()
				} else {
					i.cut()
				}
			})
		}
	})
	s.rid()
	s.nothingHeld()
}

// unknownKey is a body of a key that no type has.
var unknownKey = []byte{0xA1, 0x18, 0xFF, 0x01}

// What is one way is not answered, but what ends a session does so all the same.
func TestHostileHeadersOneWay(t *testing.T) {
	s := besieged(t, messenger.Limits{})
	for name, f := range forgeries {
		t.Run(name, func(t *testing.T) {
			i := s.intrude("data").enter()
			i.t = t
			h := i.oneWay(wire.TypeEcho)
			if f.header != nil {
				f.header(&h)
			}
			frame := wholeFrame(h, unknownKey, nil)
			if f.raw != nil {
				f.raw(frame[2:])
			}
			_ = i.say(frame)
			if f.goesOn {
				i.alive() // and that is the first answer
				i.leave()
				return
			}
			i.refused(f.want, 0)
			i.cut()
		})
	}
	s.during(s.rid)
	s.nothingHeld()
}
