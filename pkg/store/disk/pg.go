package disk

import (
	"bytes"
	"slices"

	"go.etcd.io/bbolt"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// pgState is a PG in a batch.
type pgState struct {
	pgRecord
	gone    bool // removed by the batch
	dirty   bool
	recount bool // what it counts must be counted anew before it is written
}

// loadPGs reads all PGs. One whose row does not check still has its span, from the key, and its
// log's head.
func loadPGs(tx *bbolt.Tx) (map[osdmap.PGID]*pgRecord, error) {
	pgs := make(map[osdmap.PGID]*pgRecord)
	return pgs, tx.Bucket(bucketPGs).ForEach(func(k, v []byte) error {
		span, err := parseSpan(k)
		if err != nil {
			return nil // fsck tells of it
		}
		p := parsePG(span, k, v)
		if p.broken {
			p.state.Head = lastVersion(tx, span.PG)
		}
		pgs[span.PG] = p
		return nil
	})
}

func parsePG(span store.Span, key, value []byte) *pgRecord {
	payload, err := unsealed(bucketPGs, key, value)
	p := new(pgRecord)
	if err == nil {
		p.state, err = decodePG(payload)
	}
	if err != nil {
		p = &pgRecord{broken: true}
	}
	p.state.Span = span
	return p
}

// lastVersion is that of the newest entry of a log.
func lastVersion(tx *bbolt.Tx, id osdmap.PGID) store.Version {
	prefix := pgKey(id)
	c := tx.Bucket(bucketLog).Cursor()
	k, _ := seekBefore(c, after(prefix))
	if !bytes.HasPrefix(k, prefix) {
		return store.Version{}
	}
	v, _ := parseVersion(k[len(prefix):])
	return v
}

// seekBefore moves to the last row before a key.
func seekBefore(c *bbolt.Cursor, key []byte) (k, v []byte) {
	if k, _ := c.Seek(key); k == nil {
		return c.Last()
	}
	return c.Prev()
}

// pg is a PG as the batch has it; nil: there is none.
func (b *batch) pg(id osdmap.PGID) *pgState {
	p, ok := b.pgs[id]
	if !ok {
		old, there := b.known[id]
		if !there {
			return nil
		}
		p = &pgState{pgRecord: *old}
		b.pgs[id] = p
	}
	if p.gone {
		return nil
	}
	return p
}

// owner is the PG of an object; nil: it has none.
func (b *batch) owner(k store.Key) *pgState {
	for id, p := range b.pgs {
		if !p.gone && p.state.Span.Has(k) {
			return b.pg(id)
		}
	}
	for id, p := range b.known {
		if p.state.Span.Has(k) {
			return b.pg(id)
		}
	}
	return nil
}

func (b *batch) applyPG(op *store.Op) error {
	if op.Kind == store.OpMakePG {
		if b.pg(op.PG) == nil {
			b.pgs[op.PG] = &pgState{dirty: true}
			b.pgs[op.PG].state.Span = store.SpanOf(op.PG, op.Count)
		}
		return nil
	}
	p := b.pg(op.PG)
	p.dirty = true
	switch op.Kind {
	case store.OpSetInfo:
		p.state.Info = slices.Clone(op.Data)
		p.recount = p.recount || p.broken
		p.broken = false
	case store.OpAppendLog:
		return b.appendLog(p, op.Entries)
	case store.OpTrimLog:
		return b.cutLog(p, store.Version{}, op.Version)
	case store.OpRewindLog:
		if p.state.Head.Compare(op.Version) > 0 {
			p.state.Head = op.Version
		}
		return b.cutLog(p, op.Version, store.LastVersion)
	case store.OpSetRows:
		_, err := setRows(b.tx, bucketRows, pgKey(op.PG), op.Rows)
		return err
	case store.OpDeleteRows:
		_, err := deleteRows(b.tx, bucketRows, pgKey(op.PG), op.From, op.To)
		return err
	case store.OpRemovePG:
		return b.removePG(p, int(op.Count))
	}
	return nil
}

func (b *batch) appendLog(p *pgState, entries []store.LogEntry) error {
	log := b.tx.Bucket(bucketLog)
	for _, e := range entries {
		key := logKey(p.state.Span.PG, e.Version)
		if err := log.Put(key, sealed(bucketLog, key, e.Entry)); err != nil {
			return err
		}
		p.state.Head = e.Version
	}
	p.state.Stats.LogEntries += uint64(len(entries))
	return nil
}

// cutLog removes the entries after one version, up to another.
func (b *batch) cutLog(p *pgState, from, to store.Version) error {
	id := p.state.Span.PG
	n, err := deleteRange(b.tx.Bucket(bucketLog), append(logKey(id, from), 0), append(logKey(id, to), 0))
	p.state.Stats.LogEntries -= min(n, p.state.Stats.LogEntries)
	return err
}

// removePG removes a slice of the PG's objects, and with the last of them the PG.
func (b *batch) removePG(p *pgState, count int) error {
	if err := b.flushObjects(); err != nil {
		return err
	}
	first, end := p.state.Span.Bounds()
	to := objectBound(end)
	var keys []store.Key
	c := b.tx.Bucket(bucketObjects).Cursor()
	k, _ := c.Seek(objectBound(first))
	for ; k != nil && bytes.Compare(k, to) < 0 && len(keys) < count; k, _ = c.Next() {
		if key, _, err := splitObject(k); err == nil {
			keys = append(keys, key)
		}
	}
	last := k == nil || bytes.Compare(k, to) >= 0
	for _, key := range keys {
		if err := b.applyObject(&store.Op{Kind: store.OpRemove, Key: key}); err != nil {
			return err
		}
	}
	if last {
		return b.dropPG(p)
	}
	return nil
}

// objectBound is where the objects from a key on begin in their bucket. A bound's name may be
// empty, and its pool one that nobody has.
func objectBound(k store.Key) []byte {
	if k.Pool < 0 {
		return nil
	}
	b := objectKey(k)
	if k.Namespace == "" && k.Name == "" {
		return b[:keyHead]
	}
	return b
}

func (b *batch) dropPG(p *pgState) error {
	p.gone = true
	prefix := pgKey(p.state.Span.PG)
	for _, bucket := range [][]byte{bucketLog, bucketRows} {
		if _, err := deleteRange(b.tx.Bucket(bucket), prefix, after(prefix)); err != nil {
			return err
		}
	}
	return b.tx.Bucket(bucketPGs).Delete(spanKey(p.state.Span))
}

// flush writes the PG's row. A broken one stays as it is: only a new info heals it.
func (p *pgState) flush(tx *bbolt.Tx) error {
	if !p.dirty || p.gone || p.broken {
		return nil
	}
	if p.recount {
		p.state.Stats = countPG(tx, p.state.Span)
		p.recount = false
	}
	key := spanKey(p.state.Span)
	return tx.Bucket(bucketPGs).Put(key, sealed(bucketPGs, key, p.encode()))
}

// countPG counts what a PG has. Objects whose row does not check count without their sizes.
func countPG(tx *bbolt.Tx, span store.Span) (s store.PGStats) {
	first, end := span.Bounds()
	to := objectBound(end)
	c := tx.Bucket(bucketObjects).Cursor()
	for k, v := c.Seek(objectBound(first)); k != nil && bytes.Compare(k, to) < 0; k, v = c.Next() {
		s.Objects++
		if payload, err := unsealed(bucketObjects, k, v); err == nil {
			r, _ := decodeRecord(payload)
			s.Bytes += r.info.Size
			s.OmapRows += r.info.OmapRows
		}
	}
	prefix := pgKey(span.PG)
	log := tx.Bucket(bucketLog).Cursor()
	for k, _ := log.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = log.Next() {
		s.LogEntries++
	}
	return s
}
