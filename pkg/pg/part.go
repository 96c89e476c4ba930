package pg

import (
	"errors"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// partRead is a part of an object, as read from a store that has it at a version.
type partRead struct {
	absent   bool // not at that version
	damaged  bool // nothing of the part checks
	short    bool // what comes after it is damaged
	data     []byte
	attrs    []wire.Pair
	rows     []wire.Pair
	offset   uint64
	next     part
	last     bool
	size     uint64
	modified osdmap.UnixMilli
}

// readPart reads one part: attributes with the first, then data, then the omap. It runs beside the core. A part ends
// where damage begins, and after whole blocks: copies that are damaged in different places make a whole one together, and
// what is written over damaged blocks covers them (see store, Damage).
func readPart(r store.Reader, k store.Key, need wire.PGVersion, at part, max int) *partRead {
	got := &partRead{offset: at.offset, next: part{at.number + 1, at.offset, at.row}}
	var info store.Info
	var err error
	if at.number == 0 {
		var attrs []store.Attr
		attrs, info, err = r.Attrs(k)
		for _, a := range attrs {
			got.attrs = append(got.attrs, wire.Pair{Name: a.Name, Value: a.Value})
		}
		if got.is(info, err, need); got.absent || got.damaged {
			return got
		}
	}
	first := at.number == 0
	got.data, info, err = readData(r, k, at.offset, wholeBlocks(at.offset, max))
	if err != nil && first && isCorrupt(err) {
		got.short = true // the attributes alone
		return got
	}
	if got.is(info, err, need); got.absent || got.damaged {
		return got
	}
	got.next.offset += uint64(len(got.data))
	if got.next.offset < info.Size {
		got.short = got.next.offset < at.offset+wholeBlocks(at.offset, max)
		return got
	}
	rows, more, err := readRows(r, k, at.row)
	switch {
	case err == nil:
	case len(got.data) > 0 || first:
		got.short = true // all but rows
		return got
	default:
		got.damaged = true // or the store is dead, which ends this run anyway
		return got
	}
	for _, row := range rows {
		got.rows = append(got.rows, wire.Pair{Name: row.Key, Value: row.Value})
		got.next.row = store.AfterRow(row.Key)
	}
	got.last = !more
	return got
}

// is notes what a look at the object has shown.
func (g *partRead) is(info store.Info, err error, need wire.PGVersion) {
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && wire.PGVersion(info.Version) != need:
		*g = partRead{absent: true}
	case err != nil:
		*g = partRead{damaged: true} // or the store is dead, which ends this run anyway
	default:
		g.size, g.modified = info.Size, info.Modified
	}
}

func isCorrupt(err error) bool {
	var damage *store.CorruptError
	return errors.As(err, &damage)
}

// wholeBlocks is about how many bytes to read from an offset on, so that they end with a block.
func wholeBlocks(off uint64, max int) uint64 {
	end := (off + uint64(max)) / store.BlockSize * store.BlockSize
	if end <= off {
		end = off/store.BlockSize*store.BlockSize + store.BlockSize
	}
	return end - off
}

// readData reads up to where damage begins.
func readData(r store.Reader, k store.Key, off, n uint64) ([]byte, store.Info, error) {
	data, info, err := r.Read(nil, k, off, n)
	var damage *store.CorruptError
	if errors.As(err, &damage) && damage.Part == store.PartData && damage.Off > off {
		return r.Read(nil, k, off, damage.Off-off)
	}
	return data, info, err
}

// readRows reads a page of rows; where one of it is damaged, those before it.
func readRows(r store.Reader, k store.Key, from string) ([]store.Row, bool, error) {
	rows, more, err := r.Omap(k, from, "", 0)
	if !isCorrupt(err) {
		return rows, more, err
	}
	for rows = nil; len(rows) < fewRows; {
		one, more, err := r.Omap(k, from, "", 1)
		if err != nil && len(rows) == 0 {
			return nil, false, err
		}
		if err != nil {
			break
		}
		rows = append(rows, one...)
		if !more {
			return rows, false, nil
		}
		from = store.AfterRow(one[0].Key)
	}
	return rows, true, nil
}

// fewRows is how many are read one by one.
const fewRows = 64

func (g *partRead) fill(p *wire.PGPush) {
	p.Offset, p.Attrs, p.Rows, p.Last = g.offset, g.attrs, g.rows, g.last
	p.Size, p.Modified, p.NextRow = g.size, g.modified, g.next.row
}

// addPart writes a part: of a new object, or over one that is damaged and at the same version. Until the last one is
// there the object is of no use, and missing.
func addPart(t *store.Txn, k store.Key, p *wire.PGPush, bulk []byte, over bool) {
	if p.Part == 0 && !over {
		t.Remove(k)
		t.Touch(k)
		for _, a := range p.Attrs {
			t.SetAttr(k, a.Name, a.Value)
		}
	}
	for off := 0; off < len(bulk); off += store.MaxWrite {
		t.Write(k, p.Offset+uint64(off), bulk[off:min(off+store.MaxWrite, len(bulk))])
	}
	if len(p.Rows) > 0 {
		rows := make([]store.Row, len(p.Rows))
		for i, row := range p.Rows {
			rows[i] = store.Row{Key: row.Name, Value: row.Value}
		}
		t.SetOmap(k, rows...)
	}
	if p.Last {
		t.SetVersion(k, store.Version(p.Version), p.Modified)
	}
}
