package consensus

import (
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"
)

// bounds are the indexes of the first and last entry in a log store (0, 0: none), and of the last that was
// known to be agreed on.
type bounds struct {
	first, last, commit uint64
}

// extend takes in the next entry, unless it is another.
func (b *bounds) extend(index uint64) bool {
	if index == 0 || b.first > 0 && index != b.last+1 {
		return false
	}
	if b.first == 0 {
		b.first = index
	}
	b.last = index
	return true
}

// remove takes out entries at one end.
func (b *bounds) remove(lowest, highest uint64) {
	switch {
	case lowest <= b.first && highest >= b.last:
		b.first, b.last = 0, 0
	case lowest <= b.first:
		b.first = highest + 1
	default:
		b.last = lowest - 1
	}
}

func (b *bounds) put(tx *bbolt.Tx) error {
	var value []byte
	for _, n := range []uint64{b.first, b.last, b.commit} {
		value = binary.BigEndian.AppendUint64(value, n)
	}
	return tx.Bucket(bucketSelf).Put(keyBounds, sealRow(bucketSelf, keyBounds, value))
}

func (b *bounds) get(tx *bbolt.Tx) error {
	value, err := openRow(bucketSelf, keyBounds, tx.Bucket(bucketSelf).Get(keyBounds))
	if err == nil && len(value) != 24 {
		err = fmt.Errorf("%d bytes", len(value))
	}
	if err != nil {
		return fmt.Errorf("bounds of the log: %w", err)
	}
	b.first, b.last, b.commit = binary.BigEndian.Uint64(value), binary.BigEndian.Uint64(value[8:]), binary.BigEndian.Uint64(value[16:])
	return nil
}
