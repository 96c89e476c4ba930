// Package boltmeta says whether a bbolt file opens as its last commit left it.
//
// A bbolt file has two meta pages, and commits write them in turn:
//
//	page 0  header 16 bytes, meta 64 bytes: where the tree of an even commit begins, and a checksum
//	page 1  the same of an odd commit
//
// Whoever opens the file takes the newer one of those that check. One that does not is passed over in silence, which is
// right for a commit that a crash cut off: nobody was told of it. But one that rots after its commit was told of is passed
// over, too, and then the file is what it was one commit before. Both lie within the first sector of their page, which
// disks write whole or not at all; so a crash leaves no meta page that does not check, and one that does not is damage.
package boltmeta

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// ErrDamaged: the last commit may be lost.
var ErrDamaged = errors.New("a meta page does not check: the last commit may be lost")

// Of bbolt's format, which is the machine's own order of bytes.
const (
	header  = 16
	size    = 64
	summed  = 56 // bytes, and then their FNV-1a
	magic   = 0xED0CDAED
	version = 2
)

// Check looks at the meta pages of a file that nobody has open.
func Check(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	pageSize, err := check(f, 0)
	if err == nil {
		_, err = check(f, int64(pageSize))
	}
	return err
}

// check looks at one, and gives the size of pages that it names.
func check(f io.ReaderAt, page int64) (pageSize uint32, err error) {
	var m [size]byte
	if _, err := f.ReadAt(m[:], page+header); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	sum := fnv.New64a()
	sum.Write(m[:summed])
	order := binary.NativeEndian
	if order.Uint32(m[0:]) != magic || order.Uint32(m[4:]) != version || order.Uint64(m[summed:]) != sum.Sum64() {
		return 0, fmt.Errorf("%w (at byte %d)", ErrDamaged, page)
	}
	return order.Uint32(m[8:]), nil
}
