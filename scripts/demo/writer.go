package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"zeph/pkg/client"
)

// writer writes one small object after the other, and notes how long each took.
type writer struct {
	s    *story
	stop chan struct{} // closed to end it after the write under way
	done chan struct{}

	mu      sync.Mutex
	acked   int
	unsure  int
	longest time.Duration // between two acknowledged writes, since phase() was last called
	err     error
}

const (
	writeSize  = 16 << 10
	writePause = 5 * time.Millisecond
)

func (s *story) startWriter(ctx context.Context) {
	s.writer = &writer{s: s, stop: make(chan struct{}), done: make(chan struct{})}
	go s.writer.run(ctx)
}

// stopWriter ends the writer, if there is one that goes on.
func (s *story) stopWriter() {
	w := s.writer
	if w == nil {
		return
	}
	select {
	case <-w.stop:
	default:
		close(w.stop)
	}
	<-w.done
}

func (w *writer) run(ctx context.Context) {
	defer close(w.done)
	c, err := w.s.lab.Connect(ctx)
	if err != nil {
		w.fail(err)
		return
	}
	defer c.Close()
	pool, err := c.Pool(ctx, "demo")
	if err != nil {
		w.fail(err)
		return
	}
	last := time.Now()
	for i := 0; ctx.Err() == nil; i++ {
		w.write(ctx, pool, i)
		now := time.Now()
		w.mu.Lock()
		w.longest = max(w.longest, now.Sub(last))
		w.mu.Unlock()
		last = now
		select {
		case <-time.After(writePause):
		case <-w.stop:
			return
		case <-ctx.Done():
		}
	}
}

// write writes the i-th object. The client tries again by itself, until its patience ends.
func (w *writer) write(ctx context.Context, pool client.Pool, i int) {
	data := make([]byte, writeSize)
	io.ReadFull(noise(uint64(i)), data) // it never fails
	name := fmt.Sprintf("writer/%06d", i)
	c := content{sum: sha256.Sum256(data), size: writeSize}
	_, err := pool.Put(ctx, name, bytes.NewReader(data), client.PutOptions{})
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err == nil:
		w.acked++
	case errors.Is(err, client.ErrUnknown):
		c.unsure = true
		w.unsure++
	case ctx.Err() != nil:
		return
	default:
		w.err = errors.Join(w.err, fmt.Errorf("%s: %w", name, err))
		return
	}
	w.s.stored.add(name, c)
}

func (w *writer) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = errors.Join(w.err, err)
}

// phase is the longest time without an acknowledged write since it was last asked, and any error.
func (w *writer) phase() (time.Duration, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	longest := w.longest
	w.longest = 0
	return longest, w.err
}
