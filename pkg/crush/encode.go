package crush

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/fxamacker/cbor/v2"
)

// The binary form of a map:
//
//	offset  size  field    meaning
//	     0     4  magic    'Z' 'C' 'R' 'U'
//	     4     1  version  1; a reader refuses versions it does not know
//	     5     …  body     wireMap in CBOR, core deterministic encoding (RFC 8949, 4.2.1)
//
// There is exactly one encoding of a map, and a reader takes no other.
const (
	magic         = "ZCRU"
	binaryVersion = 1
)

// MarshalBinary encodes a valid map.
func (m *Map) MarshalBinary() ([]byte, error) {
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("encode crush map: %w", err)
	}
	return m.encode()
}

func (m *Map) encode() ([]byte, error) {
	opts := cbor.CoreDetEncOptions()
	opts.NilContainers = cbor.NilContainerAsEmpty
	mode, err := opts.EncMode()
	if err != nil {
		return nil, fmt.Errorf("encode crush map: %w", err)
	}
	body, err := mode.Marshal(newWireMap(m))
	if err != nil {
		return nil, fmt.Errorf("encode crush map: %w", err)
	}
	return slices.Concat([]byte(magic), []byte{binaryVersion}, body), nil
}

// UnmarshalBinary decodes a map and checks it. On error m stays as it was.
func (m *Map) UnmarshalBinary(src []byte) error {
	next, err := decode(src)
	if err != nil {
		return fmt.Errorf("decode crush map: %w", err)
	}
	*m = *next
	return nil
}

func decode(src []byte) (*Map, error) {
	body, ok := bytes.CutPrefix(src, []byte(magic))
	if !ok || len(body) == 0 {
		return nil, fmt.Errorf("expected it to start with %q and a version", magic)
	}
	if v := body[0]; v != binaryVersion {
		return nil, fmt.Errorf("version %d, expected %d", v, binaryVersion)
	}
	mode, err := decOptions().DecMode()
	if err != nil {
		return nil, err
	}
	var w wireMap
	if err := mode.Unmarshal(body[1:], &w); err != nil {
		return nil, err
	}
	m := w.toMap()
	if err := m.Validate(); err != nil {
		return nil, err
	}
	if again, err := m.encode(); err != nil || !bytes.Equal(again, src) {
		return nil, errors.Join(errors.New("not in the deterministic form"), err)
	}
	return m, nil
}

// decOptions refuse what encode does not write. An array cannot be longer than the input,
// which bounds memory.
func decOptions() cbor.DecOptions {
	return cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		MaxNestedLevels:   8,
		MaxArrayElements:  MaxItems, // no list of a valid map is longer
		MaxMapPairs:       16,
	}
}
