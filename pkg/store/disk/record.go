package disk

import (
	"encoding/binary"
	"errors"
	"slices"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// record is what an object's row holds.
type record struct {
	info   store.Info
	attrs  []store.Attr
	chunks bitmap // which are there; the others read as zeros
}

func (r *record) encode() []byte {
	b := binary.AppendUvarint(nil, r.info.Size)
	b = binary.AppendUvarint(b, r.info.OmapRows)
	b = appendVersion(b, r.info.Version)
	b = binary.AppendVarint(b, int64(r.info.Modified))
	b = appendBytes(b, r.chunks)
	b = binary.AppendUvarint(b, uint64(len(r.attrs)))
	for _, a := range r.attrs {
		b = appendBytes(appendBytes(b, []byte(a.Name)), a.Value)
	}
	return b
}

// decodeRecord copies what it keeps.
func decodeRecord(b []byte) (r record, err error) {
	s := scanner{rest: b}
	r.info.Size = s.uint()
	r.info.OmapRows = s.uint()
	r.info.Version = s.version()
	r.info.Modified = osdmap.UnixMilli(s.int())
	r.chunks = slices.Clone(s.bytes())
	for n := s.uint(); n > 0 && !s.failed; n-- {
		r.attrs = append(r.attrs, store.Attr{Name: string(s.bytes()), Value: slices.Clone(s.bytes())})
	}
	return r, s.end()
}

// pgRecord is what a PG's row holds, and what its key tells.
type pgRecord struct {
	state  store.PGState
	broken bool // the row did not check: info and statistics are unknown
}

func (p *pgRecord) encode() []byte {
	b := appendVersion(nil, p.state.Head)
	for _, n := range []uint64{p.state.Stats.Objects, p.state.Stats.Bytes, p.state.Stats.OmapRows, p.state.Stats.LogEntries} {
		b = binary.AppendUvarint(b, n)
	}
	return appendBytes(b, p.state.Info)
}

func decodePG(b []byte) (state store.PGState, err error) {
	s := scanner{rest: b}
	state.Head = s.version()
	for _, n := range []*uint64{&state.Stats.Objects, &state.Stats.Bytes, &state.Stats.OmapRows, &state.Stats.LogEntries} {
		*n = s.uint()
	}
	state.Info = slices.Clone(s.bytes())
	return state, s.end()
}

func appendVersion(b []byte, v store.Version) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(v.Epoch)), v.Seq)
}

func appendBytes(b, s []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// scanner reads fields one by one. After a failure all that follows is zero.
type scanner struct {
	rest   []byte
	failed bool
}

func (s *scanner) uint() uint64 {
	n, size := binary.Uvarint(s.rest)
	return took(s, n, size)
}

func (s *scanner) int() int64 {
	n, size := binary.Varint(s.rest)
	return took(s, n, size)
}

func took[T int64 | uint64](s *scanner, n T, size int) T {
	if size <= 0 || s.failed {
		s.failed = true
		return 0
	}
	s.rest = s.rest[size:]
	return n
}

func (s *scanner) version() store.Version {
	epoch := s.uint()
	return store.Version{Epoch: osdmap.Epoch(epoch), Seq: s.uint()}
}

func (s *scanner) bytes() []byte {
	n := s.uint()
	if s.failed || n > uint64(len(s.rest)) {
		s.failed = true
		return nil
	}
	b := s.rest[:n]
	s.rest = s.rest[n:]
	return b
}

func (s *scanner) end() error {
	if s.failed || len(s.rest) > 0 {
		return errors.New("it does not decode")
	}
	return nil
}

// bitmap is a set of small numbers, without zero bytes at its end.
type bitmap []byte

func (m bitmap) has(n uint32) bool {
	return int(n/8) < len(m) && m[n/8]>>(n%8)&1 == 1
}

func (m bitmap) with(n uint32) bitmap {
	for int(n/8) >= len(m) {
		m = append(m, 0)
	}
	m[n/8] |= 1 << (n % 8)
	return m
}

func (m bitmap) without(n uint32) bitmap {
	if !m.has(n) {
		return m
	}
	m[n/8] &^= 1 << (n % 8)
	for len(m) > 0 && m[len(m)-1] == 0 {
		m = m[:len(m)-1]
	}
	return m
}

// size is the first number beyond all that are in the set.
func (m bitmap) size() uint32 { return uint32(len(m)) * 8 }
