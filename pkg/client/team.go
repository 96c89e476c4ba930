package client

import (
	"context"
	"sync"
)

// team does several things at a time, a bounded number, until one fails.
type team struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	places chan struct{}
	all    sync.WaitGroup
}

func newTeam(ctx context.Context, size int) *team {
	ctx, cancel := context.WithCancelCause(ctx)
	return &team{ctx: ctx, cancel: cancel, places: make(chan struct{}, size)}
}

// start waits for a place and has f done beside the caller. False: one has failed, and nothing was started.
func (t *team) start(f func(context.Context) error) bool {
	select {
	case t.places <- struct{}{}:
	case <-t.ctx.Done():
		return false
	}
	t.all.Go(func() {
		defer func() { <-t.places }()
		if err := f(t.ctx); err != nil {
			t.cancel(err)
		}
	})
	return true
}

// wait waits for all, and returns the first error.
func (t *team) wait() error {
	t.all.Wait()
	err := context.Cause(t.ctx)
	t.cancel(nil)
	return err
}

// inOrder fetches n things, several at a time, and uses them one by one, in order.
func inOrder(ctx context.Context, n uint64, parallel int, fetch func(context.Context, uint64) ([]byte, error), use func([]byte) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		data []byte
		err  error
	}
	line := make(chan chan result, max(1, parallel-1))
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	all.Go(func() {
		defer close(line)
		for i := range n {
			got := make(chan result, 1)
			select {
			case line <- got:
			case <-ctx.Done():
				return
			}
			all.Go(func() {
				data, err := fetch(ctx, i)
				got <- result{data, err}
			})
		}
	})
	var done uint64
	for got := range line {
		r := <-got
		if r.err != nil {
			return r.err
		}
		if err := use(r.data); err != nil {
			return err
		}
		done++
	}
	if done < n {
		return ctx.Err()
	}
	return nil
}
