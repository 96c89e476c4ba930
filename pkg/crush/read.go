package crush

import (
	"bytes"
	"errors"
)

// cephMagic starts a map that crushtool has compiled (CRUSH_MAGIC, little-endian).
var cephMagic = []byte{0x00, 0x00, 0x01, 0x00}

// Read reads a map in any form: text, dump or MarshalBinary's. The warnings name what it
// says without effect.
func Read(src []byte) (*Map, []string, error) {
	switch trimmed := bytes.TrimLeft(src, spaces); {
	case bytes.HasPrefix(src, []byte(magic)):
		m := new(Map)
		if err := m.UnmarshalBinary(src); err != nil {
			return nil, nil, err
		}
		return m, nil, nil
	case bytes.HasPrefix(src, cephMagic):
		return nil, nil, errors.New("compiled Ceph map: decompile it first with crushtool -d")
	case bytes.IndexByte(src, 0) >= 0:
		return nil, nil, errors.New("binary of an unknown kind: expected a CRUSH map as text or JSON")
	case bytes.HasPrefix(trimmed, []byte("{")):
		return ParseDump(src)
	}
	return ParseText(src)
}
