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
