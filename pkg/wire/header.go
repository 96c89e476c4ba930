package wire

import (
	"encoding/binary"
	"fmt"
	"slices"

	"zeph/pkg/osdmap"
)

// HeaderSize is how many bytes the header of every message has.
const HeaderSize = 128

// TopicSize is how many bytes of a header, its first, are the topic of a hint: they tell its type.
const TopicSize = 8

// Version is the version of the format that this package speaks. There is no other yet.
const Version = 1

// magic is what every header begins with.
const magic = "ZEPH"

// Header is the fixed part of every message. The sender's messenger fills it, but for what
// the message is about: Type, Need, Flags, Request, Epoch, Trace.
type Header struct {
	Mode    Mode         // how the payload is protected
	Type    Type         // what the body holds
	Payload uint32       // bytes of body and bulk together
	Need    Need         // the least authority that the request asks for
	Kind    Kind         // what sort of entity sent it
	Flags   Flags        // reply, error, …
	Session SessionID    // chosen by who answered the hello; zero in a hello
	Counter uint64       // from 1, strictly rising, for each session and direction
	Request uint64       // chosen by the asker, echoed in the reply; 0: one way
	Clock   uint64       // the sender's, in milliseconds since 1970
	GID     GID          // of this run of the sender
	Entity  Entity       // the sender's name
	Epoch   osdmap.Epoch // of the sender's map
	Body    uint32       // bytes of the CBOR part of the payload; the rest is bulk
	Trace   uint64       // 0: not traced
	Caps    CapsDigest   // of the caps that the sender relies on
}

// Offsets of the header's fields, in bytes. Integers are little-endian.
const (
	offVersion = 4
	offMode    = 5
	offType    = 6
	offPayload = 8
	offNeed    = 12
	offKind    = 13
	offFlags   = 14
	offSession = 16
	offCounter = 32
	offRequest = 40
	offClock   = 48
	offGID     = 56
	offEntity  = 64
	offEpoch   = 96
	offBody    = 100
	offTrace   = 104
	offCaps    = 112
)

// Append appends the header's 128 bytes to b.
func (h *Header) Append(b []byte) []byte {
	n := len(b)
	b = slices.Grow(b, HeaderSize)[:n+HeaderSize]
	h.put((*[HeaderSize]byte)(b[n:])) // every byte
	return b
}

func (h *Header) put(b *[HeaderSize]byte) {
	le := binary.LittleEndian
	copy(b[:], magic)
	b[offVersion] = Version
	b[offMode] = byte(h.Mode)
	le.PutUint16(b[offType:], uint16(h.Type))
	le.PutUint32(b[offPayload:], h.Payload)
	b[offNeed] = byte(h.Need)
	b[offKind] = byte(h.Kind)
	le.PutUint16(b[offFlags:], uint16(h.Flags))
	copy(b[offSession:], h.Session[:])
	le.PutUint64(b[offCounter:], h.Counter)
	le.PutUint64(b[offRequest:], h.Request)
	le.PutUint64(b[offClock:], h.Clock)
	le.PutUint64(b[offGID:], uint64(h.GID))
	copy(b[offEntity:], h.Entity[:])
	le.PutUint32(b[offEpoch:], uint32(h.Epoch))
	le.PutUint32(b[offBody:], h.Body)
	le.PutUint64(b[offTrace:], h.Trace)
	copy(b[offCaps:], h.Caps[:])
}

// ParseHeader reads the header of a message that is frame bytes long in all, and refuses what
// no receiver could make sense of: another magic, version or mode, lengths that contradict each
// other, a name that is none, and last, when all else is in order, unknown flags. The error is
// an *Error that says which. Fields that were legible are set even then, so that the sender can
// be told.
func ParseHeader(b []byte, frame int) (Header, error) {
	var h Header
	err := h.Parse(b, frame)
	return h, err
}

// Parse is ParseHeader in place.
func (h *Header) Parse(b []byte, frame int) error {
	if len(b) < HeaderSize || frame < HeaderSize {
		return Malformed.Errorf("%d bytes are no header, which has %d", min(len(b), frame), HeaderSize)
	}
	h.get((*[HeaderSize]byte)(b))
	return h.check((*[HeaderSize]byte)(b), frame)
}

func (h *Header) get(b *[HeaderSize]byte) {
	le := binary.LittleEndian
	h.Mode = Mode(b[offMode])
	h.Type = Type(le.Uint16(b[offType:]))
	h.Payload = le.Uint32(b[offPayload:])
	h.Need = Need(b[offNeed])
	h.Kind = Kind(b[offKind])
	h.Flags = Flags(le.Uint16(b[offFlags:]))
	h.Session = SessionID(b[offSession:])
	h.Counter = le.Uint64(b[offCounter:])
	h.Request = le.Uint64(b[offRequest:])
	h.Clock = le.Uint64(b[offClock:])
	h.GID = GID(le.Uint64(b[offGID:]))
	h.Entity = Entity(b[offEntity:])
	h.Epoch = osdmap.Epoch(le.Uint32(b[offEpoch:]))
	h.Body = le.Uint32(b[offBody:])
	h.Trace = le.Uint64(b[offTrace:])
	h.Caps = CapsDigest(b[offCaps:])
}

func (h *Header) check(b *[HeaderSize]byte, frame int) error {
	switch {
	case string(b[:4]) != magic:
		return Malformed.Errorf("magic %q, expected %q", b[:4], magic)
	case b[offVersion] != Version:
		return UnknownVersion.Errorf("version %d, this side speaks %d", b[offVersion], Version)
	case !h.Mode.known():
		return UnknownMode.Errorf("mode %d", h.Mode)
	case int64(h.Payload)+HeaderSize+int64(h.Mode.tag()) != int64(frame):
		return Malformed.Errorf("payload of %d bytes in a frame of %d", h.Payload, frame)
	case h.Body > h.Payload:
		return Malformed.Errorf("body of %d bytes in a payload of %d", h.Body, h.Payload)
	case !h.Entity.valid():
		return Malformed.Errorf("entity %q is not a printable name with zeros after it", string(h.Entity[:]))
	case h.Flags&^allFlags != 0:
		return UnknownFlag.Errorf("flags %#x", uint16(h.Flags&^allFlags))
	case h.Need&^allNeeds != 0:
		return UnknownFlag.Errorf("need %#x", uint8(h.Need&^allNeeds))
	}
	return nil
}

// Mode is how a payload is protected.
type Mode uint8

// The modes. Sign and Encrypt are numbers kept for the day that brings identity: nobody speaks
// them yet, and a message in one of them is refused.
const (
	None      Mode = 0 // as it is
	Sign      Mode = 1 // kept for later; refused
	Encrypt   Mode = 2 // kept for later; refused
	Published Mode = 3 // a hint to whoever subscribed; its session is its publisher's gid
)

func (m Mode) known() bool { return m == None || m == Published }

// tag is how many bytes follow the payload.
func (m Mode) tag() int { return 0 }

// Flags say what role a message has.
type Flags uint16

// The flags.
const (
	Reply          Flags = 1 << iota // answers the request whose id it carries
	Failed                           // the body is an Error; comes with Reply
	Origin                           // asked on behalf of another, whom the body names; for identity, unused
	MustUnderstand                   // a request to be refused if its body has a key the receiver does not know
	allFlags       = Reply | Failed | Origin | MustUnderstand
)

// Need is the authority that a request asks for, as bits.
type Need uint8

// The kinds of authority.
const (
	NeedRead  Need = 1 // to read
	NeedWrite Need = 2 // to change
	NeedExec  Need = 4 // to call a method of an object; unused
	NeedAdmin Need = 8 // to change the cluster
	allNeeds       = NeedRead | NeedWrite | NeedExec | NeedAdmin
)

// SessionID names a session. It is drawn at random by the side that answers the hello.
type SessionID [16]byte

// PublisherSession is the session id of what the run gid of a daemon publishes: the gid,
// little-endian, then zeros.
func PublisherSession(gid GID) SessionID {
	var id SessionID
	binary.LittleEndian.PutUint64(id[:], uint64(gid))
	return id
}

// IsZero reports whether the id stands for no session.
func (id SessionID) IsZero() bool { return id == SessionID{} }

// String is 32 hexadecimal digits.
func (id SessionID) String() string { return fmt.Sprintf("%x", id[:]) }

// GID is the global id of one run of a daemon or client: 64 random bits, compared for equality
// only, never 0 and never used again.
type GID uint64

// String is 16 hexadecimal digits.
func (g GID) String() string { return fmt.Sprintf("%016x", uint64(g)) }

// CapsDigest is the digest of the caps that a sender relies on. It is zero until there are any.
type CapsDigest [16]byte
