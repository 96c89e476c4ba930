package pg

import (
	"fmt"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// Image is what the store has of a PG's own.
type Image struct {
	PG      osdmap.PGID
	Info    wire.PGInfo
	Log     []wire.PGEntry
	Missing []wire.PGMissing
	Dups    []wire.PGDup
	Stats   store.PGStats
	Err     error // it cannot be read: what else is there may be incomplete
}

// ReadImage reads what a store has of a PG: to be run in a core.Read.
func ReadImage(r store.Reader, id osdmap.PGID) *Image {
	img := &Image{PG: id}
	if err := img.read(r); err != nil {
		img.Err = fmt.Errorf("pg %v: %w", id, err)
	}
	return img
}

func (img *Image) read(r store.Reader) error {
	state, err := r.PG(img.PG)
	if err != nil {
		return err
	}
	img.Stats = state.Stats
	if err := wire.ParseBody(state.Info, &img.Info, false); err != nil {
		return fmt.Errorf("info: %w", err)
	}
	if img.Log, err = readLog(r, img.PG, store.Version{}); err != nil {
		return err
	}
	err = eachRow(r, img.PG, missingPrefix, func(value []byte) error {
		var m wire.PGMissing
		err := wire.ParseBody(value, &m, false)
		img.Missing = append(img.Missing, m)
		return err
	})
	if err != nil {
		return fmt.Errorf("missing objects: %w", err)
	}
	err = eachRow(r, img.PG, dupPrefix, func(value []byte) error {
		var d wire.PGDup
		err := wire.ParseBody(value, &d, false)
		img.Dups = append(img.Dups, d)
		return err
	})
	if err != nil {
		return fmt.Errorf("results: %w", err)
	}
	return nil
}

func readLog(r store.Reader, id osdmap.PGID, after store.Version) ([]wire.PGEntry, error) {
	var log []wire.PGEntry
	for more := true; more; {
		var page []store.LogEntry
		var err error
		if page, more, err = r.LogAfter(id, after, 0); err != nil {
			return nil, fmt.Errorf("log: %w", err)
		}
		for _, e := range page {
			var entry wire.PGEntry
			if err := wire.ParseBody(e.Entry, &entry, false); err != nil {
				return nil, fmt.Errorf("log entry %v: %w", e.Version, err)
			}
			log = append(log, entry)
			after = e.Version
		}
	}
	return log, nil
}

// eachRow walks the rows whose keys begin with a prefix, which ends in a slash.
func eachRow(r store.Reader, id osdmap.PGID, prefix string, visit func(value []byte) error) error {
	for from, more := prefix, true; more; {
		var rows []store.Row
		var err error
		if rows, more, err = r.Rows(id, from, afterPrefix(prefix), 0); err != nil {
			return err
		}
		for _, row := range rows {
			if err := visit(row.Value); err != nil {
				return fmt.Errorf("row %q: %w", row.Key, err)
			}
			from = store.AfterRow(row.Key)
		}
	}
	return nil
}

// afterPrefix is the first key after all that begin with a prefix ending in a slash.
func afterPrefix(prefix string) string { return prefix[:len(prefix)-1] + "0" }
