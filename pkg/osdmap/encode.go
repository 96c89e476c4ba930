package osdmap

import (
	"bytes"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"zeph/pkg/crush"
)

// An encoding is four bytes that say what it is, one byte of version, and CBOR (RFC 8949,
// core deterministic form, integer keys; absent means zero). There is exactly one encoding
// of a value: decoding refuses every other, so equal maps can be told by equal bytes.
const (
	mapMagic    = "ZMAP"
	changeMagic = "ZCHG"
	version     = 1

	// MaxEncodedBytes is the most that decoding looks at.
	MaxEncodedBytes = 64 << 20
)

var (
	encMode = must(cbor.EncOptions{Sort: cbor.SortCoreDeterministic, NilContainers: cbor.NilContainerAsEmpty}.EncMode())
	decMode = must(cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		TagsMd:           cbor.TagsForbidden,
		MaxNestedLevels:  8,
		MaxArrayElements: MaxPGs, // no list of a map is longer
		MaxMapPairs:      MaxOSDs,
	}.DecMode())
)

func must[T any](mode T, err error) T {
	if err != nil {
		panic(err)
	}
	return mode
}

// encode frames a value.
func encode(magic string, v any) ([]byte, error) {
	body, err := encMode.Marshal(v)
	if err == nil && len(body) > MaxEncodedBytes-len(magic)-1 {
		err = fmt.Errorf("%d bytes, at most %d are allowed", len(body), MaxEncodedBytes)
	}
	if err != nil {
		return nil, fmt.Errorf("osdmap: encode: %w", err)
	}
	return append(append([]byte(magic), version), body...), nil
}

// decode reads a frame into a value.
func decode(magic string, b []byte, v any) error {
	if len(b) > MaxEncodedBytes || len(b) <= len(magic) || string(b[:len(magic)]) != magic {
		return fmt.Errorf("%w: %d bytes: expected %s first, and at most %d", ErrMalformed, len(b), magic, MaxEncodedBytes)
	}
	if got := b[len(magic)]; got != version {
		return fmt.Errorf("%w: %d, expected %d", ErrVersion, got, version)
	}
	if err := decMode.Unmarshal(b[len(magic)+1:], v); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return nil
}

// sameBytes refuses an encoding that is not the one Encode makes of what was decoded.
func sameBytes(b []byte, encode func() ([]byte, error)) error {
	again, err := encode()
	if err == nil && !bytes.Equal(again, b) {
		err = fmt.Errorf("is not in deterministic form, or has fields that version %d does not know", version)
	}
	return err
}

func encodeCrush(m *crush.Map) ([]byte, error) {
	if m == nil {
		return nil, nil
	}
	return m.MarshalBinary()
}

func decodeCrush(b []byte) (*crush.Map, error) {
	if len(b) == 0 {
		return nil, nil
	}
	m := new(crush.Map)
	if err := m.UnmarshalBinary(b); err != nil {
		return nil, err
	}
	return m, nil
}
