package store

import "zeph/pkg/osdmap"

// Info is what a store knows of an object beside its contents.
type Info struct {
	Size     uint64 // of the data, in bytes, holes included
	OmapRows uint64
	Version  Version          // of the last SetVersion
	Modified osdmap.UnixMilli // the same
}

// Item is an object in a listing.
type Item struct {
	Key     Key
	Info    Info
	Damaged bool // its record is: nothing of Info is known
}

// Attr is one attribute of an object. Names are unique and in order.
type Attr struct {
	Name  string
	Value []byte
}

// Row is one row of an omap, or of a PG. Keys are unique and in the order of their bytes.
type Row struct {
	Key   string
	Value []byte
}

// AfterRow is the first key after one: where a listing of rows goes on, and where a range of
// just that row ends.
func AfterRow(key string) string { return key + "\x00" }

// LogEntry is what a PG did at a version, in bytes that the store does not understand.
type LogEntry struct {
	Version Version
	Entry   []byte
}

// PGState is what a store knows of a PG beside its objects, log and rows.
type PGState struct {
	Span  Span
	Info  []byte  // of the last SetInfo
	Head  Version // the next entry of the log must be newer
	Stats PGStats
}

// PGStats count what a PG holds.
type PGStats struct {
	Objects    uint64
	Bytes      uint64 // sizes of its objects, holes included
	OmapRows   uint64 // of its objects
	LogEntries uint64
}
