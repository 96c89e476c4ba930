package client

import (
	"context"
	"errors"
	"time"

	"zeph/pkg/wire"
)

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
