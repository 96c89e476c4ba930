package store

import "zeph/pkg/osdmap"

// Txn is a list of operations that happen in order, all or none. The zero one is empty and
// may be submitted: its outcome says that all before it is durable.
//
// The bytes given to its methods are not copied, and must not change until the outcome is told.
type Txn struct {
	Ops []Op
}

func (t *Txn) add(op Op) { t.Ops = append(t.Ops, op) }

// Touch makes an empty object unless there is one.
func (t *Txn) Touch(k Key) { t.add(Op{Kind: OpTouch, Key: k}) }

// Write writes data at off; what it leaves between the object's end and off reads as zeros.
func (t *Txn) Write(k Key, off uint64, data []byte) {
	t.add(Op{Kind: OpWrite, Key: k, Off: off, Data: data})
}

// WriteFull replaces all data of the object. Attributes and omap stay.
func (t *Txn) WriteFull(k Key, data []byte) { t.add(Op{Kind: OpWriteFull, Key: k, Data: data}) }

// Zero makes n bytes from off on read as zeros. The object does not grow by it.
func (t *Txn) Zero(k Key, off, n uint64) { t.add(Op{Kind: OpZero, Key: k, Off: off, Len: n}) }

// Truncate cuts the object's data to size bytes, or fills it up to there with zeros.
func (t *Txn) Truncate(k Key, size uint64) { t.add(Op{Kind: OpTruncate, Key: k, Len: size}) }

// Remove removes the object with its attributes and omap.
func (t *Txn) Remove(k Key) { t.add(Op{Kind: OpRemove, Key: k}) }

// SetAttr sets an attribute of the object.
func (t *Txn) SetAttr(k Key, name string, value []byte) {
	t.add(Op{Kind: OpSetAttr, Key: k, Name: name, Data: value})
}

// RemoveAttr removes an attribute of the object.
func (t *Txn) RemoveAttr(k Key, name string) { t.add(Op{Kind: OpRemoveAttr, Key: k, Name: name}) }

// SetOmap sets rows of the object's omap; they are in order of their keys.
func (t *Txn) SetOmap(k Key, rows ...Row) { t.add(Op{Kind: OpSetOmap, Key: k, Rows: rows}) }

// DeleteOmap deletes the rows of the object's omap from a key on and before another; to ""
// is the end. DeleteOmap(k, key, AfterRow(key)) deletes one row, DeleteOmap(k, "", "") all.
func (t *Txn) DeleteOmap(k Key, from, to string) {
	t.add(Op{Kind: OpDeleteOmap, Key: k, From: from, To: to})
}

// SetVersion notes the version of the object's last write, and when it was ordered.
func (t *Txn) SetVersion(k Key, v Version, modified osdmap.UnixMilli) {
	t.add(Op{Kind: OpSetVersion, Key: k, Version: v, Modified: modified})
}

// MakePG makes an empty PG of a pool that has pgNum of them. Objects of a pool need one. To
// make it again the same way does nothing; to make another that overlaps it is a conflict.
func (t *Txn) MakePG(pg osdmap.PGID, pgNum uint32) {
	t.add(Op{Kind: OpMakePG, PG: pg, Count: pgNum})
}

// SetInfo replaces the PG's info.
func (t *Txn) SetInfo(pg osdmap.PGID, info []byte) { t.add(Op{Kind: OpSetInfo, PG: pg, Data: info}) }

// AppendLog adds entries to the PG's log. They are in order, and newer than the log's head.
func (t *Txn) AppendLog(pg osdmap.PGID, entries ...LogEntry) {
	t.add(Op{Kind: OpAppendLog, PG: pg, Entries: entries})
}

// TrimLog removes the entries of the PG's log up to and with a version.
func (t *Txn) TrimLog(pg osdmap.PGID, to Version) {
	t.add(Op{Kind: OpTrimLog, PG: pg, Version: to})
}

// RewindLog removes the entries of the PG's log that are newer than a version, so that others
// can take their place; the zero version empties it.
func (t *Txn) RewindLog(pg osdmap.PGID, to Version) {
	t.add(Op{Kind: OpRewindLog, PG: pg, Version: to})
}

// SetRows sets rows of the PG's own; they are in order of their keys.
func (t *Txn) SetRows(pg osdmap.PGID, rows ...Row) { t.add(Op{Kind: OpSetRows, PG: pg, Rows: rows}) }

// DeleteRows deletes rows of the PG's own, as DeleteOmap does those of an object.
func (t *Txn) DeleteRows(pg osdmap.PGID, from, to string) {
	t.add(Op{Kind: OpDeleteRows, PG: pg, From: from, To: to})
}

// RemovePG removes the PG's first n objects, and when none is left its log, rows and info, and the PG.
// So a large PG goes in slices: submit until PG says ErrNotFound. It must be the only
// operation of its transaction.
func (t *Txn) RemovePG(pg osdmap.PGID, n uint32) {
	t.add(Op{Kind: OpRemovePG, PG: pg, Count: n})
}

// overhead is what an operation, row or entry is taken to hold beside its bytes.
const overhead = 64

// Bytes is about how much memory the transaction holds.
func (t *Txn) Bytes() uint64 {
	var sum uint64
	for i := range t.Ops {
		op := &t.Ops[i]
		sum += 4*overhead + uint64(len(op.Data)+len(op.Key.Name)+len(op.Key.Namespace)+len(op.Name)+len(op.From)+len(op.To))
		for _, row := range op.Rows {
			sum += overhead + uint64(len(row.Key)+len(row.Value))
		}
		for _, e := range op.Entries {
			sum += overhead + uint64(len(e.Entry))
		}
	}
	return sum
}

// Growth is by how much at most the transaction makes objects larger, in bytes. It is 0 for
// what a full store still takes: removals, logs, infos, rows of PGs, and what a core keeps for itself:
// an OSD that could not store a map could not become less full either.
func (t *Txn) Growth() uint64 {
	var sum uint64
	for i := range t.Ops {
		op := &t.Ops[i]
		if op.Kind.OnObject() && op.Key.Pool == 0 {
			continue
		}
		switch op.Kind {
		case OpTouch, OpWrite, OpWriteFull, OpSetAttr, OpSetOmap:
			sum += overhead + uint64(len(op.Key.Name)+len(op.Key.Namespace)+len(op.Name)+len(op.Data))
			for _, row := range op.Rows {
				sum += overhead + uint64(len(row.Key)+len(row.Value))
			}
		}
	}
	return sum
}
