package client

import (
	"context"
	"errors"
	"strings"
	"time"

	"zeph/pkg/wire"
)

// GCOptions say what to sweep.
type GCOptions struct {
	Older  time.Duration // puts whose last sign of life is younger are left alone; 0: none is
	DryRun bool          // only count
}

// GCResult is what a sweep found.
type GCResult struct {
	Generations int    `json:"generations"` // of pieces, that are no object's
	Pieces      int    `json:"pieces"`      // of them
	Bytes       uint64 `json:"bytes"`       // of them
	Notes       int    `json:"notes"`       // of puts that did not end
	Young       int    `json:"young"`       // puts that are left alone, for they may be under way
}

// generation is one set of pieces, or a note without any.
type generation struct {
	ns, object, gen string
}

// found is what there is of a generation.
type found struct {
	pieces int
	bytes  uint64
	last   time.Time // the newest piece
}

// GC sweeps the pool, all its namespaces: it removes what interrupted Puts left. A put's note is taken out before its
// pieces are removed, so one that is under way after all fails, and never succeeds without its pieces.
func (p Pool) GC(ctx context.Context, opt GCOptions) (GCResult, error) {
	g := &sweep{p: p, opt: opt, gens: map[generation]*found{}, doomed: map[generation]bool{}}
	err := g.gather(ctx)
	if err == nil {
		err = g.judgeAll(ctx)
	}
	if err == nil && !opt.DryRun {
		err = g.clear(ctx)
	}
	return g.result, err
}

type sweep struct {
	p      Pool
	opt    GCOptions
	gens   map[generation]*found
	voids  []generation // records that look empty, without a generation
	doomed map[generation]bool
	result GCResult
}

// gather lists what there is.
func (g *sweep) gather(ctx context.Context) error {
	for page, err := range g.p.pages(ctx, &wire.List{All: true}) {
		if err != nil {
			return err
		}
		for _, o := range page {
			if gen, ok := pieceOf(o); ok {
				f := g.gens[gen]
				if f == nil {
					f = &found{}
					g.gens[gen] = f
				}
				f.pieces++
				f.bytes += o.Size
				if at := time.UnixMilli(int64(o.Modified)); at.After(f.last) {
					f.last = at
				}
			} else if o.Size == 0 {
				g.voids = append(g.voids, generation{ns: o.Namespace, object: o.Name})
			}
		}
	}
	return nil
}

// pieceOf is the generation that a listed object is a piece of.
func pieceOf(o wire.Listed) (generation, bool) {
	ns, ok := strings.CutPrefix(o.Namespace, piecesPrefix)
	if !ok {
		return generation{}, false
	}
	gen, object, ok := parsePiece(o.Name)
	return generation{strings.TrimPrefix(ns, "/"), object, gen}, ok
}

// judgeAll looks at the object of each generation.
func (g *sweep) judgeAll(ctx context.Context) error {
	for gen, f := range g.gens {
		if err := g.judge(ctx, gen, f); err != nil {
			return err
		}
	}
	for _, v := range g.voids {
		if err := g.judge(ctx, v, &found{}); err != nil {
			return err
		}
	}
	return nil
}

// judge decides what becomes of a generation: it lives if the manifest names it, and, while it is young, if a note
// does. A void record's notes are judged alike.
func (g *sweep) judge(ctx context.Context, gen generation, f *found) error {
	p := g.p
	p.ns = gen.ns
	for range maxTries {
		h, _, err := p.readHead(ctx, gen.object)
		if err != nil {
			return p.fail("sweep", gen.object, err)
		}
		if gen.gen != "" && h.manifest != nil && h.manifest.Generation == gen.gen {
			return nil
		}
		note := g.noteOf(h, gen)
		if note == nil {
			g.doom(gen, f)
			return nil
		}
		if g.young(note, f.last) {
			g.result.Young++
			return nil
		}
		if !g.opt.DryRun {
			_, err = p.takeOut(ctx, gen.object, h, note.Name)
		}
		switch {
		case err == nil && gen.gen == "" && !g.opt.DryRun:
			g.result.Notes++ // there may be another one
		case err == nil:
			g.result.Notes++
			g.doom(gen, f)
			return nil
		case !raced(err):
			return p.fail("sweep", gen.object, err)
		}
	}
	return p.fail("sweep", gen.object, errBusy)
}

func (g *sweep) doom(gen generation, f *found) {
	if gen.gen == "" {
		return
	}
	g.doomed[gen] = true
	g.result.Generations++
	g.result.Pieces += f.pieces
	g.result.Bytes += f.bytes
}

// noteOf is a generation's note in an object; of a void record without one, any of those whose pieces were not seen.
func (g *sweep) noteOf(h *head, gen generation) *wire.Pair {
	for i := range h.notes {
		of := strings.TrimPrefix(h.notes[i].Name, attrNote)
		if of == gen.gen {
			return &h.notes[i]
		}
		if gen.gen == "" && g.gens[generation{gen.ns, gen.object, of}] == nil {
			return &h.notes[i]
		}
	}
	return nil
}

// young reports whether a put may still be under way.
func (g *sweep) young(note *wire.Pair, lastPiece time.Time) bool {
	last := lastPiece
	if at, err := time.Parse(time.RFC3339, string(note.Value)); err == nil && at.After(last) {
		last = at
	}
	return g.opt.Older > 0 && time.Since(last) < g.opt.Older
}

// clear removes the pieces of doomed generations.
func (g *sweep) clear(ctx context.Context) error {
	if len(g.doomed) == 0 {
		return nil
	}
	team := newTeam(ctx, 2*g.p.c.cfg.Parallel)
	for page, err := range g.p.pages(ctx, &wire.List{All: true}) {
		if err != nil {
			team.wait()
			return err
		}
		for _, o := range page {
			gen, ok := pieceOf(o)
			if !ok || !g.doomed[gen] {
				continue
			}
			p := g.p
			p.ns = o.Namespace
			team.start(func(ctx context.Context) error {
				_, _, err := p.write(ctx, o.Name, step(wire.StepRemove))
				if errors.Is(err, ErrNotFound) {
					return nil
				}
				return err
			})
		}
	}
	return team.wait()
}
