package disk

import (
	"bytes"
	"maps"
	"slices"

	"go.etcd.io/bbolt"

	"zeph/pkg/store"
)

// object is one object in a batch: what is stored, and what the batch made of it.
type object struct {
	key    store.Key
	row    []byte // the key as bytes
	seed   uint64 // of its blocks' hashes
	there  bool
	broken bool // its row does not check: nothing is known of it
	dirty  bool
	record record
	chunks map[uint32]*chunk // those that were written
}

// loadObject reads an object's row.
func loadObject(tx *bbolt.Tx, k store.Key) *object {
	o := &object{key: k, row: objectKey(k)}
	o.seed = objectSeed(o.row)
	value := tx.Bucket(bucketObjects).Get(o.row)
	if value == nil {
		return o
	}
	o.there = true
	payload, err := unsealed(bucketObjects, o.row, value)
	if err == nil {
		o.record, err = decodeRecord(payload)
	}
	o.broken = err != nil
	return o
}

// chunk is a chunk to write into.
func (o *object) chunk(tx *bbolt.Tx, n uint32) *chunk {
	if c, ok := o.chunks[n]; ok {
		return c
	}
	if o.chunks == nil {
		o.chunks = make(map[uint32]*chunk)
	}
	c := new(chunk)
	if o.record.chunks.has(n) {
		c = o.stored(tx, n)
	}
	o.chunks[n] = c
	o.record.chunks = o.record.chunks.with(n)
	return c
}

// stored reads a chunk.
func (o *object) stored(tx *bbolt.Tx, n uint32) *chunk {
	data, sums := o.rows(tx, n)
	return newChunk(o.seed, n, data, sums)
}

// rows are the stored data of a chunk, and the payload of its row of hashes, nil if that does not check.
func (o *object) rows(tx *bbolt.Tx, n uint32) (data, sums []byte) {
	key := chunkKey(o.row, n)
	sums, err := unsealed(bucketSums, key, tx.Bucket(bucketSums).Get(key))
	if err != nil {
		sums = nil
	}
	return tx.Bucket(bucketData).Get(key), sums
}

// write replaces n bytes from off on by data, or by zeros if that is nil.
func (o *object) write(tx *bbolt.Tx, off uint64, data []byte, n uint64) {
	for n > 0 {
		at := int(off % chunkSize)
		step := min(n, uint64(chunkSize-at))
		var part []byte
		if data != nil {
			part, data = data[:step], data[step:]
		}
		c := o.whole(uint32(off/chunkSize), at, int(step))
		if c == nil {
			c = o.chunk(tx, uint32(off/chunkSize))
		}
		c.write(at, part, int(step))
		off, n = off+step, n-step
	}
	o.record.info.Size = max(o.record.info.Size, off)
}

// whole is an empty chunk in the place of one that a write replaces to the last byte: what it held
// need not be read. nil if some of it stays.
func (o *object) whole(n uint32, at, length int) *chunk {
	end := uint64(n)*chunkSize + uint64(at+length)
	if at > 0 || length < chunkSize && end < o.record.info.Size {
		return nil
	}
	c := new(chunk)
	if o.chunks == nil {
		o.chunks = make(map[uint32]*chunk)
	}
	o.chunks[n] = c
	o.record.chunks = o.record.chunks.with(n)
	return c
}

// zero makes a range read as zeros. Chunks wholly in it become holes.
func (o *object) zero(tx *bbolt.Tx, off, n uint64) error {
	size := o.record.info.Size
	if off >= size {
		return nil
	}
	end := off + min(n, size-off)
	for off < end {
		chunk := uint32(off / chunkSize)
		from := uint64(chunk) * chunkSize
		step := min(from+chunkSize, end) - off
		switch {
		case !o.record.chunks.has(chunk):
		case off == from && (step == chunkSize || off+step == size):
			if err := o.drop(tx, chunk); err != nil {
				return err
			}
		default:
			o.chunk(tx, chunk).write(int(off-from), nil, int(step))
		}
		off += step
	}
	return nil
}

// drop makes a hole of a chunk.
func (o *object) drop(tx *bbolt.Tx, n uint32) error {
	if !o.record.chunks.has(n) {
		return nil
	}
	delete(o.chunks, n)
	o.record.chunks = o.record.chunks.without(n)
	key := chunkKey(o.row, n)
	if err := tx.Bucket(bucketData).Delete(key); err != nil {
		return err
	}
	return tx.Bucket(bucketSums).Delete(key)
}

func (o *object) truncate(tx *bbolt.Tx, size uint64) error {
	if size < o.record.info.Size {
		first := uint32((size + chunkSize - 1) / chunkSize)
		for n := first; n < o.record.chunks.size(); n++ {
			if err := o.drop(tx, n); err != nil {
				return err
			}
		}
		if rest := int(size % chunkSize); rest > 0 && o.record.chunks.has(uint32(size/chunkSize)) {
			o.chunk(tx, uint32(size/chunkSize)).cut(rest)
		}
	}
	o.record.info.Size = size
	return nil
}

// remove takes all rows of the object, whether its record knows of them or not.
func (o *object) remove(tx *bbolt.Tx) error {
	for _, bucket := range [][]byte{bucketData, bucketSums, bucketOmap} {
		if _, err := deleteRange(tx.Bucket(bucket), o.row, after(o.row)); err != nil {
			return err
		}
	}
	o.there, o.broken, o.dirty = false, false, true
	o.record, o.chunks = record{}, nil
	return nil
}

// setOmap sets rows and counts those that are new.
func (o *object) setOmap(tx *bbolt.Tx, rows []store.Row) error {
	n, err := setRows(tx, bucketOmap, o.row, rows)
	o.record.info.OmapRows += n
	return err
}

func (o *object) deleteOmap(tx *bbolt.Tx, from, to string) error {
	n, err := deleteRows(tx, bucketOmap, o.row, from, to)
	o.record.info.OmapRows -= min(n, o.record.info.OmapRows)
	return err
}

// flush writes what the batch made of the object, chunks first.
func (o *object) flush(tx *bbolt.Tx) error {
	if !o.dirty {
		return nil
	}
	if !o.there {
		return tx.Bucket(bucketObjects).Delete(o.row)
	}
	for _, n := range slices.Sorted(maps.Keys(o.chunks)) {
		c := o.chunks[n]
		c.cut(int(min(chunkSize, o.record.info.Size-uint64(n)*chunkSize)))
		key := chunkKey(o.row, n)
		if err := tx.Bucket(bucketData).Put(key, c.data); err != nil {
			return err
		}
		if err := tx.Bucket(bucketSums).Put(key, sealed(bucketSums, key, c.sums(o.seed, n))); err != nil {
			return err
		}
	}
	return tx.Bucket(bucketObjects).Put(o.row, sealed(bucketObjects, o.row, o.record.encode()))
}

// setRows sets sealed rows of an owner, and counts those that are new.
func setRows(tx *bbolt.Tx, bucket, owner []byte, rows []store.Row) (added uint64, err error) {
	b := tx.Bucket(bucket)
	for _, r := range rows {
		key := rowKey(owner, r.Key)
		if b.Get(key) == nil {
			added++
		}
		if err := b.Put(key, sealed(bucket, key, r.Value)); err != nil {
			return added, err
		}
	}
	return added, nil
}

// deleteRows deletes rows of an owner, and counts them.
func deleteRows(tx *bbolt.Tx, bucket, owner []byte, from, to string) (uint64, error) {
	end := after(owner)
	if to != "" {
		end = rowKey(owner, to)
	}
	return deleteRange(tx.Bucket(bucket), rowKey(owner, from), end)
}

// deleteRange deletes the rows from a key on and before another, and counts them. It gathers
// keys first: a cursor does not like its rows to go.
func deleteRange(b *bbolt.Bucket, from, to []byte) (n uint64, err error) {
	var keys [][]byte
	for {
		keys = keys[:0]
		c := b.Cursor()
		for k, _ := c.Seek(from); k != nil && len(keys) < 1000 && bytes.Compare(k, to) < 0; k, _ = c.Next() {
			keys = append(keys, bytes.Clone(k))
		}
		for _, k := range keys {
			if err := b.Delete(k); err != nil {
				return n, err
			}
		}
		n += uint64(len(keys))
		if len(keys) < 1000 {
			return n, nil
		}
	}
}
