package osdmap

import (
	"encoding/hex"
	"fmt"
)

// UUID identifies a cluster (fsid) or the store of an OSD. The zero UUID stands for none.
type UUID [16]byte

// IsZero reports whether the UUID stands for none.
func (u UUID) IsZero() bool { return u == UUID{} }

// String is the usual form of 8-4-4-4-12 hexadecimal digits.
func (u UUID) String() string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// ParseUUID reads the form that String writes.
func ParseUUID(s string) (UUID, error) {
	var u UUID
	wrong := len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-'
	if !wrong {
		digits := s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
		_, err := hex.Decode(u[:], []byte(digits))
		wrong = err != nil
	}
	if wrong {
		return UUID{}, fmt.Errorf("uuid %q: expected hexadecimal digits in groups of 8-4-4-4-12", s)
	}
	return u, nil
}
