package zmq

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Properties that ZMTP gives a meaning. Their names are compared without regard to case.
const (
	keySocketType = "Socket-Type"
	keyIdentity   = "Identity"
)

const maxIdentity = 255

var errShort = errors.New("a property runs past the end")

// checkProperties checks all properties of a READY and returns the socket type.
func checkProperties(b []byte) (socketType string, err error) {
	seen := make(map[string]bool)
	for len(b) > 0 {
		var key string
		var value []byte
		if key, value, b, err = nextProperty(b); err != nil {
			return "", err
		}
		folded := strings.ToLower(key)
		if seen[folded] {
			return "", fmt.Errorf("property %q twice", key)
		}
		seen[folded] = true
		switch {
		case strings.EqualFold(key, keySocketType):
			socketType = string(value)
		case strings.EqualFold(key, keyIdentity) && len(value) > maxIdentity:
			return "", fmt.Errorf("an identity of %d bytes, at most %d", len(value), maxIdentity)
		}
	}
	if !seen[strings.ToLower(keySocketType)] {
		return "", errors.New("no socket type")
	}
	return socketType, nil
}

// nextProperty takes the first property off b: a length byte and a name, then four bytes of
// length and a value.
func nextProperty(b []byte) (key string, value, rest []byte, err error) {
	n := int(b[0])
	if len(b) < 1+n+4 {
		return "", nil, nil, errShort
	}
	key, b = string(b[1:1+n]), b[1+n:]
	if key == "" || strings.ContainsFunc(key, notInKey) {
		return "", nil, nil, fmt.Errorf("a property cannot be called %q", key)
	}
	size := binary.BigEndian.Uint32(b)
	if uint64(size) > uint64(len(b)-4) {
		return "", nil, nil, errShort
	}
	return key, b[4 : 4+size], b[4+size:], nil
}

// notInKey is true of what is not a visible ASCII character. ZMTP allows fewer, but libzmq
// lets applications name properties as they like.
func notInKey(r rune) bool { return r <= ' ' || r > '~' }
