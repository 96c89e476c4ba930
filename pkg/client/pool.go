package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"zeph/pkg/core"
	"zeph/pkg/objecter"
	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Version numbers the writes of an object. It never falls, not even when the object is removed.
type Version = wire.PGVersion

// Pool is a pool of objects, or a namespace of one. It is a small value, to be copied at will.
type Pool struct {
	c    *Client
	id   osdmap.PoolID
	name string
	ns   string
}

// Pool finds a pool by name. What is done by the handle is done to that very pool, or fails with ErrNoPool:
// never to another one that got the name later.
func (c *Client) Pool(ctx context.Context, name string) (Pool, error) {
	d, err := c.do(ctx, func(tok core.Token, timeout time.Duration) core.Event {
		return objecter.LookUp{Token: tok, Pool: objecter.Pool{Name: name}, Timeout: timeout}
	})
	if errors.Is(err, ErrNoPool) {
		return Pool{}, err // which has its name
	}
	if err != nil {
		return Pool{}, fmt.Errorf("look up pool '%s': %w", name, err)
	}
	found := d.Body.(*osdmap.Pool)
	return Pool{c: c, id: found.ID, name: found.Name}, nil
}

// ID is the pool's id.
func (p Pool) ID() osdmap.PoolID { return p.id }

// Name is the name that the pool had when the handle was made.
func (p Pool) Name() string { return p.name }

// Namespace is a part of the pool whose objects have names of their own. The default one has the empty name.
// Names that begin with ".zeph" are the library's own.
func (p Pool) Namespace(name string) (Pool, error) {
	if strings.HasPrefix(name, ".zeph") || len(name) > store.MaxNamespace-len(piecesPrefix) {
		return Pool{}, fmt.Errorf("namespace '%s': %w: it is too long, or begins with .zeph", name, ErrName)
	}
	if !utf8.ValidString(name) {
		return Pool{}, fmt.Errorf("namespace '%s': %w: it is no UTF-8", name, ErrName)
	}
	p.ns = name
	return p, nil
}

func (p Pool) object(name string) objecter.Object {
	return objecter.Object{Pool: objecter.Pool{ID: p.id, Name: p.name}, Namespace: p.ns, Name: name}
}

// checkName refuses what cannot be an object's name: there must be room for what names of pieces have more.
func checkName(name string) error {
	if name == "" || len(name) > store.MaxName-pieceNameExtra {
		return fmt.Errorf("%w: it must have 1 to %d bytes", ErrName, store.MaxName-pieceNameExtra)
	}
	if !utf8.ValidString(name) {
		return fmt.Errorf("%w: it is no UTF-8", ErrName)
	}
	return nil
}

// fail says what an error was about.
func (p Pool) fail(verb, name string, err error) error {
	if p.ns != "" {
		name = p.ns + "/" + name
	}
	return fmt.Errorf("%s %s/%s: %w", verb, p.name, name, err)
}

// write sends steps that change an object, as they are.
func (p Pool) write(ctx context.Context, name string, s steps) (*wire.WriteReply, objecter.Done, error) {
	d, err := p.c.do(ctx, func(tok core.Token, timeout time.Duration) core.Event {
		return objecter.Write{Token: tok, Object: p.object(name), Steps: s.steps, Bulk: s.bulk, Timeout: timeout}
	})
	reply, _ := d.Body.(*wire.WriteReply)
	if reply == nil {
		reply = &wire.WriteReply{}
	}
	return reply, d, err
}

// read sends steps that read an object, as they are. The parts are what each step brought.
func (p Pool) read(ctx context.Context, name string, s steps) (*wire.ReadReply, [][]byte, error) {
	d, err := p.c.do(ctx, func(tok core.Token, timeout time.Duration) core.Event {
		return objecter.Read{Token: tok, Object: p.object(name), Steps: s.steps, Bulk: s.bulk, Timeout: timeout}
	})
	reply, _ := d.Body.(*wire.ReadReply)
	if reply == nil {
		reply = &wire.ReadReply{}
	}
	if err != nil {
		return reply, nil, err
	}
	parts, rest := make([][]byte, len(s.steps)), d.Bulk
	for i, r := range reply.Results {
		if i >= len(parts) || r.Length > uint64(len(rest)) {
			return reply, nil, wire.Malformed.Errorf("the answer's bulk does not fit its results")
		}
		parts[i], rest = rest[:r.Length:r.Length], rest[r.Length:]
	}
	return reply, parts, nil
}

// failed is the number of the step that failed, or -1 if that is not known.
func failed(results []wire.Result) int {
	for i, r := range results {
		if r.Code != 0 {
			return i
		}
	}
	return -1
}

// steps are steps of a request with their bulk.
type steps struct {
	steps []wire.Step
	bulk  []byte
}

// one is a single step; data is not copied yet.
func one(step wire.Step, data []byte) steps {
	if step.Op.Uses()&wire.SendsBulk != 0 {
		step.Length = uint64(len(data))
	}
	return steps{[]wire.Step{step}, data}
}

func step(op wire.StepOp) steps { return one(wire.Step{Op: op}, nil) }

func withName(op wire.StepOp, name string, value []byte) steps {
	return one(wire.Step{Op: op, Name: name}, value)
}

func isVersion(v Version) steps                { return one(wire.Step{Op: wire.StepIsVersion, Version: v}, nil) }
func setXattr(name string, value []byte) steps { return withName(wire.StepSetXattr, name, value) }
func isXattr(name string, value []byte) steps  { return withName(wire.StepIsXattr, name, value) }
func writeFull(data []byte) steps              { return one(wire.Step{Op: wire.StepWriteFull}, data) }

func readRange(off, n uint64) steps {
	return one(wire.Step{Op: wire.StepRead, Offset: off, Length: n}, nil)
}

// all joins steps. The bulk is copied once.
func all(list ...steps) steps {
	n := 0
	for _, one := range list {
		n += len(one.bulk)
	}
	joined := steps{bulk: make([]byte, 0, n)}
	for _, one := range list {
		joined.steps = append(joined.steps, one.steps...)
		joined.bulk = append(joined.bulk, one.bulk...)
	}
	return joined
}
