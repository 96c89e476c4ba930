package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cespare/xxhash/v2"

	"zeph/pkg/wire"
)

// PutOptions bind a Put to conditions, and more. The zero value is "whatever was there".
type PutOptions struct {
	IfAbsent  bool     // only if there is no such object; else ErrExists
	IfExists  bool     // only if there is one; else ErrNotFound
	IfVersion *Version // only if its last write had the version; else ErrMismatch

	Xattrs   map[string][]byte // are set with it
	Progress func(bytes int)   // is told of bytes as they are stored; from several goroutines. May be nil
}

// Info is what there is to know of an object.
type Info struct {
	Name     string
	Size     uint64
	Version  Version
	Modified time.Time // zero after a Put
	Striped  bool      // it is kept in pieces
	Sum      string    // xxhash64 of all bytes in hexadecimal; empty if it is not known
}

// Put replaces an object's bytes, or makes the object, by what r gives. Attributes and omap stay. It is
// atomic at any size: whoever reads sees the old bytes or the new ones, also when we die on the way. What is
// larger than PieceSize is read piece by piece, a few at a time, so memory is bounded.
//
// With IfVersion, a large Put may fail with ErrMismatch because another large one of the same object is under
// way, for it leaves a note in the object.
func (p Pool) Put(ctx context.Context, name string, r io.Reader, opt PutOptions) (Info, error) {
	if err := errors.Join(checkName(name), opt.check()); err != nil {
		return Info{}, p.fail("put", name, err)
	}
	first, err := firstPiece(r, p.c.piece)
	if err != nil {
		return Info{}, p.fail("put", name, fmt.Errorf("read what is to be put: %w", err))
	}
	var info Info
	if len(first) <= p.c.piece {
		info, err = p.putPlain(ctx, name, first, opt)
	} else {
		info, err = p.putStriped(ctx, name, first, r, opt)
	}
	if err != nil {
		return Info{}, p.fail("put", name, err)
	}
	info.Name = name
	return info, nil
}

// room is what a buffer of a piece has for the piece's checksum, which travels behind it.
const room = 64

// firstPiece reads one byte more than a piece, if there is so much.
func firstPiece(r io.Reader, size int) ([]byte, error) {
	guess := min(blindBytes, size)
	if known, ok := r.(interface{ Len() int }); ok {
		guess = min(known.Len(), size)
	}
	buf := make([]byte, guess+1, guess+room)
	n, err := io.ReadFull(r, buf)
	if err == nil && n <= size {
		more := make([]byte, size+1, size+room)
		copy(more, buf)
		buf = more
		var m int
		m, err = io.ReadFull(r, buf[n:])
		n += m
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return buf[:n], err
}

func (o *PutOptions) check() error {
	for _, name := range sortedKeys(o.Xattrs) {
		if err := checkAttr(name); err != nil {
			return err
		}
	}
	return nil
}

// attrs are the steps that set the attributes of the caller's.
func (o *PutOptions) attrs() steps {
	var list []steps
	for _, name := range sortedKeys(o.Xattrs) {
		list = append(list, setXattr(name, o.Xattrs[name]))
	}
	return all(list...)
}

// allows reports whether the conditions hold for an object.
func (o *PutOptions) allows(h *head) error {
	switch {
	case o.IfAbsent && h.exists():
		return ErrExists
	case (o.IfExists || o.IfVersion != nil) && !h.exists():
		return ErrNotFound
	case o.IfVersion != nil && *o.IfVersion != h.version:
		return fmt.Errorf("%w: its version is %v, not %v", ErrMismatch, h.version, *o.IfVersion)
	}
	return nil
}

// told has Progress know.
func (o *PutOptions) told(n int) {
	if o.Progress != nil {
		o.Progress(n)
	}
}

func sumOf(data []byte) string { return fmt.Sprintf("%016x", xxhash.Sum64(data)) }

// blindBytes is how much data is sent to an object that we know nothing of, in the hope that it is absent or plain:
// refused, it was sent for nothing.
const blindBytes = 64 << 10

// putPlain stores an object in one piece. What is small is sent at once, to a new object first; the object's record
// is looked at only when that does not fit.
func (p Pool) putPlain(ctx context.Context, name string, data []byte, opt PutOptions) (Info, error) {
	sum := sumOf(data)
	content := []steps{writeFull(data), setXattr(attrKind, []byte(kindPlain)), setXattr(attrSum, []byte(sum)), opt.attrs()}
	done := func(reply *wire.WriteReply) (Info, error) {
		opt.told(len(data))
		return Info{Size: uint64(len(data)), Version: reply.Version, Sum: sum}, nil
	}
	if (len(data) <= blindBytes || opt.IfExists) && opt.IfVersion == nil {
		for _, guard := range []steps{step(wire.StepAbsent), isXattr(attrKind, []byte(kindPlain))} {
			absent := guard.steps[0].Op == wire.StepAbsent
			if absent && opt.IfExists || !absent && opt.IfAbsent {
				continue
			}
			reply, _, err := p.write(ctx, name, all(append([]steps{guard}, content...)...))
			if err == nil {
				return done(reply)
			}
			if !raced(err) {
				return Info{}, err
			}
		}
	}
	for range maxTries {
		h, _, err := p.readHead(ctx, name)
		if err != nil {
			return Info{}, err
		}
		if err := opt.allows(h); err != nil {
			return Info{}, err
		}
		s := append([]steps{h.same()}, content...)
		if h.manifest != nil {
			s = append(s, withName(wire.StepRemoveXattr, attrManifest, nil))
		}
		reply, _, err := p.write(ctx, name, all(s...))
		if err == nil {
			if h.manifest != nil {
				p.removePieces(ctx, name, h.manifest)
			}
			return done(reply)
		}
		if !raced(err) {
			return Info{}, err
		}
	}
	return Info{}, errBusy
}

// raced reports whether a write failed because the object was not as it was thought to be.
func raced(err error) bool {
	return !errors.Is(err, ErrUnknown) && (errors.Is(err, ErrExists) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrMismatch))
}

var errBusy = fmt.Errorf("%w: the object changed each time, %d times", ErrMismatch, maxTries)
