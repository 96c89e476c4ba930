package wire

import "zeph/pkg/osdmap"

// Read asks about one object. Its bulk is what the steps compare with, in order.
type Read struct {
	Target
	Timeout Millis `cbor:"5,keyasint,omitzero"`  // how long the asker still waits, in milliseconds; 0: as long as the daemon likes
	Steps   []Step `cbor:"6,keyasint,omitempty"` // reads and compares
}

// ReadReply answers a Read. Its bulk is what the steps read, in order.
type ReadReply struct {
	Version  PGVersion        `cbor:"1,keyasint,omitzero"`  // of the object's last write
	Size     uint64           `cbor:"2,keyasint,omitzero"`  // of the object, in bytes
	Modified osdmap.UnixMilli `cbor:"3,keyasint,omitzero"`  // when the primary ordered its last write, in milliseconds since 1970
	Results  []Result         `cbor:"4,keyasint,omitempty"` // of the steps, up to the one that failed if one did
}

// AppendCBOR appends the body's encoding to b.
func (r *Read) AppendCBOR(b []byte) []byte {
	m := appendMap(b)
	r.Target.append(&m)
	m.unlessZero(5, uint64(r.Timeout))
	m.steps(6, r.Steps)
	return m.b
}

// ParseCBOR reads a body that may have keys we do not know. It keeps nothing of b; it uses the
// old Steps again, so whoever kept that slice sees it change.
func (r *Read) ParseCBOR(b []byte) error { return ParseBody(b, r, false) }

func (r *Read) scan(b []byte) bool {
	*r = Read{Steps: r.Steps[:0]}
	s := scanner{b: b}
	for f := s.fields(); s.next(&f); {
		switch f.key {
		case 1, 2, 3, 4:
			r.Target.scan(&s, f.key)
		case 5:
			r.Timeout = scanUint[Millis](&s)
		case 6:
			r.Steps = s.steps(r.Steps)
		default:
			s.decline()
		}
	}
	return s.done()
}

// AppendCBOR appends the body's encoding to b.
func (r *ReadReply) AppendCBOR(b []byte) []byte {
	m := appendMap(b)
	m.versionUnlessZero(1, r.Version)
	m.unlessZero(2, r.Size)
	m.intUnlessZero(3, int64(r.Modified))
	m.results(4, r.Results)
	return m.b
}

// ParseCBOR reads a body that may have keys we do not know. It keeps nothing of b; it uses the
// old Results again, so whoever kept that slice sees it change.
func (r *ReadReply) ParseCBOR(b []byte) error { return ParseBody(b, r, false) }

func (r *ReadReply) scan(b []byte) bool {
	*r = ReadReply{Results: r.Results[:0]}
	s := scanner{b: b}
	for f := s.fields(); s.next(&f); {
		switch f.key {
		case 1:
			r.Version = s.version()
		case 2:
			r.Size = scanUint[uint64](&s)
		case 3:
			r.Modified = osdmap.UnixMilli(s.int())
		case 4:
			r.Results = s.results(r.Results)
		default:
			s.decline()
		}
	}
	return s.done()
}
