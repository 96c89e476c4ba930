package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"zeph/pkg/wire"
)

// Write gathers steps for Apply. The zero Write has none; each method adds one and returns it.
//
//	w := new(client.Write).IsXattr("state", []byte("draft")).Append(line).SetXattr("state", []byte("final"))
type Write struct {
	parts []steps
	data  bool // some step changes the object's data
}

func (w *Write) add(s steps) *Write {
	w.parts = append(w.parts, s)
	return w
}

func (w *Write) change(s wire.Step, data []byte) *Write {
	w.data = true
	return w.add(one(s, data))
}

// IsVersion is the condition that the last write of the object had the version.
func (w *Write) IsVersion(v Version) *Write { return w.add(isVersion(v)) }

// IsXattr is the condition that an attribute has a value.
func (w *Write) IsXattr(name string, value []byte) *Write { return w.add(isXattr(name, value)) }

// Absent is the condition that there is no such object.
func (w *Write) Absent() *Write { return w.add(step(wire.StepAbsent)) }

// Exists is the condition that there is one.
func (w *Write) Exists() *Write { return w.add(step(wire.StepExists)) }

// Create makes an empty object unless there is one.
func (w *Write) Create() *Write { return w.add(step(wire.StepCreate)) }

// WriteAt writes at an offset; a hole before it reads as zeros.
func (w *Write) WriteAt(off uint64, data []byte) *Write {
	return w.change(wire.Step{Op: wire.StepWrite, Offset: off}, data)
}

// Append writes at the object's end.
func (w *Write) Append(data []byte) *Write { return w.change(wire.Step{Op: wire.StepAppend}, data) }

// Truncate cuts the object, or fills it up with zeros, to a size.
func (w *Write) Truncate(size uint64) *Write {
	return w.change(wire.Step{Op: wire.StepTruncate, Offset: size}, nil)
}

// Zero makes a range read as zeros.
func (w *Write) Zero(off, n uint64) *Write {
	return w.change(wire.Step{Op: wire.StepZero, Offset: off, Length: n}, nil)
}

// SetXattr sets an attribute.
func (w *Write) SetXattr(name string, value []byte) *Write { return w.add(setXattr(name, value)) }

// RemoveXattr removes an attribute.
func (w *Write) RemoveXattr(name string) *Write {
	return w.add(withName(wire.StepRemoveXattr, name, nil))
}

// SetOmap sets a key of the omap.
func (w *Write) SetOmap(key string, value []byte) *Write {
	return w.add(withName(wire.StepSetOmap, key, value))
}

// RemoveOmap removes a key of the omap.
func (w *Write) RemoveOmap(key string) *Write {
	return w.add(withName(wire.StepRemoveOmap, key, nil))
}

// ClearOmap removes all keys of the omap.
func (w *Write) ClearOmap() *Write { return w.add(step(wire.StepClearOmap)) }

// check refuses what is the library's own.
func (w *Write) check() error {
	for _, part := range w.parts {
		for _, s := range part.steps {
			if onXattr(s.Op) {
				if err := checkAttr(s.Name); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func onXattr(op wire.StepOp) bool {
	return op == wire.StepSetXattr || op == wire.StepRemoveXattr || op == wire.StepIsXattr
}

func checkAttr(name string) error {
	if name == "" || strings.HasPrefix(name, attrOwn) {
		return fmt.Errorf("attribute '%s': %w: those that begin with %s are Zeph's own", name, ErrName, attrOwn)
	}
	return nil
}

// maxTries is how often a write is tried that depends on what was read before, when that changes each time.
const maxTries = 20

// Apply carries out the steps of a Write on one object: all, in order, or none.
//
// The usual object is one in one piece. That it is, the request itself checks, so Apply costs one round trip.
// Only when it is not so the object is looked at first.
func (p Pool) Apply(ctx context.Context, name string, w *Write) (Version, error) {
	fail := func(err error) (Version, error) { return Version{}, p.fail("write", name, err) }
	if err := errors.Join(checkName(name), w.check()); err != nil {
		return fail(err)
	}
	reply, _, err := p.write(ctx, name, all(append([]steps{isXattr(attrKind, []byte(kindPlain)), w.sumOff()}, w.parts...)...))
	for range maxTries {
		switch at := failed(reply.Results); {
		case err == nil:
			return reply.Version, nil
		case at > 0, !raced(err):
			return fail(err) // a condition of the caller's
		}
		h, _, rerr := p.readHead(ctx, name)
		if rerr != nil {
			return fail(rerr)
		}
		if h.named && h.kind == kindPlain && failed(reply.Results) < 0 {
			return fail(err) // our condition held
		}
		s, serr := w.onto(h)
		if serr != nil {
			return fail(serr)
		}
		reply, _, err = p.write(ctx, name, s)
	}
	return fail(err)
}

// sumOff are steps by which the checksum of a plain object is not known any more, if the data change.
func (w *Write) sumOff() steps {
	if w.data {
		return setXattr(attrSum, nil)
	}
	return steps{}
}

// onto are the steps of a Write for an object whose head was read.
func (w *Write) onto(h *head) (steps, error) {
	parts := w.parts
	switch {
	case h.kind == kindStriped && w.data:
		return steps{}, ErrStriped
	case h.kind == kindStriped:
		return all(append([]steps{isXattr(attrKind, []byte(kindStriped))}, parts...)...), nil
	case h.exists():
		return all(append([]steps{h.same(), setXattr(attrKind, []byte(kindPlain)), w.sumOff()}, parts...)...), nil
	}
	// There is none, or a void one. Conditions are settled here; the object's record must not change meanwhile.
	parts = nil
	makes := false
	for _, part := range w.parts {
		switch op := part.steps[0].Op; op {
		case wire.StepAbsent:
			continue
		case wire.StepExists, wire.StepIsVersion, wire.StepIsXattr:
			if !makes {
				return steps{}, ErrNotFound
			}
		case wire.StepRemoveXattr, wire.StepRemoveOmap, wire.StepClearOmap, wire.StepZero, wire.StepTruncate:
		default:
			makes = true
		}
		parts = append(parts, part)
	}
	if !makes {
		return steps{}, ErrNotFound
	}
	return all(slices.Concat([]steps{h.same(), step(wire.StepCreate), setXattr(attrKind, []byte(kindPlain)), w.sumOff()}, parts)...), nil
}

// Append writes at the end of an object in one piece, and makes it if there is none.
func (p Pool) Append(ctx context.Context, name string, data []byte) (Version, error) {
	return p.Apply(ctx, name, new(Write).Append(data))
}

// WriteAt writes into an object in one piece, and makes it if there is none.
func (p Pool) WriteAt(ctx context.Context, name string, off uint64, data []byte) (Version, error) {
	return p.Apply(ctx, name, new(Write).WriteAt(off, data))
}

// Truncate cuts an object in one piece, or fills it up with zeros, to a size. It must exist.
func (p Pool) Truncate(ctx context.Context, name string, size uint64) (Version, error) {
	return p.Apply(ctx, name, new(Write).Exists().Truncate(size))
}
