package zmq_test

import (
	"slices"
	"strings"
	"testing"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// badHellos are refused, and this is why.
var badHellos = map[string]struct {
	change func(*wire.Header, *wire.Hello)
	want   wire.Code
}{
	"another class":         {func(_ *wire.Header, b *wire.Hello) { b.Class = wire.Bulk }, wire.WrongClass},
	"no class that we know": {func(_ *wire.Header, b *wire.Hello) { b.Class = 200 }, wire.WrongClass},
	"another cluster":       {func(_ *wire.Header, b *wire.Hello) { b.FSID[0]++ }, wire.WrongCluster},
	"another peer":          {func(_ *wire.Header, b *wire.Hello) { b.To = "osd.2" }, wire.WrongPeer},
	"a peer with a tail":    {func(_ *wire.Header, b *wire.Hello) { b.To = daemonName + "\x00" }, wire.WrongPeer},
	"a long peer":           {func(_ *wire.Header, b *wire.Hello) { b.To = strings.Repeat("o", 3925) }, wire.WrongPeer},
	"another run":           {func(_ *wire.Header, b *wire.Hello) { b.ToGID = daemonGID + 1 }, wire.WrongPeer},
	"no message allowed":    {func(_ *wire.Header, b *wire.Hello) { b.Max = 0 }, wire.Malformed},
	"less than a header":    {func(_ *wire.Header, b *wire.Hello) { b.Max = wire.HeaderSize - 1 }, wire.Malformed},
	"no window":             {func(_ *wire.Header, b *wire.Hello) { b.Window = 0 }, wire.Malformed},
	"counter 2":             {func(h *wire.Header, _ *wire.Hello) { h.Counter = 2 }, wire.BadSession},
	"counter 0":             {func(h *wire.Header, _ *wire.Hello) { h.Counter = 0 }, wire.BadSession},
	"one way":               {func(h *wire.Header, _ *wire.Hello) { h.Request = 0 }, wire.BadSession},
	"a session":             {func(h *wire.Header, _ *wire.Hello) { h.Session[0] = 1 }, wire.BadSession},
	"a reply":               {func(h *wire.Header, _ *wire.Hello) { h.Flags = wire.Reply }, wire.BadSession},
	"a failure":             {func(h *wire.Header, _ *wire.Hello) { h.Flags = wire.Reply | wire.Failed }, wire.BadSession},
	"published":             {func(h *wire.Header, _ *wire.Hello) { h.Mode = wire.Published }, wire.BadSession},
	"no hello but an echo":  {func(h *wire.Header, _ *wire.Hello) { h.Type = wire.TypeEcho }, wire.BadSession},
	"no hello but a credit": {func(h *wire.Header, _ *wire.Hello) { h.Type = wire.TypeCredit }, wire.BadSession},
	"an unknown type":       {func(h *wire.Header, _ *wire.Hello) { h.Type = 999 }, wire.BadSession},
	"no gid":                {func(h *wire.Header, _ *wire.Hello) { h.GID = 0 }, wire.Malformed},
	"another kind":          {func(h *wire.Header, _ *wire.Hello) { h.Kind = wire.OSD }, wire.Malformed},
	"no kind":               {func(h *wire.Header, _ *wire.Hello) { h.Kind = 0 }, wire.Malformed},
	"a name of no kind":     {func(h *wire.Header, _ *wire.Hello) { h.Kind, h.Entity = 0, wire.Entity{'d', 'o', 'g'} }, wire.Malformed},
	"no name":               {func(h *wire.Header, _ *wire.Hello) { h.Entity = wire.Entity{} }, wire.Malformed},
	"mode encrypt":          {func(h *wire.Header, _ *wire.Hello) { h.Mode = wire.Encrypt }, wire.UnknownMode},
	"an unknown flag":       {func(h *wire.Header, _ *wire.Hello) { h.Flags = 1 << 14 }, wire.UnknownFlag},
}

func TestHostileHellos(t *testing.T) {
	s := besieged(t, messenger.Limits{Hello: siegePatience})
	s.during(func() {
		for name, tt := range badHellos {
			t.Run(name, func(t *testing.T) {
				i := s.intrude("data").greet()
				i.t = t
				request := uint64(0)
				_ = i.say(i.helloWith(func(h *wire.Header, b *wire.Hello) {
					h.Request = 99
					tt.change(h, b)
					request = h.Request
				}))
				i.refusedHello(tt.want, request)
			})
		}
	})
	s.stayedOut()
}

// refusedHello wants the hello to be refused, in a frame no longer than a hello may be, and the
// connection to be over.
func (i *intruder) refusedHello(want wire.Code, request uint64) {
	i.t.Helper()
	a := i.refused(want, request)
	if a.frame > wire.MaxHelloFrame {
		i.t.Errorf("the refusal has %d bytes, at most %d are allowed", a.frame, wire.MaxHelloFrame)
	}
	if !a.Session.IsZero() || a.Counter != 1 {
		i.t.Errorf("the refusal's header: %+v", a.Header)
	}
	i.cut()
}

// stayedOut wants no intruder to have got a session.
func (s *siege) stayedOut() {
	s.t.Helper()
	waitFor(s.t, "nobody is a stranger", func() bool { return s.m.Stats().Strangers == 0 })
	if began := s.m.Stats().Classes[wire.Data].Sessions; began != 1 {
		s.t.Errorf("%d sessions began, of which one was honest", began)
	}
}

// badFirsts are first frames that cannot be written as a header and a body.
func badFirsts(i *intruder) map[string]struct {
	said []byte
	want wire.Code
} {
	type first = struct {
		said []byte
		want wire.Code
	}
	h := wire.Header{Type: wire.TypeHello, Kind: i.entity.Kind(), GID: i.gid, Entity: i.entity, Counter: 1, Request: 1}
	understand := h
	understand.Flags = wire.MustUnderstand
	hello := i.hello()
	change := func(at int, to byte) []byte {
		b := slices.Clone(hello)
		b[2+at] = to
		return b
	}
	return map[string]first{
		"empty":               {zmtpFrame(0, nil), wire.Malformed},
		"127 bytes":           {zmtpFrame(0, hello[2:129]), wire.Malformed},
		"no body":             {wholeFrame(h, nil, nil), wire.Malformed},
		"null":                {wholeFrame(h, []byte{0xF6}, nil), wire.Malformed},
		"a list":              {wholeFrame(h, []byte{0x80}, nil), wire.Malformed},
		"an empty map":        {wholeFrame(h, []byte{0xA0}, nil), wire.WrongClass},
		"not CBOR":            {wholeFrame(h, []byte("hello, how are you?"), nil), wire.Malformed},
		"a key twice":         {wholeFrame(h, []byte{0xA2, 1, 1, 1, 1}, nil), wire.Malformed},
		"deep":                {wholeFrame(h, slices.Repeat([]byte{0xA1, 1}, 1000), nil), wire.Malformed},
		"a list of 2^63":      {wholeFrame(h, []byte{0xA1, 1, 0x9B, 0x7F, 255, 255, 255, 255, 255, 255, 255}, nil), wire.Malformed},
		"a text of 2^63":      {wholeFrame(h, []byte{0xA1, 6, 0x7B, 0x7F, 255, 255, 255, 255, 255, 255, 255}, nil), wire.Malformed},
		"an unknown key":      {wholeFrame(understand, unknownKey, nil), wire.UnknownField},
		"bad magic":           {change(magicAt, 'z'), wire.Malformed},
		"version 2":           {change(versionAt, 2), wire.UnknownVersion},
		"a payload too short": {change(payloadAt, 1), wire.Malformed},
		"a body too long":     {change(bodyAt+2, 1), wire.Malformed},
		"4097 bytes":          {wholeFrame(h, make([]byte, 4097-wire.HeaderSize), nil), wire.TooLarge},
		"1 MiB":               {halfFrame(h, 1<<20, 0), wire.TooLarge},
		"2^62 bytes":          {zmtpLength(0, 1<<62), wire.TooLarge},
	}
}

func TestHostileFirstFrames(t *testing.T) {
	s := besieged(t, messenger.Limits{Hello: siegePatience})
	scribe := s.intrude("data")
	s.during(func() {
		for name, tt := range badFirsts(scribe) {
			t.Run(name, func(t *testing.T) {
				i := s.intrude("data").greet()
				i.t = t
				_ = i.say(tt.said)
				a, err := i.hear()
				if err != nil || a.code() != tt.want {
					t.Errorf("answered by %v %q, %v; want %v", a.code(), a.body, err, tt.want)
				}
				i.cut()
			})
		}
	})
	scribe.leave()
	s.stayedOut()
}

// The longest hello is welcome, and so is one with more bulk than sense.
func TestHostileLongestHello(t *testing.T) {
	s := besieged(t, messenger.Limits{})
	i := s.intrude("data").greet()
	var hello wire.Hello
	var header wire.Header
	i.helloWith(func(h *wire.Header, b *wire.Hello) { header, hello = *h, *b })
	body := wire.AppendBody(nil, &hello)
	_ = i.say(wholeFrame(header, body, make([]byte, wire.MaxHelloFrame-wire.HeaderSize-len(body))))
	i.welcomed().alive()
}

// What comes before the welcome is no more believed than what comes after it.
func TestHostileImpatience(t *testing.T) {
	s := besieged(t, messenger.Limits{})
	s.during(func() {
		i := s.intrude("data").greet()
		_ = i.say(i.hello(), i.hello())
		a, err := i.hear()
		if err != nil || a.Flags != wire.Reply {
			t.Fatalf("%+v, %v", a, err)
		}
		i.refused(wire.BadSession, 1) // the second has no session
		i.cut()
	})
}
