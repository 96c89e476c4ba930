package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"zeph/pkg/client"
)

// bench is one measurement.
type bench struct {
	p     client.Pool
	f     *benchFlags
	size  int
	count int // of objects
	name  string
	data  []byte

	next   atomic.Int64 // of the writes that make objects
	mu     sync.Mutex
	reads  histogram
	writes histogram
	failed int
	errs   []string
	took   time.Duration
}

func newBench(p client.Pool, size int, f *benchFlags) *bench {
	b := &bench{p: p, f: f, size: size, count: f.objects, name: fmt.Sprintf("bench-%08x-", rand.Uint32()), data: make([]byte, size)}
	if b.count <= 0 {
		b.count = max(f.threads, min(1024, 64<<20/size))
	}
	for i := range b.data {
		b.data[i] = byte(rand.Uint32())
	}
	return b
}

// run prepares, and measures for the time given. Operations that are under way when it is over are waited for, and count.
func (b *bench) run(ctx context.Context) error {
	if b.f.reads > 0 {
		if err := b.fill(ctx); err != nil {
			return fmt.Errorf("bench: prepare: %w", err)
		}
	}
	begun := time.Now()
	end := begun.Add(time.Duration(b.f.seconds * float64(time.Second)))
	var all sync.WaitGroup
	for i := range b.f.threads {
		all.Go(func() { b.thread(ctx, rand.New(rand.NewPCG(1, uint64(i))), end) })
	}
	all.Wait()
	b.took = time.Since(begun)
	return ctx.Err()
}

func (b *bench) fill(ctx context.Context) error {
	numbers := make([]int64, b.count)
	for i := range numbers {
		numbers[i] = int64(i)
	}
	b.next.Store(int64(b.count))
	return eachOf(ctx, b.f.threads, numbers, func(ctx context.Context, i int64) error {
		_, err := b.p.Put(ctx, b.object(i), bytes.NewReader(b.data), client.PutOptions{})
		return err
	})
}

func (b *bench) object(i int64) string { return fmt.Sprintf("%s%d", b.name, i) }

func (b *bench) thread(ctx context.Context, rng *rand.Rand, end time.Time) {
	var reads, writes histogram
	for ctx.Err() == nil {
		begun := time.Now()
		if !begun.Before(end) {
			break
		}
		h := &writes
		var err error
		if rng.IntN(100) < b.f.reads {
			h = &reads
			_, err = b.p.GetTo(ctx, b.object(rng.Int64N(int64(b.count))), io.Discard)
		} else {
			err = b.write(ctx, rng)
		}
		if err != nil {
			b.note(err)
			continue
		}
		h.add(time.Since(begun))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reads.merge(&reads)
	b.writes.merge(&writes)
}

// write makes an object while some are lacking, and then writes over one.
func (b *bench) write(ctx context.Context, rng *rand.Rand) error {
	i, opt := b.next.Add(1)-1, client.PutOptions{}
	if i >= int64(b.count) {
		i = rng.Int64N(int64(b.count))
		opt.IfExists = true // asked so, it takes one round trip
	}
	_, err := b.p.Put(ctx, b.object(i), bytes.NewReader(b.data), opt)
	if opt.IfExists && errors.Is(err, client.ErrNotFound) { // it is being made
		_, err = b.p.Put(ctx, b.object(i), bytes.NewReader(b.data), client.PutOptions{})
	}
	return err
}

func (b *bench) note(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed++
	if len(b.errs) < 5 {
		b.errs = append(b.errs, err.Error())
	}
}

// clear removes the objects.
func (b *bench) clear(ctx context.Context) {
	if b.f.keep {
		return
	}
	var numbers []int64
	for i := range min(b.next.Load(), int64(b.count)) {
		numbers = append(numbers, i)
	}
	eachOf(ctx, b.f.threads, numbers, func(ctx context.Context, i int64) error {
		b.p.Remove(ctx, b.object(i)) // what is left has a name that says what it is
		return nil
	})
}

func (b *bench) result(what string) *benchResult {
	seconds := b.took.Seconds()
	return &benchResult{What: what, Pool: b.p.Name(), Size: b.size, Threads: b.f.threads, Objects: b.count, Seconds: seconds,
		Write: side(&b.writes, b.size, seconds), Read: side(&b.reads, b.size, seconds), Failed: b.failed, Errors: b.errs}
}
