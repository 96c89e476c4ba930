package pg

import (
	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// Looked is what a judge may want to know of a copy, as far as it was submitted to the store.
type Looked struct {
	Interval   osdmap.Epoch // its first epoch
	Active     bool         // it leads, and is
	Incomplete bool         // it is being filled
	Removing   bool
	Tail, Head wire.PGVersion // of its log
}

// Look says how the copy is. It changes nothing.
func (pg *PG) Look() Looked {
	return Looked{
		Interval:   pg.info.Interval.First,
		Active:     !pg.gone && pg.pri != nil && pg.pri.phase == active,
		Incomplete: pg.info.Incomplete,
		Removing:   pg.gone || pg.removing != nil || pg.info.BeingRemoved,
		Tail:       pg.log.tail,
		Head:       pg.log.head(),
	}
}

// History is what the copy knows of the PG's past. It is not to be changed.
func (pg *PG) History() *wire.PGInfo { return &pg.info }

// Knows reports whether a version is in the log, or may have been before it was trimmed.
func (pg *PG) Knows(v wire.PGVersion) bool { return v.Compare(pg.log.tail) <= 0 || pg.log.has(v) }

// Lacks reports whether the copy knows that it has to be given an object.
func (pg *PG) Lacks(k store.Key) bool { return pg.missing.has(k) }
