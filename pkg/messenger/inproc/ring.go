package inproc

import "sync/atomic"

// ring is a buffer that one goroutine writes and another reads. The two count bytes since the
// beginning; each changes its own count, after it has copied.
type ring struct {
	buf     []byte // a power of two long
	written atomic.Uint64
	_       [48]byte // the counts stay out of each other's cache line
	taken   atomic.Uint64
	next    atomic.Pointer[ring] // where the writer went on; after that nothing is written here
}

func newRing(size int) *ring { return &ring{buf: make([]byte, size)} }

// put copies what there is room for.
func (r *ring) put(b []byte) int {
	at := r.written.Load()
	room := len(r.buf) - int(at-r.taken.Load())
	b = b[:min(room, len(b))]
	n := copy(r.buf[r.offset(at):], b)
	copy(r.buf, b[n:])
	r.written.Store(at + uint64(len(b)))
	return len(b)
}

// take copies what there is into b, as much as fits.
func (r *ring) take(b []byte) int {
	at := r.taken.Load()
	b = b[:min(int(r.written.Load()-at), len(b))]
	n := copy(b, r.buf[r.offset(at):])
	copy(b[n:], r.buf)
	r.taken.Store(at + uint64(len(b)))
	return len(b)
}

func (r *ring) offset(count uint64) int { return int(count) & (len(r.buf) - 1) }

func (r *ring) empty() bool { return r.taken.Load() == r.written.Load() }

func (r *ring) full() bool { return int(r.written.Load()-r.taken.Load()) == len(r.buf) }
