package mem

import (
	"slices"

	"zeph/pkg/store"
)

// object is one object. Reads copy out of it, writes into it.
type object struct {
	key    store.Key
	info   store.Info // Size and OmapRows are worked out when asked for
	data   []byte
	attrs  []store.Attr
	omap   []store.Row
	bad    []uint64 // numbers of damaged blocks, in order
	rows   rotten   // of the omap
	broken bool     // the record is damaged
}

func (o *object) size() uint64 { return uint64(len(o.data)) }

func (o *object) stat() store.Info {
	info := o.info
	info.Size, info.OmapRows = o.size(), uint64(len(o.omap))
	return info
}

// cost is what the object counts for in the space used.
func (o *object) cost() uint64 {
	sum := 128 + len(o.key.Name) + len(o.key.Namespace) + len(o.data)
	for _, a := range o.attrs {
		sum += len(a.Name) + len(a.Value)
	}
	for _, r := range o.omap {
		sum += len(r.Key) + len(r.Value)
	}
	return uint64(sum)
}

func (o *object) write(off uint64, data []byte) {
	if len(data) == 0 {
		return
	}
	end := off + uint64(len(data))
	o.heal(off, end)
	if end > o.size() {
		o.truncate(end)
	}
	copy(o.data[off:], data)
}

func (o *object) truncate(size uint64) {
	if size <= o.size() {
		clear(o.data[size:]) // what is grown into again later must be zeros
		o.data = o.data[:size]
		blocks := (size + store.BlockSize - 1) / store.BlockSize
		at, _ := slices.BinarySearch(o.bad, blocks)
		o.bad = o.bad[:at]
		return
	}
	o.data = slices.Grow(o.data, int(size)-len(o.data))[:size]
}

func (o *object) zero(off, n uint64) {
	if off >= o.size() {
		return
	}
	end := off + min(n, o.size()-off)
	o.heal(off, end)
	clear(o.data[off:end])
}

// heal forgets damage of the blocks that are replaced to the last byte.
func (o *object) heal(off, end uint64) {
	o.bad = slices.DeleteFunc(o.bad, func(b uint64) bool {
		from := b * store.BlockSize
		return off <= from && end >= min(from+store.BlockSize, o.size())
	})
}

// corrupt is the first run of damaged blocks in a range, nil if there is none.
func (o *object) corrupt(off, end uint64) *store.CorruptError {
	at, _ := slices.BinarySearch(o.bad, off/store.BlockSize)
	if off >= end || at == len(o.bad) || o.bad[at]*store.BlockSize >= end {
		return nil
	}
	from, to := o.bad[at], o.bad[at]
	for _, b := range o.bad[at:] {
		if b > to+1 || b*store.BlockSize >= end {
			break
		}
		to = b
	}
	e := &store.CorruptError{Part: store.PartData, Key: o.key, Off: from * store.BlockSize, Why: "made so"}
	e.Len = min((to+1)*store.BlockSize, o.size()) - e.Off
	return e
}

func (o *object) brokenError() *store.CorruptError {
	return &store.CorruptError{Part: store.PartObject, Key: o.key, Why: "made so"}
}
