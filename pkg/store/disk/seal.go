package disk

import (
	"encoding/binary"
	"errors"

	"github.com/cespare/xxhash/v2"
)

// rowVersion begins every sealed value. A reader refuses others.
const rowVersion = 1

const sealBytes = 1 + 8

var errSeal = errors.New("its hash does not fit")

// sealed is a value as it is stored: version, payload, hash. The hash covers bucket and key,
// so a row in the place of another does not check.
func sealed(bucket, key, payload []byte) []byte {
	b := append(make([]byte, 0, len(payload)+sealBytes), rowVersion)
	b = append(b, payload...)
	return binary.LittleEndian.AppendUint64(b, rowHash(bucket, key, b))
}

// unsealed is the payload of a stored value. It is part of the value, not a copy.
func unsealed(bucket, key, value []byte) ([]byte, error) {
	if len(value) < sealBytes {
		return nil, errSeal
	}
	end := len(value) - 8
	if binary.LittleEndian.Uint64(value[end:]) != rowHash(bucket, key, value[:end]) {
		return nil, errSeal
	}
	if value[0] != rowVersion {
		return nil, errors.New("its version is unknown")
	}
	return value[1:end], nil
}

func rowHash(bucket, key, value []byte) uint64 {
	var d xxhash.Digest
	d.Reset()
	var length [4]byte
	binary.LittleEndian.PutUint32(length[:], uint32(len(key)))
	_, _ = d.Write(bucket)
	_, _ = d.Write(length[:])
	_, _ = d.Write(key)
	_, _ = d.Write(value)
	return d.Sum64()
}
