package disk

import (
	"bytes"
	"fmt"

	"go.etcd.io/bbolt"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// findPG reads a PG's row.
func findPG(tx *bbolt.Tx, id osdmap.PGID) (*pgRecord, error) {
	prefix := pgKey(id)
	k, v := tx.Bucket(bucketPGs).Cursor().Seek(prefix)
	if !bytes.HasPrefix(k, prefix) {
		return nil, fmt.Errorf("pg %v: %w", id, store.ErrNotFound)
	}
	span, err := parseSpan(k)
	if err != nil {
		return nil, &store.CorruptError{Part: store.PartPG, PG: id, Why: err.Error()}
	}
	return parsePG(span, k, v), nil
}

// PG says what a PG is.
func (s *Store) PG(id osdmap.PGID) (state store.PGState, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		p, err := findPG(tx, id)
		if err != nil {
			return err
		}
		state = p.state
		if p.broken {
			return &store.CorruptError{Part: store.PartPG, PG: id, Why: errSeal.Error()}
		}
		return nil
	})
	return state, err
}

// PGs are all PGs.
func (s *Store) PGs() (ids []osdmap.PGID, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketPGs).ForEach(func(k, _ []byte) error {
			span, err := parseSpan(k)
			if err != nil { // to leave it out would make it a PG that this store never had
				return &store.CorruptError{Part: store.PartIndex, Why: fmt.Sprintf("the key of a pg: %v", err)}
			}
			ids = append(ids, span.PG)
			return nil
		})
	})
	return ids, err
}

// LogAfter lists a log forwards.
func (s *Store) LogAfter(id osdmap.PGID, v store.Version, max int) ([]store.LogEntry, bool, error) {
	return s.log(id, max, func(c *bbolt.Cursor) (k, value []byte) {
		return c.Seek(append(logKey(id, v), 0))
	}, (*bbolt.Cursor).Next)
}

// LogBefore lists a log backwards.
func (s *Store) LogBefore(id osdmap.PGID, v store.Version, max int) ([]store.LogEntry, bool, error) {
	return s.log(id, max, func(c *bbolt.Cursor) (k, value []byte) {
		return seekBefore(c, logKey(id, v))
	}, (*bbolt.Cursor).Prev)
}

type step func(c *bbolt.Cursor) (k, v []byte)

// log is a page of a log, in either direction.
func (s *Store) log(id osdmap.PGID, max int, first, next step) (entries []store.LogEntry, more bool, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		if _, err := findPG(tx, id); err != nil {
			return err
		}
		prefix := pgKey(id)
		page := store.NewPage(max)
		c := tx.Bucket(bucketLog).Cursor()
		for k, v := first(c); bytes.HasPrefix(k, prefix); k, v = next(c) {
			if more = page.Full(); more {
				return nil
			}
			e, err := parseEntry(id, k, v)
			if err != nil {
				return err
			}
			entries = append(entries, e)
			page.Add(len(e.Entry))
		}
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	return entries, more, nil
}

func parseEntry(id osdmap.PGID, k, v []byte) (store.LogEntry, error) {
	at, err := parseVersion(k[len(pgKey(id)):])
	if err != nil {
		return store.LogEntry{}, &store.CorruptError{Part: store.PartLog, PG: id, Why: err.Error()}
	}
	payload, err := unsealed(bucketLog, k, v)
	if err != nil {
		return store.LogEntry{}, &store.CorruptError{Part: store.PartLog, PG: id, Why: fmt.Sprintf("entry %v: %v", at, err)}
	}
	return store.LogEntry{Version: at, Entry: bytes.Clone(payload)}, nil
}
