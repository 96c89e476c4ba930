package messenger

import (
	"io"
	"sync/atomic"

	"zeph/pkg/wire"
)

// frameReader cuts what a connection brings into frames. One goroutine uses it; item and moved are
// for those who watch whether it gets anywhere.
type frameReader struct {
	conn   Conn
	buf    []byte // read, and not looked at: from r to w
	r, w   int
	greedy bool // the last read filled the buffer: there may be more

	frames uint64        // that have come
	item   atomic.Uint64 // which frame it waits for the rest of; 0: none
	moved  atomic.Uint64 // bytes read
}

// A buffer begins small, for there may be thousands of idle sessions, and grows when it is filled.
const (
	minReadBuffer = 4 * kib
	maxReadBuffer = wire.MaxHintFrame + 8*kib // the longest frame that stays in it, and more
)

// more waits until at least one byte more is there.
func (f *frameReader) more() error {
	f.makeRoom()
	n, err := f.read(f.buf[f.w:], f.r < f.w)
	f.w += n
	f.greedy = f.w == len(f.buf)
	return err
}

// read reads at least a byte. If that is the rest of a frame which has begun, it says so to those
// who watch, and the connection's end is unexpected.
func (f *frameReader) read(p []byte, begun bool) (int, error) {
	if begun {
		f.item.Store(f.frames + 1)
		defer f.item.Store(0)
	}
	for {
		n, err := f.conn.Read(p)
		f.moved.Add(uint64(n))
		switch {
		case n > 0:
			return n, nil
		case err == io.EOF && begun:
			return 0, io.ErrUnexpectedEOF
		case err != nil:
			return 0, err
		}
	}
}

func (f *frameReader) makeRoom() {
	rest := f.buf[f.r:f.w]
	if len(f.buf) == 0 || f.greedy && len(f.buf) < maxReadBuffer {
		f.buf = make([]byte, min(maxReadBuffer, max(minReadBuffer, 4*len(f.buf))))
	}
	f.r, f.w = 0, copy(f.buf, rest)
}

// peek reads the header of the next frame; ok is false while bytes of it are missing.
func (f *frameReader) peek() (fr frame, ok bool, err error) { return parseFrame(f.buf[f.r:f.w]) }

// have is what has come of the frame, whose header is fr, and perhaps of those after it.
func (f *frameReader) have(fr frame) []byte {
	b := f.buf[f.r+fr.header : f.w]
	if uint64(len(b)) > fr.length {
		b = b[:fr.length]
	}
	return b
}

// skip goes to the next frame. All of this one is there.
func (f *frameReader) skip(fr frame) {
	f.r += fr.header + int(fr.length)
	f.frames++
}

// into moves a frame to dst, which is as long, waiting for what has not come yet.
func (f *frameReader) into(dst []byte, fr frame) error {
	n := copy(dst, f.have(fr))
	f.r += fr.header + n
	for n < len(dst) {
		k, err := f.read(dst[n:], true)
		if err != nil {
			return err
		}
		n += k
	}
	f.frames++
	return nil
}

// wait waits until all of the next frame is there, which may be at most so long, and returns it.
// Its bytes are good until the next call.
func (f *frameReader) wait(longest int) (fr frame, b []byte, err error) {
	for {
		fr, ok, err := f.peek()
		if err != nil {
			return fr, nil, err
		}
		if ok {
			if fr.length > uint64(longest) {
				return fr, nil, tooLong(fr.length, longest)
			}
			if b := f.have(fr); uint64(len(b)) == fr.length {
				f.skip(fr)
				return fr, b, nil
			}
		}
		if err := f.more(); err != nil {
			return fr, nil, err
		}
	}
}
