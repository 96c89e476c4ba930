package wire

import "time"

// Millis is a length of time in milliseconds.
type Millis uint32

// Duration is the same length of time.
func (ms Millis) Duration() time.Duration { return time.Duration(ms) * time.Millisecond }

// Write changes one object. Its bulk is the data of the steps, in order.
type Write struct {
	Target
	Timeout Millis    `cbor:"5,keyasint,omitzero"`  // how long the asker still waits, in milliseconds; 0: as long as the daemon likes
	Steps   []Step    `cbor:"6,keyasint,omitempty"` // changes and compares
	Floor   PGVersion `cbor:"7,keyasint"`           // fixed at the first send: the newest version of this PG that the asker has seen, or (its epoch, 0) if that is newer
	Resend  bool      `cbor:"8,keyasint,omitzero"`  // an earlier send of this request has no answer yet
}

// WriteReply answers a Write, once every copy that must have it is on disk.
type WriteReply struct {
	Version PGVersion `cbor:"1,keyasint"`           // of the object: that of this write, or where it failed, the last
	Results []Result  `cbor:"2,keyasint,omitempty"` // of the steps up to the one that failed; empty: all succeeded
}

// AppendCBOR appends the body's encoding to b.
func (w *Write) AppendCBOR(b []byte) []byte {
	m := appendMap(b)
	w.Target.append(&m)
	m.unlessZero(5, uint64(w.Timeout))
	m.steps(6, w.Steps)
	m.version(7, w.Floor)
	m.ifTrue(8, w.Resend)
	return m.b
}

// ParseCBOR reads a body that may have keys we do not know. It keeps nothing of b; it uses the
// old Steps again, so whoever kept that slice sees it change.
func (w *Write) ParseCBOR(b []byte) error { return ParseBody(b, w, false) }

func (w *Write) scan(b []byte) bool {
	*w = Write{Steps: w.Steps[:0]}
	s := scanner{b: b}
	for f := s.fields(); s.next(&f); {
		switch f.key {
		case 1, 2, 3, 4:
			w.Target.scan(&s, f.key)
		case 5:
			w.Timeout = scanUint[Millis](&s)
		case 6:
			w.Steps = s.steps(w.Steps)
		case 7:
			w.Floor = s.version()
		case 8:
			w.Resend = s.bool()
		default:
			s.decline()
		}
	}
	return s.done()
}

// AppendCBOR appends the body's encoding to b.
func (w *WriteReply) AppendCBOR(b []byte) []byte {
	m := appendMap(b)
	m.version(1, w.Version)
	m.results(2, w.Results)
	return m.b
}

// ParseCBOR reads a body that may have keys we do not know. It keeps nothing of b; it uses the
// old Results again, so whoever kept that slice sees it change.
func (w *WriteReply) ParseCBOR(b []byte) error { return ParseBody(b, w, false) }

func (w *WriteReply) scan(b []byte) bool {
	*w = WriteReply{Results: w.Results[:0]}
	s := scanner{b: b}
	for f := s.fields(); s.next(&f); {
		switch f.key {
		case 1:
			w.Version = s.version()
		case 2:
			w.Results = s.results(w.Results)
		default:
			s.decline()
		}
	}
	return s.done()
}
