package disk

import (
	"bytes"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// view runs a read on the last commit that is durable.
func (s *Store) view(read func(tx *bbolt.Tx) error) error {
	if err := s.alive(); err != nil {
		return err
	}
	err := guard(func() error {
		tx, err := s.db.Begin(false)
		if err != nil {
			return fmt.Errorf("%w: %w", err, store.ErrDead)
		}
		defer rollback(tx)
		if err := s.wait(tx.ID()); err != nil {
			return err
		}
		return read(tx)
	})
	var astray *panicError
	if errors.As(err, &astray) {
		err = &store.CorruptError{Part: store.PartIndex, Why: astray.Error()}
	}
	var corrupt *store.CorruptError
	if errors.As(err, &corrupt) {
		s.damaged.Add(1)
	}
	return err
}

func (s *Store) alive() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dead
}

// wait returns when a commit is known to be durable. bbolt shows a commit as soon as its last page is
// written, a moment before that is synced, and goes on showing it when the sync has failed.
func (s *Store) wait(id int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.durable < id && s.dead == nil {
		s.settled.Wait()
	}
	return s.dead
}

// find reads an object's row for a reader.
func find(tx *bbolt.Tx, k store.Key) (*object, error) {
	o := loadObject(tx, k)
	if !o.there {
		return nil, fmt.Errorf("object %v: %w", k, store.ErrNotFound)
	}
	if o.broken {
		return nil, &store.CorruptError{Part: store.PartObject, Key: k, Why: errSeal.Error()}
	}
	return o, nil
}

// Read appends bytes of an object to dst.
func (s *Store) Read(dst []byte, k store.Key, off, n uint64) (got []byte, info store.Info, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		o, err := find(tx, k)
		if err != nil {
			return err
		}
		off := min(off, o.record.info.Size)
		got, err = o.read(tx, dst, off, off+min(n, o.record.info.Size-off))
		info = o.record.info
		return err
	})
	if err != nil {
		return dst, store.Info{}, err
	}
	return got, info, nil
}

// read appends the bytes from off on and before end.
func (o *object) read(tx *bbolt.Tx, dst []byte, off, end uint64) ([]byte, error) {
	for off < end {
		n := uint32(off / chunkSize)
		from := int(off % chunkSize)
		to := int(min(uint64(from)+end-off, chunkSize))
		if !o.record.chunks.has(n) {
			dst = append(dst, zeros[:to-from]...)
		} else {
			data, sums := o.rows(tx, n)
			if e := o.damage(n, from, to, data, sums); e != nil {
				return nil, e
			}
			stored := data[min(from, len(data)):min(to, len(data))]
			dst = append(append(dst, stored...), zeros[:to-from-len(stored)]...)
		}
		off += uint64(to - from)
	}
	return dst, nil
}

var zeros [chunkSize]byte

// damage is the first run of blocks that do not check in a range of a chunk; nil if there is none.
func (o *object) damage(n uint32, from, to int, data, sums []byte) *store.CorruptError {
	for i := from / store.BlockSize; i*store.BlockSize < to; i++ {
		if o.good(n, i, data, sums) {
			continue
		}
		end := i + 1
		for end*store.BlockSize < to && !o.good(n, end, data, sums) {
			end++
		}
		start := uint64(n)*chunkSize + uint64(i)*store.BlockSize
		stop := min(uint64(n)*chunkSize+uint64(end)*store.BlockSize, o.record.info.Size)
		return &store.CorruptError{Part: store.PartData, Key: o.key, Off: start, Len: stop - start, Why: errSeal.Error()}
	}
	return nil
}

func (o *object) good(n uint32, i int, data, sums []byte) bool {
	return sumsLength(sums) >= 0 && checks(o.seed, n, i, data, sums)
}

// Stat says what an object is.
func (s *Store) Stat(k store.Key) (info store.Info, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		o, err := find(tx, k)
		if err == nil {
			info = o.record.info
		}
		return err
	})
	return info, err
}

// Attrs are the attributes of an object.
func (s *Store) Attrs(k store.Key) (attrs []store.Attr, info store.Info, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		o, err := find(tx, k)
		if err == nil {
			attrs, info = o.record.attrs, o.record.info
		}
		return err
	})
	return attrs, info, err
}

// Omap lists rows of an object.
func (s *Store) Omap(k store.Key, from, to string, max int) (rows []store.Row, more bool, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		o, err := find(tx, k)
		if err != nil {
			return err
		}
		rows, more, err = listRows(tx, bucketOmap, o.row, from, to, max)
		if errors.Is(err, errSeal) {
			err = &store.CorruptError{Part: store.PartOmap, Key: k, Why: err.Error()}
		}
		return err
	})
	return rows, more, err
}

// Rows lists a PG's own rows.
func (s *Store) Rows(id osdmap.PGID, from, to string, max int) (rows []store.Row, more bool, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		if _, err := findPG(tx, id); err != nil {
			return err
		}
		rows, more, err = listRows(tx, bucketRows, pgKey(id), from, to, max)
		if errors.Is(err, errSeal) {
			err = &store.CorruptError{Part: store.PartRows, PG: id, Why: err.Error()}
		}
		return err
	})
	return rows, more, err
}

// listRows is a page of an owner's rows, copied.
func listRows(tx *bbolt.Tx, bucket, owner []byte, from, to string, max int) (rows []store.Row, more bool, err error) {
	end := after(owner)
	if to != "" {
		end = rowKey(owner, to)
	}
	page := store.NewPage(max)
	c := tx.Bucket(bucket).Cursor()
	for k, v := c.Seek(rowKey(owner, from)); k != nil && bytes.Compare(k, end) < 0; k, v = c.Next() {
		if page.Full() {
			return rows, true, nil
		}
		payload, err := unsealed(bucket, k, v)
		if err != nil {
			return nil, false, fmt.Errorf("row %q: %w", k[len(owner):], err)
		}
		rows = append(rows, store.Row{Key: string(k[len(owner):]), Value: bytes.Clone(payload)})
		page.Add(len(k) + len(payload))
	}
	return rows, false, nil
}

// List lists objects.
func (s *Store) List(from, to store.Key, max int) (items []store.Item, more bool, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		end := objectBound(to)
		page := store.NewPage(max)
		c := tx.Bucket(bucketObjects).Cursor()
		for k, v := c.Seek(objectBound(from)); k != nil && bytes.Compare(k, end) < 0; k, v = c.Next() {
			if more = page.Full(); more {
				return nil
			}
			if item, ok := listed(k, v); ok {
				items = append(items, item)
				page.Add(len(k))
			}
		}
		return nil
	})
	return items, more, err
}

// listed is an object's row as a listing shows it; not ok: its key makes no sense.
func listed(k, v []byte) (item store.Item, ok bool) {
	key, rest, err := splitObject(k)
	if err != nil || len(rest) > 0 {
		return item, false
	}
	item.Key = key
	payload, err := unsealed(bucketObjects, k, v)
	if err == nil {
		var r record
		r, err = decodeRecord(payload)
		item.Info = r.info
	}
	if err != nil {
		item.Info, item.Damaged = store.Info{}, true
	}
	return item, true
}
