package wire

import (
	"fmt"

	"zeph/pkg/osdmap"
)

// SubWrite is a write on its way from the primary to a copy, which carries it out and logs it
// in one transaction. The primary's gid is the header's. Its bulk is the data of the steps.
type SubWrite struct {
	Target
	Interval  osdmap.Epoch     `cbor:"5,keyasint"`            // the first epoch of the interval
	Round     uint64           `cbor:"6,keyasint"`            // of peering, in that interval
	To        GID              `cbor:"7,keyasint"`            // the run that it is meant for
	Version   PGVersion        `cbor:"8,keyasint"`            // of this write
	Previous  PGVersion        `cbor:"9,keyasint"`            // of the PG's write before this one: the receiver's last, or there is a gap
	Prior     PGVersion        `cbor:"10,keyasint,omitzero"`  // of the object's write before this one; zero: the object is new
	Asker     Asker            `cbor:"11,keyasint"`           // the client's request, so that a resend is known
	Modified  osdmap.UnixMilli `cbor:"12,keyasint"`           // when the primary ordered it, in milliseconds since 1970
	Steps     []Step           `cbor:"13,keyasint,omitempty"` // changes; compares were decided by the primary
	EntryOnly bool             `cbor:"14,keyasint,omitzero"`  // backfill has not reached the object: log it, leave the object
	Code      Code             `cbor:"15,keyasint,omitzero"`  // what the client is answered; 0: done
	Trim      PGVersion        `cbor:"16,keyasint,omitzero"`  // the log may be cut up to here
	Complete  PGVersion        `cbor:"17,keyasint,omitzero"`  // every acting copy has all up to here on disk
}

// SubWriteReply acknowledges a SubWrite, or says what is missing before it.
type SubWriteReply struct {
	PG       PG           `cbor:"1,keyasint"`
	Interval osdmap.Epoch `cbor:"2,keyasint"`           // as in the SubWrite
	Round    uint64       `cbor:"3,keyasint"`           // as in the SubWrite
	To       GID          `cbor:"4,keyasint"`           // the run of the primary
	Ack      Ack          `cbor:"5,keyasint"`           // what became of it
	Version  PGVersion    `cbor:"6,keyasint"`           // applied: the write that is on disk; resend: the last one the copy has
	Complete PGVersion    `cbor:"7,keyasint,omitzero"`  // the copy has all up to here on disk
	Used     uint64       `cbor:"8,keyasint,omitzero"`  // bytes in use on the copy's store
	Size     uint64       `cbor:"9,keyasint,omitzero"`  // bytes that the store has in all
	Coming   uint64       `cbor:"10,keyasint,omitzero"` // bytes that it is about to take, beside Used
	At       uint64       `cbor:"11,keyasint,omitzero"` // when that was so, in microseconds of the copy's clock: the latest counts
}

// Ack is what became of a SubWrite.
type Ack uint8

// The acks. A copy has no other no: what it cannot apply ends it.
const (
	AckApplied Ack = 1 // it is on disk
	AckResend  Ack = 2 // writes before it are missing: send again from the one after Version
)

// String is the ack's name.
func (a Ack) String() string {
	switch a {
	case AckApplied:
		return "applied"
	case AckResend:
		return "resend"
	}
	return fmt.Sprintf("ack %d", uint8(a))
}

// AppendCBOR appends the body's encoding to b.
func (w *SubWrite) AppendCBOR(b []byte) []byte {
	m := appendMap(b)
	w.Target.append(&m)
	m.uint(5, uint64(w.Interval))
	m.uint(6, w.Round)
	m.uint(7, uint64(w.To))
	m.version(8, w.Version)
	m.version(9, w.Previous)
	m.versionUnlessZero(10, w.Prior)
	m.asker(11, w.Asker)
	m.int(12, int64(w.Modified))
	m.steps(13, w.Steps)
	m.ifTrue(14, w.EntryOnly)
	m.unlessZero(15, uint64(w.Code))
	m.versionUnlessZero(16, w.Trim)
	m.versionUnlessZero(17, w.Complete)
	return m.b
}

// ParseCBOR reads a body that may have keys we do not know. It keeps nothing of b; it uses the
// old Steps again, so whoever kept that slice sees it change.
func (w *SubWrite) ParseCBOR(b []byte) error { return ParseBody(b, w, false) }

func (w *SubWrite) scan(b []byte) bool {
	*w = SubWrite{Steps: w.Steps[:0]}
	s := scanner{b: b}
	for f := s.fields(); s.next(&f); {
		w.scanField(&s, f.key)
	}
	return s.done()
}

func (w *SubWrite) scanField(s *scanner, key uint64) {
	switch key {
	case 1, 2, 3, 4:
		w.Target.scan(s, key)
	case 5:
		w.Interval = scanUint[osdmap.Epoch](s)
	case 6:
		w.Round = scanUint[uint64](s)
	case 7:
		w.To = scanUint[GID](s)
	case 8:
		w.Version = s.version()
	case 9:
		w.Previous = s.version()
	case 10:
		w.Prior = s.version()
	case 11:
		w.Asker = s.asker()
	case 12:
		w.Modified = osdmap.UnixMilli(s.int())
	case 13:
		w.Steps = s.steps(w.Steps)
	case 14:
		w.EntryOnly = s.bool()
	case 15:
		w.Code = scanUint[Code](s)
	case 16:
		w.Trim = s.version()
	case 17:
		w.Complete = s.version()
	default:
		s.decline()
	}
}

// AppendCBOR appends the body's encoding to b.
func (r *SubWriteReply) AppendCBOR(b []byte) []byte {
	m := appendMap(b)
	m.pg(1, r.PG)
	m.uint(2, uint64(r.Interval))
	m.uint(3, r.Round)
	m.uint(4, uint64(r.To))
	m.uint(5, uint64(r.Ack))
	m.version(6, r.Version)
	m.versionUnlessZero(7, r.Complete)
	m.unlessZero(8, r.Used)
	m.unlessZero(9, r.Size)
	m.unlessZero(10, r.Coming)
	m.unlessZero(11, r.At)
	return m.b
}

// ParseCBOR reads a body that may have keys we do not know. It keeps nothing of b.
func (r *SubWriteReply) ParseCBOR(b []byte) error { return ParseBody(b, r, false) }

func (r *SubWriteReply) scan(b []byte) bool {
	*r = SubWriteReply{}
	s := scanner{b: b}
	for f := s.fields(); s.next(&f); {
		switch f.key {
		case 1:
			r.PG = s.pg()
		case 2:
			r.Interval = scanUint[osdmap.Epoch](&s)
		case 3:
			r.Round = scanUint[uint64](&s)
		case 4:
			r.To = scanUint[GID](&s)
		case 5:
			r.Ack = scanUint[Ack](&s)
		case 6:
			r.Version = s.version()
		case 7:
			r.Complete = s.version()
		case 8:
			r.Used = scanUint[uint64](&s)
		case 9:
			r.Size = scanUint[uint64](&s)
		case 10:
			r.Coming = scanUint[uint64](&s)
		case 11:
			r.At = scanUint[uint64](&s)
		default:
			s.decline()
		}
	}
	return s.done()
}
