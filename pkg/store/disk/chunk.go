package disk

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"zeph/pkg/store"
)

// Data is kept in chunks. A small one makes small overwrites cheap: each writes its chunk
// anew, and bbolt the page around it.
const (
	chunkSize      = 16 << 10
	blocksPerChunk = chunkSize / store.BlockSize
)

// chunk is a chunk in memory. Behind its data it reads as zeros, up to chunkSize.
type chunk struct {
	data []byte
	bad  [blocksPerChunk]bool // did not check, and were not wholly replaced since
}

// blockHash is what is kept of a block: of its bytes, turned by where they belong, so that a
// block in another's place does not check. The hash of the bytes itself is unseeded: whoever else
// holds the same bytes can compare.
func blockHash(object uint64, block uint64, data []byte) uint64 {
	return xxhash.Sum64(data) ^ mix(object+mix(block+1))
}

// mix spreads every bit of a number over all of them (the end of splitmix64).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// objectSeed is what the hashes of an object's blocks are turned by.
func objectSeed(object []byte) uint64 { return xxhash.Sum64(object) }

// sums is the payload of the chunk's row of hashes: its length, then a hash for each block. That of
// a bad block is wrong on purpose, so that it stays bad.
func (c *chunk) sums(seed uint64, n uint32) []byte {
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, 4+8*blocksPerChunk), uint32(len(c.data)))
	for i := 0; i*store.BlockSize < len(c.data); i++ {
		h := blockHash(seed, uint64(n)*blocksPerChunk+uint64(i), c.block(i))
		if c.bad[i] {
			h = ^h
		}
		b = binary.LittleEndian.AppendUint64(b, h)
	}
	return b
}

// block is what the chunk holds of its i-th block.
func (c *chunk) block(i int) []byte {
	from := i * store.BlockSize
	return c.data[min(from, len(c.data)):min(from+store.BlockSize, len(c.data))]
}

// sumsLength is the length of data that a row of hashes was written for, -1 if it makes no sense.
func sumsLength(sums []byte) int {
	if len(sums) < 4 {
		return -1
	}
	n := int(binary.LittleEndian.Uint32(sums))
	if blocks := (n + store.BlockSize - 1) / store.BlockSize; n > chunkSize || len(sums) != 4+8*blocks {
		return -1
	}
	return n
}

// checks reports whether block i of data is the one that the hashes were written for.
func checks(seed uint64, n uint32, i int, data, sums []byte) bool {
	length := sumsLength(sums)
	from := i * store.BlockSize
	if from >= length {
		return true // there is nothing of it
	}
	to := min(from+store.BlockSize, length)
	if to > len(data) || i == (length-1)/store.BlockSize && len(data) != length {
		return false
	}
	want := binary.LittleEndian.Uint64(sums[4+8*i:])
	return blockHash(seed, uint64(n)*blocksPerChunk+uint64(i), data[from:to]) == want
}

// newChunk makes a chunk of what is stored. sums are nil when they are lost: then nothing is right.
func newChunk(seed uint64, n uint32, data, sums []byte) *chunk {
	c := new(chunk)
	length := sumsLength(sums)
	if length < 0 {
		c.data = append(make([]byte, 0, chunkSize), data[:min(len(data), chunkSize)]...)
		c.grow(chunkSize) // as long as it may have been; the object's size cuts it
		for i := range c.bad {
			c.bad[i] = true
		}
		return c
	}
	for i := range c.bad {
		c.bad[i] = !checks(seed, n, i, data, sums)
	}
	c.data = append(make([]byte, 0, chunkSize), data[:min(len(data), length)]...)
	c.grow(length)
	return c
}

// grow fills the data up to a length with zeros.
func (c *chunk) grow(length int) {
	if length > len(c.data) {
		c.data = append(c.data, make([]byte, length-len(c.data))...)
	}
}

// write replaces bytes from off on; data nil: n zeros.
func (c *chunk) write(off int, data []byte, n int) {
	c.heal(off, off+n)
	c.grow(off + n)
	if data == nil {
		clear(c.data[off : off+n])
	} else {
		copy(c.data[off:], data)
	}
}

// heal forgets that blocks are bad which are replaced to the last byte they have.
func (c *chunk) heal(off, end int) {
	for i := range c.bad {
		from := i * store.BlockSize
		to := min(from+store.BlockSize, max(len(c.data), from+1))
		if off <= from && end >= to {
			c.bad[i] = false
		}
	}
}

// cut removes what lies behind a length.
func (c *chunk) cut(length int) {
	c.data = c.data[:min(length, len(c.data))]
	for i := range c.bad {
		if i*store.BlockSize >= length {
			c.bad[i] = false
		}
	}
}
