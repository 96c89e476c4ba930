package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"

	"zeph/pkg/wire"
)

// Restarter is a Writer that can forget what was written to it, such as a file.
type Restarter interface {
	Restart() error
}

// Stat tells what there is to know of an object.
func (p Pool) Stat(ctx context.Context, name string) (Info, error) {
	h, _, err := p.readHead(ctx, name)
	if err == nil && !h.exists() {
		err = ErrNotFound
	}
	if err != nil {
		return Info{}, p.fail("stat", name, err)
	}
	return h.info(name), nil
}

func (h *head) info(name string) Info {
	i := Info{Name: name, Size: h.size, Version: h.version, Modified: h.modified, Sum: h.sum}
	if h.manifest != nil {
		i.Striped, i.Sum = true, h.manifest.Sum
	}
	return i
}

// Get reads a whole object into memory.
func (p Pool) Get(ctx context.Context, name string) ([]byte, Info, error) {
	var b memory
	info, err := p.GetTo(ctx, name, &b)
	return b.Bytes(), info, err
}

type memory struct{ bytes.Buffer }

func (m *memory) Restart() error { m.Reset(); return nil }

// GetTo writes a whole object to w, a few pieces in memory at a time. What arrives is compared with the checksum that
// was stored with the object. When the object is replaced meanwhile it begins again, if w is a Restarter or has got
// nothing yet; else it ends with ErrChanged.
func (p Pool) GetTo(ctx context.Context, name string, w io.Writer) (Info, error) {
	for range maxTries {
		g := &getting{p: p, name: name, w: w, sum: xxhash.New()}
		err := g.run(ctx)
		if errors.Is(err, errGone) {
			if g.written == 0 {
				continue
			}
			if r, ok := w.(Restarter); ok {
				if err = r.Restart(); err == nil {
					continue
				}
			} else {
				err = ErrChanged
			}
		}
		if err != nil {
			return Info{}, p.fail("get", name, err)
		}
		return g.h.info(name), nil
	}
	return Info{}, p.fail("get", name, fmt.Errorf("%w, %d times", ErrChanged, maxTries))
}

// errGone: what was being read is no longer the object.
var errGone = errors.New("the object was replaced")

// getting is one attempt to read a whole object.
type getting struct {
	p       Pool
	name    string
	w       io.Writer
	h       *head
	sum     *xxhash.Digest
	written uint64
}

func (g *getting) run(ctx context.Context) error {
	first := uint64(min(firstBytes, g.p.c.piece))
	h, data, err := g.p.readHead(ctx, g.name, readRange(0, first))
	if err != nil {
		return err
	}
	if !h.exists() {
		return ErrNotFound
	}
	g.h = h
	want := h.sum
	if m := h.manifest; m != nil {
		want = m.Sum
		err = inOrder(ctx, m.pieces(), g.p.c.cfg.Parallel, g.piece, g.use)
	} else if err = g.use(data); err == nil && h.size > first {
		size := uint64(g.p.c.piece)
		err = inOrder(ctx, (h.size-first+size-1)/size, g.p.c.cfg.Parallel, g.part, g.use)
	}
	switch {
	case err != nil:
		return err
	case g.written != h.size:
		return fmt.Errorf("%w: %d bytes of %d", ErrDamaged, g.written, h.size)
	case want != "" && want != fmt.Sprintf("%016x", g.sum.Sum64()):
		return fmt.Errorf("%w: its checksum is %016x, not %s", ErrDamaged, g.sum.Sum64(), want)
	}
	return nil
}

func (g *getting) use(data []byte) error {
	g.sum.Write(data)
	g.written += uint64(len(data))
	_, err := g.w.Write(data)
	return err
}

// piece reads a piece of a striped object.
func (g *getting) piece(ctx context.Context, i uint64) ([]byte, error) {
	data, err := g.p.readPiece(ctx, g.name, g.h.manifest, i)
	if errors.Is(err, ErrNotFound) {
		return nil, g.p.whyGone(ctx, g.name, g.h.manifest, i)
	}
	return data, err
}

// firstBytes are read together with an object's record. Room for the answer is set aside beforehand, so asking for
// more would keep others from asking; of most objects it is all.
const firstBytes = 128 << 10

// part reads on in an object in one piece, after the first bytes.
func (g *getting) part(ctx context.Context, i uint64) ([]byte, error) {
	size := uint64(g.p.c.piece)
	off := min(firstBytes, size) + i*size
	_, parts, err := g.p.read(ctx, g.name, all(isVersion(g.h.version), readRange(off, size)))
	if errors.Is(err, ErrMismatch) || errors.Is(err, ErrNotFound) {
		return nil, errGone
	}
	if err != nil {
		return nil, err
	}
	return parts[1], nil
}

// readPiece reads a piece, and checks it.
func (p Pool) readPiece(ctx context.Context, name string, m *manifest, i uint64) ([]byte, error) {
	_, parts, err := p.pieces().read(ctx, pieceName(m.Generation, i, name),
		all(withName(wire.StepGetXattr, attrSum, nil), readRange(0, m.PieceSize)))
	if err != nil {
		return nil, err
	}
	data := parts[1]
	if uint64(len(data)) != m.length(i) || sumOf(data) != string(parts[0]) {
		return nil, fmt.Errorf("%w: piece %d does not match its checksum", ErrDamaged, i)
	}
	return data, nil
}

// whyGone is the error for a piece that is not there: the object was replaced, or a piece was lost.
func (p Pool) whyGone(ctx context.Context, name string, m *manifest, i uint64) error {
	h, _, err := p.readHead(ctx, name)
	if err != nil {
		return err
	}
	if h.manifest != nil && h.manifest.Generation == m.Generation {
		return fmt.Errorf("%w: piece %d of %d is missing", ErrDamaged, i, m.pieces())
	}
	return errGone
}

// ReadAt reads len(buf) bytes from an offset, of an object of any size. At the object's end it returns fewer, and
// io.EOF.
func (p Pool) ReadAt(ctx context.Context, name string, buf []byte, off uint64) (int, error) {
	if len(buf) == 0 {
		return 0, nil
	}
	for range maxTries {
		n, err := p.readAt(ctx, name, buf, off)
		if errors.Is(err, errGone) {
			continue
		}
		if err != nil && err != io.EOF {
			err = p.fail("read", name, err)
		}
		return n, err
	}
	return 0, p.fail("read", name, ErrChanged)
}

func (p Pool) readAt(ctx context.Context, name string, buf []byte, off uint64) (int, error) {
	h, data, err := p.readHead(ctx, name, readRange(off, uint64(min(len(buf), p.c.piece))))
	if err != nil {
		return 0, err
	}
	if !h.exists() {
		return 0, ErrNotFound
	}
	g := &getting{p: p, name: name, h: h}
	n := 0
	if h.manifest == nil {
		n = copy(buf, data)
	}
	for n < len(buf) && off+uint64(n) < h.size {
		if data, err = g.from(ctx, off+uint64(n), len(buf)-n); err != nil {
			return n, err
		}
		if len(data) == 0 {
			return n, errGone
		}
		n += copy(buf[n:], data)
	}
	if n < len(buf) {
		return n, io.EOF
	}
	return n, nil
}

// from reads some bytes from an offset, up to a piece's end.
func (g *getting) from(ctx context.Context, off uint64, n int) ([]byte, error) {
	p, name, guard := g.p, g.name, isVersion(g.h.version)
	length := uint64(min(n, g.p.c.piece))
	m := g.h.manifest
	var i uint64
	if m != nil {
		i = off / m.PieceSize
		off -= i * m.PieceSize
		length = min(length, m.length(i)-off)
		p, name, guard = g.p.pieces(), pieceName(m.Generation, i, g.name), steps{}
	}
	_, parts, err := p.read(ctx, name, all(guard, readRange(off, length)))
	switch {
	case m != nil && errors.Is(err, ErrNotFound):
		return nil, g.p.whyGone(ctx, g.name, m, i)
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrMismatch):
		return nil, errGone
	case err != nil:
		return nil, err
	}
	return parts[len(parts)-1], nil
}
