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
	damaged  bool
	data     []byte
	attrs    []wire.Pair
	rows     []wire.Pair
	offset   uint64
	next     part
	last     bool
	size     uint64
	modified osdmap.UnixMilli
}

// readPart reads one part: attributes with the first, then data, then the omap. It runs beside the core.
func readPart(r store.Reader, k store.Key, need wire.PGVersion, at part, max int) *partRead {
	got := &partRead{offset: at.offset}
	data, info, err := r.Read(nil, k, at.offset, uint64(max))
	if err == nil && wire.PGVersion(info.Version) != need || errors.Is(err, store.ErrNotFound) {
		got.absent = true
		return got
	}
	if err == nil && at.number == 0 {
		var attrs []store.Attr
		attrs, _, err = r.Attrs(k)
		for _, a := range attrs {
			got.attrs = append(got.attrs, wire.Pair{Name: a.Name, Value: a.Value})
		}
	}
	got.data, got.size, got.modified = data, info.Size, info.Modified
	got.next = part{number: at.number + 1, offset: at.offset + uint64(len(data)), row: at.row}
	if err == nil && got.next.offset >= info.Size {
		var rows []store.Row
		var more bool
		rows, more, err = r.Omap(k, at.row, "", 0)
		for _, row := range rows {
			got.rows = append(got.rows, wire.Pair{Name: row.Key, Value: row.Value})
			got.next.row = store.AfterRow(row.Key)
		}
		got.last = !more
	}
	if err != nil {
		*got = partRead{damaged: true} // or the store is dead, which ends this run anyway
	}
	return got
}

func (g *partRead) fill(p *wire.PGPush) {
	p.Offset, p.Attrs, p.Rows, p.Last = g.offset, g.attrs, g.rows, g.last
	p.Size, p.Modified, p.NextRow = g.size, g.modified, g.next.row
}

// addPart writes a part. Until the last one is there the object is of no use, and missing.
func addPart(t *store.Txn, k store.Key, p *wire.PGPush, bulk []byte) {
	if p.Part == 0 {
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
