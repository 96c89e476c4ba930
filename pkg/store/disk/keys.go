package disk

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"strings"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// The buckets. All integers in keys are big-endian, so that the order of bytes is that of numbers.
var (
	bucketSelf    = []byte("S") // "identity"
	bucketObjects = []byte("O") // object                                → record
	bucketData    = []byte("D") // object · chunk u32                    → bytes
	bucketSums    = []byte("C") // object · chunk u32                    → length, hashes of blocks
	bucketOmap    = []byte("M") // object · key                          → value
	bucketPGs     = []byte("G") // pool u64 · seed u32 · bits u8         → PG record
	bucketLog     = []byte("L") // pool u64 · seed u32 · epoch u32 · seq u64 → entry
	bucketRows    = []byte("R") // pool u64 · seed u32 · key             → value
)

var buckets = [][]byte{
	bucketSelf, bucketObjects, bucketData, bucketSums, bucketOmap, bucketPGs, bucketLog, bucketRows,
}

// An object in a key is pool u64 · bit-reversed hash u32 · namespace · name, both escaped:
// 0 becomes 0, 255, and 0, 1 ends them. Its order is that of store.Key, and no object's key is the
// beginning of another's.
const (
	keyHead    = 12
	escape     = 0xff
	terminator = 1
)

func appendObject(b []byte, k store.Key) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(k.Pool))
	b = binary.BigEndian.AppendUint32(b, bits.Reverse32(k.Hash))
	b = appendEscaped(b, k.Namespace)
	return appendEscaped(b, k.Name)
}

func objectKey(k store.Key) []byte {
	return appendObject(make([]byte, 0, keyHead+len(k.Namespace)+len(k.Name)+8), k)
}

func appendEscaped(b []byte, s string) []byte {
	for {
		at := strings.IndexByte(s, 0)
		if at < 0 {
			return append(append(b, s...), 0, terminator)
		}
		b = append(append(b, s[:at]...), 0, escape)
		s = s[at+1:]
	}
}

var errKey = errors.New("not a key")

// splitObject reads an object from the front of a key, and gives the rest.
func splitObject(b []byte) (k store.Key, rest []byte, err error) {
	if len(b) < keyHead {
		return store.Key{}, nil, errKey
	}
	k.Pool = osdmap.PoolID(binary.BigEndian.Uint64(b))
	k.Hash = bits.Reverse32(binary.BigEndian.Uint32(b[8:]))
	if k.Namespace, b, err = splitEscaped(b[keyHead:]); err != nil {
		return store.Key{}, nil, err
	}
	k.Name, b, err = splitEscaped(b)
	return k, b, err
}

func splitEscaped(b []byte) (s string, rest []byte, err error) {
	var text []byte
	for i := 0; i+1 < len(b); i++ {
		if b[i] != 0 {
			text = append(text, b[i])
			continue
		}
		i++
		switch b[i] {
		case terminator:
			return string(text), b[i+1:], nil
		case escape:
			text = append(text, 0)
		default:
			return "", nil, errKey
		}
	}
	return "", nil, errKey
}

func chunkKey(object []byte, n uint32) []byte {
	return binary.BigEndian.AppendUint32(append(make([]byte, 0, len(object)+4), object...), n)
}

func rowKey(owner []byte, key string) []byte {
	return append(append(make([]byte, 0, len(owner)+len(key)), owner...), key...)
}

func pgKey(id osdmap.PGID) []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 32), uint64(id.Pool))
	return binary.BigEndian.AppendUint32(b, id.Seed)
}

func spanKey(s store.Span) []byte { return append(pgKey(s.PG), s.Bits) }

func parseSpan(b []byte) (store.Span, error) {
	id, rest, err := splitPG(b)
	if err != nil || len(rest) != 1 || rest[0] > 32 {
		return store.Span{}, errKey
	}
	return store.Span{PG: id, Bits: rest[0]}, nil
}

func splitPG(b []byte) (osdmap.PGID, []byte, error) {
	if len(b) < 12 {
		return osdmap.PGID{}, nil, errKey
	}
	id := osdmap.PGID{Pool: osdmap.PoolID(binary.BigEndian.Uint64(b)), Seed: binary.BigEndian.Uint32(b[8:])}
	return id, b[12:], nil
}

func logKey(id osdmap.PGID, v store.Version) []byte {
	b := binary.BigEndian.AppendUint32(pgKey(id), uint32(v.Epoch))
	return binary.BigEndian.AppendUint64(b, v.Seq)
}

func parseVersion(b []byte) (store.Version, error) {
	if len(b) != 12 {
		return store.Version{}, errKey
	}
	return store.Version{Epoch: osdmap.Epoch(binary.BigEndian.Uint32(b)), Seq: binary.BigEndian.Uint64(b[4:])}, nil
}

// after is the first key behind all that begin with the prefix. Prefixes here are never all
// 0xff: an object's ends in its terminator, a PG's begins with a pool.
func after(prefix []byte) []byte {
	b := append([]byte(nil), prefix...)
	for i := len(b) - 1; i >= 0; i-- {
		b[i]++
		if b[i] != 0 {
			return b[:i+1]
		}
	}
	return nil
}
