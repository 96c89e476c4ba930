package wire

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// The six hottest bodies do without reflection: each has AppendCBOR, and a scan that reads what
// AppendCBOR writes, with integers of any length. Whatever else comes (a key it does not know,
// keys out of order, null, anything malformed) scan declines, and the library decides. So there
// is one judge of what is a body, and code by hand only for those that are beyond doubt.

// Major types of CBOR, as the upper bits of the first byte, and its two booleans.
const (
	majorUint  = 0 << 5
	majorInt   = 1 << 5
	majorText  = 3 << 5
	majorArray = 4 << 5
	majorMap   = 5 << 5
	majorMask  = 7 << 5
	cborFalse  = 0xf4
	cborTrue   = 0xf5
)

// appendHead appends a major type and its argument in the shortest form.
func appendHead(b []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n <= math.MaxUint8:
		return append(b, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), n)
}

func appendInt(b []byte, n int64) []byte {
	if n < 0 {
		return appendHead(b, majorInt, uint64(^n))
	}
	return appendHead(b, majorUint, uint64(n))
}

// mapAppender appends a map of at most 23 fields with keys below 24, so that its head and each
// key are one byte. Fields come in rising order of their keys.
type mapAppender struct {
	b    []byte
	head int
}

func appendMap(b []byte) mapAppender { return mapAppender{append(b, majorMap), len(b)} }

func (m *mapAppender) key(k byte) {
	m.b[m.head]++
	m.b = append(m.b, k)
}

func (m *mapAppender) uint(k byte, n uint64) {
	m.key(k)
	m.b = appendHead(m.b, majorUint, n)
}

func (m *mapAppender) int(k byte, n int64) {
	m.key(k)
	m.b = appendInt(m.b, n)
}

func (m *mapAppender) text(k byte, s string) {
	m.key(k)
	m.b = append(appendHead(m.b, majorText, uint64(len(s))), s...)
}

// What follows leaves out what a reader takes for granted.
func (m *mapAppender) unlessZero(k byte, n uint64) {
	if n != 0 {
		m.uint(k, n)
	}
}

func (m *mapAppender) intUnlessZero(k byte, n int64) {
	if n != 0 {
		m.int(k, n)
	}
}

func (m *mapAppender) unlessEmpty(k byte, s string) {
	if s != "" {
		m.text(k, s)
	}
}

func (m *mapAppender) ifTrue(k byte, is bool) {
	if is {
		m.key(k)
		m.b = append(m.b, cborTrue)
	}
}

// scanner reads CBOR until something is not as expected, and from then on nothing more.
type scanner struct {
	b        []byte
	at       int
	text     string // all of b, once there is a string: every string is a part of it
	declined bool
}

// done reports whether everything was as expected and nothing is left.
func (s *scanner) done() bool { return !s.declined && s.at == len(s.b) }

func (s *scanner) left() int { return len(s.b) - s.at }

func (s *scanner) decline() uint64 {
	s.declined = true
	s.at = len(s.b)
	return 0
}

// peek is the next byte's major type; that of a tag, which nobody expects, at the end.
func (s *scanner) peek() byte {
	if s.at >= len(s.b) {
		return 6 << 5
	}
	return s.b[s.at] & majorMask
}

// head reads the argument of an item of the major type.
func (s *scanner) head(major byte) uint64 {
	if s.at < len(s.b) && s.b[s.at]-major < 24 { // most are small
		s.at++
		return uint64(s.b[s.at-1] - major)
	}
	if s.peek() != major {
		return s.decline()
	}
	size := 1 << (s.b[s.at] - major - 24)
	if size > 8 || s.left() <= size { // 28 to 30 do not exist, 31 is an indefinite length
		return s.decline()
	}
	n := bigEndian(s.b[s.at+1 : s.at+1+size])
	s.at += 1 + size
	return n
}

// bigEndian reads 1, 2, 4 or 8 bytes.
func bigEndian(b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.BigEndian.Uint16(b))
	case 4:
		return uint64(binary.BigEndian.Uint32(b))
	}
	return binary.BigEndian.Uint64(b)
}

// scanUint reads an unsigned integer that T can hold.
func scanUint[T ~uint8 | ~uint16 | ~uint32 | ~uint64](s *scanner) T {
	n := s.head(majorUint)
	if uint64(T(n)) != n {
		s.decline()
	}
	return T(n)
}

func (s *scanner) int() int64 {
	major := s.peek()
	if major != majorInt {
		major = majorUint
	}
	n := s.head(major)
	if n > math.MaxInt64 {
		s.decline()
	}
	if major == majorInt {
		return ^int64(n)
	}
	return int64(n)
}

func (s *scanner) bool() bool {
	if s.left() == 0 || s.b[s.at] != cborTrue && s.b[s.at] != cborFalse {
		s.decline()
		return false
	}
	s.at++
	return s.b[s.at-1] == cborTrue
}

// string costs one allocation for all strings of a body together.
func (s *scanner) string() string {
	n := s.head(majorText)
	if n > uint64(s.left()) || !utf8.Valid(s.b[s.at:s.at+int(n)]) {
		s.decline()
		return ""
	}
	if n == 0 {
		return ""
	}
	if s.text == "" {
		s.text = string(s.b)
	}
	s.at += int(n)
	return s.text[s.at-int(n) : s.at]
}

// array reads the length of an array. Elements have a byte at least, so nobody makes us set
// aside much more than they sent.
func (s *scanner) array() int {
	n := s.head(majorArray)
	if n > maxElements || n > uint64(s.left()) {
		return int(s.decline())
	}
	return int(n)
}

// fields goes through the keys of a map, which must rise and begin above zero.
type fields struct {
	left uint64
	key  uint64
}

func (s *scanner) fields() fields { return fields{left: s.head(majorMap)} }

func (s *scanner) next(f *fields) bool {
	if f.left == 0 || s.declined {
		return false
	}
	key := s.head(majorUint)
	if key <= f.key {
		s.decline()
	}
	f.left, f.key = f.left-1, key
	return !s.declined
}
