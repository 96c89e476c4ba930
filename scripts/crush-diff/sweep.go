package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// sweep runs trials until the table is full.
type sweep struct {
	seed     uint64
	target   int // mappings for each cell
	limit    time.Duration
	workers  int
	draws    int // for each trial
	save     string
	tools    tools
	progress io.Writer
	tally    *tally
}

// run works until every cell is full, time is up, or something goes wrong.
func (s *sweep) run(ctx context.Context) error {
	s.tally = newTally()
	if s.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.limit)
		defer cancel()
	}
	timeUp := ctx
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var wg sync.WaitGroup
	for range s.workers {
		wg.Go(func() {
			if err := s.work(ctx); err != nil {
				fail(err)
			}
		})
	}
	finished := make(chan struct{})
	go func() {
		wg.Wait()
		close(finished)
	}()
	s.report(finished)
	switch err := context.Cause(ctx); {
	case errors.Is(err, context.DeadlineExceeded) && timeUp.Err() != nil:
		return nil
	default:
		return err
	}
}

// work runs one trial after the other.
func (s *sweep) work(ctx context.Context) error {
	for ctx.Err() == nil {
		id, ok := s.tally.next(s.target)
		if !ok {
			return nil
		}
		compared, objects, err := s.trial(ctx, id)
		if err != nil {
			return err
		}
		s.tally.done(id, compared, objects)
	}
	return nil
}

// report says now and then how far the work is.
func (s *sweep) report(finished <-chan struct{}) {
	const often = 10 * time.Second
	tick := time.NewTicker(often)
	defer tick.Stop()
	for {
		select {
		case <-finished:
			return
		case <-tick.C:
			fmt.Fprintln(s.progress, s.tally.summary(s.target))
		}
	}
}

// one repeats a single trial, and keeps its files.
func (s *sweep) one(ctx context.Context, id trialID) error {
	compared, objects, err := s.trial(ctx, id)
	if err == nil {
		fmt.Fprintf(s.progress, "%v: no mismatch; mappings by shape of rule %v, %d objects\n", id, compared, objects)
	}
	return err
}

// trial makes a map and has both sides map by it.
func (s *sweep) trial(ctx context.Context, id trialID) (compared counts, objects int, err error) {
	dir, err := os.MkdirTemp("", "crush-diff-")
	if err != nil {
		return counts{}, 0, err
	}
	defer os.RemoveAll(dir)
	b := &bench{ctx: ctx, tools: s.tools, dir: dir, draws: s.draws}
	compared, objects, err = b.trial(newCase(s.seed, id))
	if err != nil && ctx.Err() != nil {
		return counts{}, 0, context.Cause(ctx)
	}
	if err == nil {
		return compared, objects, nil
	}
	f := &failure{seed: s.seed, trial: id, err: err}
	var keepErr error
	if f.files, keepErr = s.keep(id, dir); keepErr != nil {
		return counts{}, 0, errors.Join(f, keepErr)
	}
	return counts{}, 0, f
}

// failure is a trial in which the two sides do not agree: on a mapping, or on whether a map
// is one.
type failure struct {
	seed  uint64
	trial trialID
	files string // where they are kept
	err   error
}

func (f *failure) Error() string {
	return fmt.Sprintf("trial %v of seed %d, files in %s:\n%v", f.trial, f.seed, f.files, f.err)
}

func (f *failure) Unwrap() error { return f.err }

// keep copies the files of a trial to where they stay.
func (s *sweep) keep(id trialID, dir string) (string, error) {
	parent := s.save
	if parent == "" {
		var err error
		if parent, err = os.MkdirTemp("", "crush-diff-mismatch-"); err != nil {
			return "", err
		}
	}
	kept := filepath.Join(parent, strings.ReplaceAll(id.String(), "/", "-"))
	return kept, os.CopyFS(kept, os.DirFS(dir))
}
