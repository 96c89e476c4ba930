package osd

import (
	"errors"
	"fmt"
	"math/bits"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// What an OSD keeps for itself stands in pool 0 of its store:
//
//	super        who it is, the gids it may be known by, which maps it has
//	map  N       the whole map of epoch N, the oldest one
//	change N     what made epoch N of the one before, for each later epoch
//
// The hash of their keys makes the store list the changes by ascending epoch.

// superblock says whose the store is.
type superblock struct {
	FSID   osdmap.UUID  `cbor:"1,keyasint"`
	ID     osdmap.OSDID `cbor:"2,keyasint"`
	Store  osdmap.UUID  `cbor:"3,keyasint"`
	GIDs   []wire.GID   `cbor:"4,keyasint,omitempty"` // noted before they were announced; none older than the last one seen in a map
	Base   osdmap.Epoch `cbor:"5,keyasint,omitzero"`  // of the whole map
	Newest osdmap.Epoch `cbor:"6,keyasint,omitzero"`
}

var superKey = store.Key{Name: "super"}

func wholeKey(e osdmap.Epoch) store.Key  { return epochKey("map", e) }
func changeKey(e osdmap.Epoch) store.Key { return epochKey("change", e) }

func epochKey(kind string, e osdmap.Epoch) store.Key {
	return store.Key{Hash: bits.Reverse32(uint32(e)), Namespace: kind, Name: fmt.Sprint(e)}
}

// Mkfs makes an empty store that of an OSD. The store must be durable with it before the OSD starts.
func Mkfs(fsid osdmap.UUID, id osdmap.OSDID, uuid osdmap.UUID) *store.Txn {
	t := new(store.Txn)
	(&superblock{FSID: fsid, ID: id, Store: uuid}).put(t)
	return t
}

const superVersion = 1

func (s *superblock) put(t *store.Txn) {
	t.WriteFull(superKey, wire.AppendBody([]byte{superVersion}, s))
}

// putBytes writes an object of any size; one operation takes but so much.
func putBytes(t *store.Txn, k store.Key, b []byte) {
	first := min(len(b), store.MaxWrite)
	t.WriteFull(k, b[:first])
	for off := first; off < len(b); off += store.MaxWrite {
		t.Write(k, uint64(off), b[off:min(off+store.MaxWrite, len(b))])
	}
}

func readSuper(r store.Reader) (superblock, error) {
	b, err := readAll(r, superKey)
	if errors.Is(err, store.ErrNotFound) {
		return superblock{}, errors.New("the store belongs to no osd: make it one with mkfs")
	}
	if err != nil {
		return superblock{}, fmt.Errorf("read superblock: %w", err)
	}
	if len(b) == 0 || b[0] != superVersion {
		return superblock{}, errors.New("superblock: of a version that this release does not know")
	}
	var s superblock
	if err := wire.ParseBody(b[1:], &s, true); err != nil {
		return superblock{}, fmt.Errorf("superblock: %w", err)
	}
	return s, nil
}

func readAll(r store.Reader, k store.Key) ([]byte, error) {
	var b []byte
	for {
		var info store.Info
		var err error
		if b, info, err = r.Read(b, k, uint64(len(b)), store.MaxWrite); err != nil {
			return nil, err
		}
		if uint64(len(b)) >= info.Size {
			return b, nil
		}
	}
}
