package consensus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/hashicorp/raft"
)

// Each row of the log store ends in a checksum of its bucket, key and value: bbolt has none of its own,
// and a value under another's key is as wrong as one with a bit flipped.

const sumSize = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errRow = errors.New("checksum does not match")

func checksum(bucket, key, value []byte) uint32 {
	sum := crc32.Update(0, castagnoli, bucket)
	sum = crc32.Update(sum, castagnoli, key)
	return crc32.Update(sum, castagnoli, value)
}

// sealRow is a value with its checksum behind it.
func sealRow(bucket, key, value []byte) []byte {
	sealed := make([]byte, 0, len(value)+sumSize)
	sealed = append(sealed, value...)
	return binary.BigEndian.AppendUint32(sealed, checksum(bucket, key, value))
}

// openRow is the value in a sealed row. It shares its memory.
func openRow(bucket, key, sealed []byte) ([]byte, error) {
	if len(sealed) < sumSize {
		return nil, fmt.Errorf("row of %d bytes: %w", len(sealed), errRow)
	}
	value, sum := sealed[:len(sealed)-sumSize], sealed[len(sealed)-sumSize:]
	if binary.BigEndian.Uint32(sum) != checksum(bucket, key, value) {
		return nil, errRow
	}
	return value, nil
}

// The value of an entry: term u64, type u8, appended at i64 (nanoseconds since 1970, 0: unknown), length of
// the extensions u32, extensions, data.
const entryHead = 8 + 1 + 8 + 4

func entryKey(index uint64) []byte { return binary.BigEndian.AppendUint64(nil, index) }

func appendEntry(dst []byte, e *raft.Log) []byte {
	dst = binary.BigEndian.AppendUint64(dst, e.Term)
	dst = append(dst, byte(e.Type))
	dst = binary.BigEndian.AppendUint64(dst, uint64(nanos(e.AppendedAt)))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(e.Extensions)))
	dst = append(dst, e.Extensions...)
	return append(dst, e.Data...)
}

// parseEntry fills an entry. It copies what it keeps.
func parseEntry(e *raft.Log, index uint64, value []byte) error {
	if len(value) < entryHead {
		return fmt.Errorf("entry of %d bytes", len(value))
	}
	extensions := int(binary.BigEndian.Uint32(value[17:]))
	rest := value[entryHead:]
	if extensions > len(rest) {
		return fmt.Errorf("extensions of %d bytes in %d", extensions, len(rest))
	}
	*e = raft.Log{
		Index:      index,
		Term:       binary.BigEndian.Uint64(value),
		Type:       raft.LogType(value[8]),
		AppendedAt: instant(int64(binary.BigEndian.Uint64(value[9:]))),
		Extensions: copied(rest[:extensions]),
		Data:       copied(rest[extensions:]),
	}
	return nil
}

func copied(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return append([]byte(nil), b...)
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func instant(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns)
}
