package store

import (
	"encoding/binary"
	"hash/crc32"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Digest goes on with the CRC-32C of data.
func Digest(crc uint32, data []byte) uint32 { return crc32.Update(crc, castagnoli, data) }

// DigestRow goes on with the CRC-32C of attributes or rows, in order: of each the length of its
// name and of its value, 4 bytes little-endian each, then name and value.
func DigestRow(crc uint32, name string, value []byte) uint32 {
	var lengths [8]byte
	binary.LittleEndian.PutUint32(lengths[:], uint32(len(name)))
	binary.LittleEndian.PutUint32(lengths[4:], uint32(len(value)))
	crc = Digest(crc, lengths[:])
	crc = Digest(crc, []byte(name))
	return Digest(crc, value)
}
