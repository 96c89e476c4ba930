package disk

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// Fsck walks every bucket. What it reads is one commit: the pages that others free meanwhile
// are used again only when it has ended, and until then the file grows.
func (s *Store) Fsck(ctx context.Context, depth store.Depth, report func(store.Finding)) error {
	var found []store.Finding
	err := s.view(func(tx *bbolt.Tx) error {
		f := &fsck{ctx: ctx, tx: tx, deep: depth == store.Deep, pgs: make(map[osdmap.PGID]*fsckPG)}
		defer func() { found = f.found }()
		for _, walk := range []func() error{f.readPGs, f.readObjects, f.readChunks, f.readOmaps, f.readLogs, f.readRows, f.comparePGs} {
			if err := walk(); err != nil {
				return err
			}
		}
		return nil
	})
	for _, one := range found {
		report(one)
	}
	return err
}

// fsck is one walk over a store.
type fsck struct {
	ctx   context.Context
	tx    *bbolt.Tx
	deep  bool
	pgs   map[osdmap.PGID]*fsckPG
	found []store.Finding
}

// fsckPG is a PG as its row says, and as is counted.
type fsckPG struct {
	pgRecord
	counted store.PGStats
	unsure  bool // an object or the row itself does not check
	last    store.Version
}

// mostFound is when fsck stops to gather: a store with more needs no list.
const mostFound = 10_000

func (f *fsck) add(finding store.Finding, format string, args ...any) {
	finding.Text = fmt.Sprintf(format, args...)
	if len(f.found) < mostFound {
		f.found = append(f.found, finding)
	}
}

// each walks the rows of a bucket until the context ends.
func (f *fsck) each(bucket []byte, visit func(k, v []byte)) error {
	n := 0
	return f.tx.Bucket(bucket).ForEach(func(k, v []byte) error {
		visit(k, v)
		if n++; n%1024 == 0 {
			return f.ctx.Err()
		}
		return nil
	})
}

func (f *fsck) readPGs() error {
	return f.each(bucketPGs, func(k, v []byte) {
		span, err := parseSpan(k)
		if err != nil {
			f.add(store.Finding{Part: store.PartIndex}, "bucket %s: %x: %v", bucketPGs, k, err)
			return
		}
		p := &fsckPG{pgRecord: *parsePG(span, k, v)}
		p.unsure = p.broken
		if p.broken {
			f.add(store.Finding{Part: store.PartPG, PG: span.PG}, "pg %v: %v", span.PG, errSeal)
		}
		for _, other := range f.pgs {
			if other.state.Span.Overlaps(span) {
				f.add(store.Finding{Part: store.PartPG, PG: span.PG}, "pg %v has hashes of pg %v", span.PG, other.state.Span.PG)
			}
		}
		f.pgs[span.PG] = p
	})
}

func (f *fsck) owner(k store.Key) *fsckPG {
	for _, p := range f.pgs {
		if p.state.Span.Has(k) {
			return p
		}
	}
	return nil
}

func (f *fsck) readObjects() error {
	return f.each(bucketObjects, func(k, _ []byte) {
		key, rest, err := splitObject(k)
		if err != nil || len(rest) > 0 {
			f.add(store.Finding{Part: store.PartIndex}, "bucket %s: %x: %v", bucketObjects, k, errKey)
			return
		}
		o, p := loadObject(f.tx, key), f.owner(key)
		if p == nil && key.Pool != 0 {
			f.add(store.Finding{Part: store.PartObject, Key: key}, "object %v belongs to no pg", key)
		}
		if o.broken {
			f.add(store.Finding{Part: store.PartObject, Key: key}, "object %v: %v", key, errSeal)
		} else {
			f.readObject(o)
		}
		if p != nil {
			p.unsure = p.unsure || o.broken
			p.counted.Objects++
			p.counted.Bytes += o.record.info.Size
			p.counted.OmapRows += o.record.info.OmapRows
		}
	})
}

// readObject looks at an object from its record's side.
func (f *fsck) readObject(o *object) {
	for n := range o.record.chunks.size() {
		if !o.record.chunks.has(n) {
			continue
		}
		data, sums := o.rows(f.tx, n)
		if e := f.chunkDamage(o, n, data, sums); e != nil {
			f.add(store.Finding{Part: store.PartData, Key: o.key}, "%v", e)
		}
	}
	rows := uint64(0)
	c := f.tx.Bucket(bucketOmap).Cursor()
	for k, _ := c.Seek(o.row); bytes.HasPrefix(k, o.row); k, _ = c.Next() {
		rows++
	}
	if rows != o.record.info.OmapRows {
		f.add(store.Finding{Part: store.PartOmap, Key: o.key}, "object %v: %d rows, its record says %d", o.key, rows, o.record.info.OmapRows)
	}
}

// chunkDamage says what is wrong with a chunk that should be there; nil: nothing.
func (f *fsck) chunkDamage(o *object, n uint32, data, sums []byte) error {
	start := uint64(n) * chunkSize
	switch length := sumsLength(sums); {
	case data == nil:
		return fmt.Errorf("object %v: chunk %d is missing", o.key, n)
	case length < 0:
		return fmt.Errorf("object %v: chunk %d: the hashes are missing or do not check", o.key, n)
	case start+uint64(length) > o.record.info.Size:
		return fmt.Errorf("object %v: chunk %d goes beyond its %d bytes", o.key, n, o.record.info.Size)
	case length != len(data):
		return fmt.Errorf("object %v: chunk %d has %d bytes, its hashes are of %d", o.key, n, len(data), length)
	}
	if !f.deep {
		return nil
	}
	if e := o.damage(n, 0, len(data), data, sums); e != nil {
		return e
	}
	return nil
}

// readChunks looks for rows that no object knows of.
func (f *fsck) readChunks() error {
	for _, bucket := range [][]byte{bucketData, bucketSums} {
		var owner *object
		err := f.each(bucket, func(k, _ []byte) {
			key, rest, err := splitObject(k)
			if err != nil || len(rest) != 4 {
				f.add(store.Finding{Part: store.PartIndex}, "bucket %s: %x: %v", bucket, k, errKey)
				return
			}
			if owner == nil || owner.key != key {
				owner = loadObject(f.tx, key)
			}
			n := uint32(rest[0])<<24 | uint32(rest[1])<<16 | uint32(rest[2])<<8 | uint32(rest[3])
			if !owner.broken && !owner.record.chunks.has(n) {
				f.add(store.Finding{Part: store.PartData, Key: key}, "object %v: bucket %s has a chunk %d that the object does not", key, bucket, n)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *fsck) readOmaps() error {
	var owner *object
	return f.each(bucketOmap, func(k, v []byte) {
		key, rest, err := splitObject(k)
		if err != nil {
			f.add(store.Finding{Part: store.PartIndex}, "bucket %s: %x: %v", bucketOmap, k, err)
			return
		}
		if owner == nil || owner.key != key {
			owner = loadObject(f.tx, key)
		}
		if !owner.there {
			f.add(store.Finding{Part: store.PartOmap, Key: key}, "object %v is not there, and has a row %q", key, rest)
		}
		if _, err := unsealed(bucketOmap, k, v); err != nil {
			f.add(store.Finding{Part: store.PartOmap, Key: key}, "object %v: row %q: %v", key, rest, err)
		}
	})
}

func (f *fsck) readLogs() error {
	return f.each(bucketLog, func(k, v []byte) {
		id, rest, err := splitPG(k)
		at, versionErr := parseVersion(rest)
		if err != nil || versionErr != nil {
			f.add(store.Finding{Part: store.PartIndex}, "bucket %s: %x: %v", bucketLog, k, errKey)
			return
		}
		if _, err := unsealed(bucketLog, k, v); err != nil {
			f.add(store.Finding{Part: store.PartLog, PG: id}, "pg %v: entry %v: %v", id, at, err)
		}
		if p := f.pgs[id]; p == nil {
			f.add(store.Finding{Part: store.PartLog, PG: id}, "pg %v is not there, and has an entry %v", id, at)
		} else {
			p.counted.LogEntries++
			p.last = at
		}
	})
}

func (f *fsck) readRows() error {
	return f.each(bucketRows, func(k, v []byte) {
		id, rest, err := splitPG(k)
		if err != nil {
			f.add(store.Finding{Part: store.PartIndex}, "bucket %s: %x: %v", bucketRows, k, err)
			return
		}
		if _, err := unsealed(bucketRows, k, v); err != nil {
			f.add(store.Finding{Part: store.PartRows, PG: id}, "pg %v: row %q: %v", id, rest, err)
		}
		if f.pgs[id] == nil {
			f.add(store.Finding{Part: store.PartRows, PG: id}, "pg %v is not there, and has a row %q", id, rest)
		}
	})
}

func (f *fsck) comparePGs() error {
	ids := make([]osdmap.PGID, 0, len(f.pgs))
	for id := range f.pgs {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, osdmap.PGID.Compare)
	for _, id := range ids {
		p := f.pgs[id]
		if !p.unsure && p.counted != p.state.Stats {
			f.add(store.Finding{Part: store.PartPG, PG: id}, "pg %v: its statistics are %+v, what it has gives %+v", id, p.state.Stats, p.counted)
		}
		if !p.broken && p.last.Compare(p.state.Head) > 0 {
			f.add(store.Finding{Part: store.PartLog, PG: id}, "pg %v: entry %v is newer than the log's head %v", id, p.last, p.state.Head)
		}
	}
	return nil
}
