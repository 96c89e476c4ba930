// Package inproc carries sessions between messengers of one process, without sockets: for Go
// tests of programs that use Zeph, and for a whole cluster inside one of them.
//
//	dialled Conn ── Writev ──▶ pipe, at most 256 KiB ──▶ Read ── accepted Conn
//	             ◀── Read ──── pipe, at most 256 KiB ◀── Writev ──
//
// A Transport is a network of its own: what listens on one is not reached from another. An
// endpoint is inproc://NAME; inproc:// alone and inproc://* ask for a name that is free.
//
// A full pipe stops its writer, an empty one its reader, as TCP does, and both ends of a
// connection see it end. There is no greeting in bytes: the two ends compare patterns. Nothing
// blocks but on channels, so that all of it runs under testing/synctest.
package inproc
