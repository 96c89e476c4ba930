package client

import (
	"context"
	"crypto/rand"
	"encoding/hex"
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

// striping is a large Put under way.
type striping struct {
	p     Pool
	name  string
	opt   PutOptions
	gen   string
	note  []byte  // the value of its note
	noted Version // of the object with the note
	sent  uint64  // pieces that may be there
}

func (s *striping) noteName() string { return attrNote + s.gen }

// putStriped stores an object in pieces: it notes that a generation of pieces is on its way, stores them, and
// then switches the manifest, if the note is still there. first is one byte more than a piece.
func (p Pool) putStriped(ctx context.Context, name string, first []byte, r io.Reader, opt PutOptions) (Info, error) {
	var gen [16]byte
	rand.Read(gen[:])
	s := &striping{p: p, name: name, opt: opt, gen: hex.EncodeToString(gen[:])}
	s.note = time.Now().UTC().AppendFormat(nil, time.RFC3339)
	if err := s.announce(ctx); err != nil {
		return Info{}, err
	}
	m, err := s.store(ctx, first, r)
	var info Info
	if err == nil {
		info, err = s.finish(ctx, m)
	}
	if err != nil && !errors.Is(err, ErrUnknown) {
		s.abandon(ctx)
	}
	return info, err
}

// announce puts the note into the object's record, and makes a void record if there is none.
func (s *striping) announce(ctx context.Context) error {
	for range maxTries {
		h, _, err := s.p.readHead(ctx, s.name)
		if err != nil {
			return err
		}
		if err := s.opt.allows(h); err != nil {
			return err
		}
		list := []steps{h.same()}
		if !h.there {
			list = append(list, step(wire.StepCreate), setXattr(attrKind, []byte(kindVoid)))
		}
		reply, _, err := s.p.write(ctx, s.name, all(append(list, setXattr(s.noteName(), s.note))...))
		if err == nil {
			s.noted = reply.Version
			return nil
		}
		if errors.Is(err, ErrUnknown) {
			s.abandon(ctx) // a note without pieces harms nobody; still
			return unseen(fmt.Errorf("note of a put under way: %w", err))
		}
		if !raced(err) {
			return err
		}
	}
	return errBusy
}

// store stores the pieces, a few at a time.
func (s *striping) store(ctx context.Context, buf []byte, r io.Reader) (*manifest, error) {
	size := s.p.c.piece
	m := &manifest{Generation: s.gen, PieceSize: uint64(size)}
	whole := xxhash.New()
	team := newTeam(ctx, s.p.c.cfg.Parallel)
	extra := buf[size] // the byte that showed that there is a second piece
	buf = buf[:size]
	free := make(chan []byte, s.p.c.cfg.Parallel)
	for i := uint64(0); len(buf) > 0; i++ {
		whole.Write(buf)
		m.Size += uint64(len(buf))
		s.sent = i + 1
		data := buf
		ok := team.start(func(ctx context.Context) error {
			again, err := s.piece(ctx, i, data)
			if again {
				free <- data
			}
			return err
		})
		if !ok {
			break
		}
		var err error
		if buf, err = nextPiece(r, size, free, i == 0, extra); err != nil {
			team.wait()
			return nil, fmt.Errorf("read what is to be put: %w", err)
		}
	}
	m.Sum = fmt.Sprintf("%016x", whole.Sum64())
	return m, team.wait()
}

// nextPiece reads up to a piece's length; nothing at the end.
func nextPiece(r io.Reader, size int, free chan []byte, second bool, extra byte) ([]byte, error) {
	var buf []byte
	select {
	case buf = <-free:
	default:
		buf = make([]byte, size, size+room)
	}
	buf = buf[:size]
	from := 0
	if second {
		buf[0], from = extra, 1
	}
	n, err := io.ReadFull(r, buf[from:])
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return buf[:from+n], err
}

// piece stores one piece. It reports whether its memory may be used again: not if it was sent twice, for nobody
// knows whether the first send is over.
func (s *striping) piece(ctx context.Context, i uint64, data []byte) (bool, error) {
	sum := sumOf(data)
	_, d, err := s.p.pieces().write(ctx, pieceName(s.gen, i, s.name), steps{
		steps: []wire.Step{
			{Op: wire.StepWriteFull, Length: uint64(len(data))},
			{Op: wire.StepSetXattr, Name: attrSum, Length: uint64(len(sum))},
		},
		bulk: append(data, sum...), // in the same memory: see room
	})
	if err != nil {
		return false, unseen(fmt.Errorf("piece %d: %w", i, err))
	}
	s.opt.told(len(data))
	return d.Sends == 1, nil
}

// unseen is the error for the whole of a Put when a step failed that nobody sees without a later one: that it may
// have happened is all the same.
func unseen(err error) error {
	switch {
	case !errors.Is(err, ErrUnknown):
		return err
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%w: %s", context.Canceled, err.Error())
	}
	return fmt.Errorf("%w: %s", ErrTimeout, err.Error())
}

// finish switches the manifest.
func (s *striping) finish(ctx context.Context, m *manifest) (Info, error) {
	for range maxTries {
		h, _, err := s.p.readHead(ctx, s.name)
		if err != nil {
			return Info{}, err
		}
		if err := s.mayFinish(h); err != nil {
			return Info{}, err
		}
		reply, _, err := s.p.write(ctx, s.name, all(
			h.same(), isXattr(s.noteName(), s.note),
			writeFull(nil), setXattr(attrKind, []byte(kindStriped)), setXattr(attrManifest, m.encode()), setXattr(attrSum, nil),
			withName(wire.StepRemoveXattr, s.noteName(), nil), s.opt.attrs()))
		info := Info{Size: m.Size, Version: reply.Version, Striped: true, Sum: m.Sum}
		switch {
		case err == nil:
		case errors.Is(err, ErrUnknown):
			if info.Version, err = s.resolve(ctx, err); err != nil {
				return Info{}, err
			}
		case raced(err):
			continue
		default:
			return Info{}, err
		}
		if h.manifest != nil {
			s.p.removePieces(ctx, s.name, h.manifest)
		}
		return info, nil
	}
	return Info{}, errBusy
}

// mayFinish reports whether the object is still as it must be for the switch.
func (s *striping) mayFinish(h *head) error {
	noted := false
	for _, n := range h.notes {
		noted = noted || n.Name == s.noteName()
	}
	opt := s.opt
	if opt.IfVersion != nil {
		opt.IfVersion = &s.noted // the note was a write, on top of the version that was asked for
	}
	switch err := opt.allows(h); {
	case err != nil:
		return err
	case !noted:
		return ErrSwept
	}
	return nil
}

// resolve finds out what became of a switch that nobody answered. If it has not happened it takes the note out, so that
// it cannot happen any more.
func (s *striping) resolve(ctx context.Context, unknown error) (Version, error) {
	ctx, cancel := s.p.c.after(ctx)
	defer cancel()
	for range maxTries {
		h, _, err := s.p.readHead(ctx, s.name)
		if err != nil {
			return Version{}, unknown
		}
		if h.manifest != nil && h.manifest.Generation == s.gen {
			return h.version, nil
		}
		out, err := s.p.takeOut(ctx, s.name, h, s.noteName())
		if out && err == nil {
			return Version{}, fmt.Errorf("%w: %s", ErrTimeout, "the last step of the put, which was taken back")
		}
		if !out || !raced(err) {
			return Version{}, unknown
		}
	}
	return Version{}, unknown
}

// abandon clears away what a Put has left that will not be finished. What it cannot reach is for GC.
func (s *striping) abandon(ctx context.Context) {
	ctx, cancel := s.p.c.after(ctx)
	defer cancel()
	for range maxTries {
		h, _, err := s.p.readHead(ctx, s.name)
		if err != nil {
			return
		}
		if _, err = s.p.takeOut(ctx, s.name, h, s.noteName()); err == nil {
			s.p.removePieces(ctx, s.name, &manifest{Generation: s.gen, Size: s.sent, PieceSize: 1})
			return
		}
		if !raced(err) {
			return
		}
	}
}

// takeOut takes a note out of an object, and removes a void record with it if it was the last. It reports whether the
// note was there.
func (p Pool) takeOut(ctx context.Context, name string, h *head, note string) (bool, error) {
	there := false
	for _, n := range h.notes {
		there = there || n.Name == note
	}
	if !there {
		return false, nil
	}
	how := withName(wire.StepRemoveXattr, note, nil)
	if h.kind == kindVoid && len(h.notes) == 1 {
		how = step(wire.StepRemove)
	}
	_, _, err := p.write(ctx, name, all(h.same(), how))
	return true, err
}

// after is a context for clearing up: it outlives ctx, for a while.
func (c *Client) after(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), min(c.cfg.Timeout, 5*time.Second))
}

// removePieces removes the pieces of a manifest that is no object's any more. What it cannot reach is for GC.
func (p Pool) removePieces(ctx context.Context, name string, m *manifest) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	team := newTeam(ctx, 2*p.c.cfg.Parallel)
	for i := range m.pieces() {
		ok := team.start(func(ctx context.Context) error {
			_, _, err := p.pieces().write(ctx, pieceName(m.Generation, i, name), step(wire.StepRemove))
			if errors.Is(err, ErrNotFound) {
				return nil
			}
			return err
		})
		if !ok {
			break
		}
	}
	team.wait()
}
