package inproc

import (
	"io"
	"net"
	"sync/atomic"
	"syscall"
)

// pipe carries bytes from one goroutine to another. Neither takes a lock.
//
// It begins with a small ring. A writer that finds it full goes on in one that is larger, up to
// maxRing, and the reader follows when it has emptied the smaller: a connection that says little
// costs little.
type pipe struct {
	writing *ring // the writer's
	reading *ring // the reader's; behind the writer's by some steps of next

	readable, writable signal
	readerGone         atomic.Bool
	writerGone         atomic.Bool
}

// The sizes of the first ring and of the last, in bytes.
const (
	minRing = 4 << 10
	maxRing = 256 << 10
	growth  = 8
)

func newPipe() *pipe {
	r := newRing(minRing)
	return &pipe{writing: r, reading: r, readable: newSignal(), writable: newSignal()}
}

// read waits for bytes and takes those there are.
func (p *pipe) read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for {
		gone := p.writerGone.Load() // before looking: what was written before it left is read
		if p.readerGone.Load() {
			return 0, net.ErrClosed
		}
		if n := p.take(b); n > 0 {
			p.writable.wake()
			return n, nil
		}
		if gone {
			return 0, io.EOF
		}
		p.readable.wait(p.idle)
	}
}

// take reads from the first ring that has something, and leaves those that are done with.
func (p *pipe) take(b []byte) int {
	for {
		next := p.reading.next.Load() // before looking: nothing was written here after it was set
		n := p.reading.take(b)
		if n > 0 || next == nil {
			return n
		}
		p.reading = next
	}
}

// idle reports that there is nothing for a reader to do but wait.
func (p *pipe) idle() bool {
	return p.reading.empty() && p.reading.next.Load() == nil && !p.writerGone.Load() && !p.readerGone.Load()
}

// write puts in what there is room for, in order, and waits for room for the first byte if told.
func (p *pipe) write(bufs [][]byte, wait bool) (int, error) {
	for {
		switch {
		case p.writerGone.Load():
			return 0, net.ErrClosed
		case p.readerGone.Load():
			return 0, syscall.EPIPE
		}
		n, more := p.put(bufs)
		if n > 0 {
			p.readable.wake()
		}
		if n > 0 || !more || !wait {
			return n, nil
		}
		p.writable.wait(p.full)
	}
}

// put reports how many bytes it wrote, and whether there were more for which there is no room.
func (p *pipe) put(bufs [][]byte) (n int, more bool) {
	for _, b := range bufs {
		for len(b) > 0 {
			k := p.writing.put(b)
			if k == 0 && !p.grow() {
				return n, true
			}
			n += k
			b = b[k:]
		}
	}
	return n, false
}

// grow goes on in a larger ring, unless this is the largest.
func (p *pipe) grow() bool {
	size := len(p.writing.buf)
	if size >= maxRing {
		return false
	}
	r := newRing(min(size*growth, maxRing))
	p.writing.next.Store(r)
	p.writing = r
	return true
}

// full reports that there is nothing for a writer to do but wait.
func (p *pipe) full() bool {
	return p.writing.full() && !p.readerGone.Load() && !p.writerGone.Load()
}

func (p *pipe) closeReader() {
	p.readerGone.Store(true)
	p.wakeBoth()
}

func (p *pipe) closeWriter() {
	p.writerGone.Store(true)
	p.wakeBoth()
}

func (p *pipe) wakeBoth() {
	p.readable.wake()
	p.writable.wake()
}
