package zmq_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// smallData are limits with a short longest message of class data.
func smallData(longest int) messenger.Limits {
	var l messenger.Limits
	l.Class[wire.Data].Message = longest
	return l
}

func TestHostileFrameLengths(t *testing.T) {
	const longest = 256 << 10
	s := besieged(t, smallData(longest))
	head := func(i *intruder) []byte { // of a message, without its frame
		h := i.next(wire.TypeEcho)
		return h.Append(nil)
	}
	for name, tt := range map[string]struct {
		frame func(i *intruder) []byte
		code  wire.Code
		legal bool // the answer names the request
	}{
		"0":               {func(*intruder) []byte { return zmtpFrame(0, nil) }, wire.Malformed, false},
		"0, long":         {func(*intruder) []byte { return zmtpLength(0, 0) }, wire.Malformed, false},
		"1":               {func(*intruder) []byte { return zmtpFrame(0, []byte{'Z'}) }, wire.Malformed, false},
		"127":             {func(i *intruder) []byte { return zmtpFrame(0, head(i)[:127]) }, wire.Malformed, false},
		"max+1":           {func(i *intruder) []byte { return append(zmtpLength(0, longest+1), head(i)...) }, wire.TooLarge, true},
		"max+1, no more":  {func(*intruder) []byte { return zmtpLength(0, longest+1) }, wire.TooLarge, false},
		"2^31":            {func(i *intruder) []byte { return append(zmtpLength(0, 1<<31), head(i)...) }, wire.TooLarge, true},
		"2^32+128":        {func(i *intruder) []byte { return append(zmtpLength(0, 1<<32+128), head(i)...) }, wire.TooLarge, true},
		"2^62":            {func(i *intruder) []byte { return append(zmtpLength(0, 1<<62), head(i)...) }, wire.TooLarge, true},
		"2^63":            {func(i *intruder) []byte { return append(zmtpLength(0, 1<<63), head(i)...) }, wire.TooLarge, true},
		"2^64-1":          {func(i *intruder) []byte { return append(zmtpLength(0, 1<<64-1), head(i)...) }, wire.TooLarge, true},
		"2^64-1, no more": {func(*intruder) []byte { return zmtpLength(0, 1<<64-1) }, wire.TooLarge, false},
	} {
		t.Run(name, func(t *testing.T) {
			i := s.intrude("data").enter()
			i.t = t
			request := uint64(0)
			_ = i.say(tt.frame(i))
			if tt.legal {
				request = i.request
			}
			i.refused(tt.code, request)
			i.cut()
		})
	}
	s.during(func() { // and what is just allowed
		i := s.intrude("data").enter()
		bulk := bulkOf(longest-wire.HeaderSize-len(echoAsk("max")), 3)
		_ = i.say(i.echo("max", bulk))
		if a, err := i.hear(); err != nil || a.frame != longest || !bytes.Equal(a.bulk, bulk) {
			t.Errorf("a frame of %d bytes was answered by one of %d: %v", longest, a.frame, err)
		}
		i.alive()
		i.leave()
	})
	s.rid()
	s.nothingHeld()
}

// What is not ZMTP as we speak it ends the connection.
func TestHostileFrames(t *testing.T) {
	s := besieged(t, messenger.Limits{})
	ping := zmtpCommandFrame("PING", []byte{0, 1})
	for name, frame := range map[string]func(i *intruder) []byte{
		"more to come":                func(i *intruder) []byte { return more(i.echo("more", nil)) },
		"more, then the rest":         func(i *intruder) []byte { return append(more(i.echo("more", nil)), zmtpFrame(0, nil)...) },
		"an envelope":                 func(i *intruder) []byte { return append(zmtpFrame(zmtpMore, nil), i.echo("rest", nil)...) },
		"a thousand frames":           func(*intruder) []byte { return slices.Repeat(zmtpFrame(zmtpMore, []byte("x")), 1000) },
		"a command mid-message":       func(i *intruder) []byte { return slices.Concat(more(i.echo("more", nil)), ping, zmtpFrame(0, nil)) },
		"a command with more to come": func(*intruder) []byte { return more(ping) },
		"a reserved flag":             func(*intruder) []byte { return zmtpFrame(8, nil) },
		"all flags":                   func(*intruder) []byte { return bytes.Repeat([]byte{0xFF}, 300) },
		"an unknown command":          func(*intruder) []byte { return zmtpCommandFrame("XYZZY", nil) },
		"a subscription":              func(*intruder) []byte { return zmtpCommandFrame("SUBSCRIBE", []byte("ZEPH")) },
		"a second READY":              func(i *intruder) []byte { return i.ready() },
		"an ERROR":                    func(*intruder) []byte { return zmtpCommandFrame("ERROR", []byte("\x02no")) },
		"a command without a name":    func(*intruder) []byte { return zmtpFrame(zmtpCommand, []byte{0}) },
		"an empty command":            func(*intruder) []byte { return zmtpFrame(zmtpCommand, nil) },
		"a name past the end":         func(*intruder) []byte { return zmtpFrame(zmtpCommand, []byte("\x09PING")) },
		"a PING without time to live": func(*intruder) []byte { return zmtpCommandFrame("PING", []byte{0}) },
		"a PING too long":             func(*intruder) []byte { return zmtpCommandFrame("PING", make([]byte, 19)) },
		"a long command":              func(*intruder) []byte { return zmtpCommandFrame("PING", make([]byte, 600)) },
		"a command of 2^62 bytes":     func(*intruder) []byte { return zmtpLength(zmtpCommand, 1<<62) },
	} {
		t.Run(name, func(t *testing.T) {
			i := s.intrude("data").enter()
			i.t = t
			_ = i.say(frame(i))
			i.cut()
		})
	}
	s.during(s.rid)
	s.nothingHeld()
}

// more sets a frame's flag that says it is not the last.
func more(frame []byte) []byte {
	frame[0] |= zmtpMore
	return frame
}

// promised is the bulk of the messages that break off.
const promised = 1 << 20

// halves are beginnings of a message, cut off in each of its parts.
func halves(i *intruder) map[string][]byte {
	whole := halfFrame(i.next(wire.TypeEcho), promised, promised/2)
	cuts := map[string][]byte{"half its bulk": whole}
	for name, at := range map[string]int{
		"flags": 1, "half its length": 5, "its length": 9, "half its header": 70, "its header": 9 + wire.HeaderSize, "a byte of bulk": 10 + wire.HeaderSize,
	} {
		cuts[name] = whole[:at]
	}
	cuts["half a PING"] = zmtpCommandFrame("PING", []byte{0, 1})[:4]
	return cuts
}

func TestHostileHalfAFrameThenClose(t *testing.T) {
	s := besieged(t, messenger.Limits{})
	s.during(func() {
		scribe := s.intrude("data").enter()
		for _, said := range halves(scribe) {
			polite, rude := s.intrude("data").enter(), s.intrude("data").enter()
			_, _ = polite.say(said), rude.say(said)
			_ = polite.conn.CloseWrite()
			polite.cut()
			rude.leave()
		}
		scribe.leave()
	})
	s.rid()
	s.nothingHeld()
}

func TestHostileHalfAFrameThenSilence(t *testing.T) {
	t.Parallel()
	s := besieged(t, messenger.Limits{Stall: 300 * time.Millisecond})
	quiet := s.intrude("data").enter()
	s.during(func() {
		var silent []*intruder
		for _, said := range halves(quiet) {
			i := s.intrude("data").enter()
			_ = i.say(said)
			silent = append(silent, i)
		}
		for _, i := range silent {
			i.cut()
		}
	})
	quiet.counter, quiet.request = 1, 1 // what it made up was said by others
	quiet.alive()
	quiet.leave()
	s.rid()
	s.nothingHeld()
}

// A peer may PING as much as it likes, if it takes the answers.
func TestHostilePings(t *testing.T) {
	const rounds, each = 100, 1000
	s := besieged(t, messenger.Limits{})
	i := s.intrude("data").enter()
	context := []byte("context of 16 B.")
	pings := slices.Repeat(zmtpCommandFrame("PING", append([]byte{0, 9}, context...)), each)
	pong := append([]byte("\x04PONG"), context...)
	s.during(func() {
		for range rounds {
			_ = i.say(pings)
			for range each {
				if f, err := i.hearFrame(); err != nil || !f.command || !bytes.Equal(f.b, pong) {
					t.Fatalf("%q instead of a PONG: %v", f.b, err)
				}
			}
		}
		i.alive()
	})
	i.leave()
	s.rid()
}

// One that does not take them is cut, and costs little until then.
func TestHostilePingsWithoutReading(t *testing.T) {
	t.Parallel()
	s := besieged(t, messenger.Limits{Stall: 300 * time.Millisecond})
	i := s.intrude("data").enter()
	pings := slices.Repeat(zmtpCommandFrame("PING", []byte{0, 9}), 10_000)
	defer i.pour(pings)()
	s.during(s.rid)
}
