package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"zeph/pkg/client"
	"zeph/pkg/lab"
)

const objects = 40

// check writes and reads, and holds what it is told against what it knows.
type check struct {
	began   time.Time
	clients []*client.Client
	writers client.Pool
	readers client.Pool
	objects [objects]object
	stop    chan struct{}
	wg      sync.WaitGroup

	writes, reads, failed, unsure atomic.Int64

	mu    sync.Mutex
	wrong []error
}

// object is one that is counted up. Large ones are padded.
type object struct {
	acked, tried atomic.Uint64
	pad          int
}

func name(i int) string { return fmt.Sprintf("soak/%02d", i) }

func newCheck(ctx context.Context, l *lab.Lab) (*check, error) {
	c := &check{began: time.Now(), stop: make(chan struct{})}
	for _, pool := range []*client.Pool{&c.writers, &c.readers} {
		cl, err := l.Connect(ctx)
		if err != nil {
			return nil, err
		}
		c.clients = append(c.clients, cl)
		if *pool, err = cl.Pool(ctx, "demo"); err != nil {
			return nil, err
		}
	}
	for i := range c.objects {
		c.objects[i].pad = []int{0, 100, 3000, 0, 60_000, 0, 1000, 1 << 20}[i%8]
	}
	return c, nil
}

func (c *check) close() {
	for _, cl := range c.clients {
		cl.Close()
	}
}

func (c *check) say(format string, args ...any) {
	fmt.Printf("%6.1f s  %-60s  writes %d (%d unsure) reads %d failed %d\n", time.Since(c.began).Seconds(),
		fmt.Sprintf(format, args...), c.writes.Load(), c.unsure.Load(), c.reads.Load(), c.failed.Load())
}

func (c *check) fail(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	c.say("WRONG: %v", err)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = append(c.wrong, err)
}

func (c *check) start(ctx context.Context) {
	for i := range c.objects {
		c.wg.Go(func() { c.write(ctx, i) })
		c.wg.Go(func() { c.read(ctx, i) })
	}
}

func (c *check) stopped(ctx context.Context, pause time.Duration) bool {
	select {
	case <-c.stop:
		return true
	case <-ctx.Done():
		return true
	case <-time.After(pause):
		return false
	}
}

func (c *check) write(ctx context.Context, i int) {
	o := &c.objects[i]
	for !c.stopped(ctx, 20*time.Millisecond) {
		n := o.tried.Add(1)
		text := append([]byte(strconv.FormatUint(n, 10)+"\n"), make([]byte, o.pad)...)
		_, err := c.writers.Put(ctx, name(i), bytes.NewReader(text), client.PutOptions{})
		switch {
		case err == nil:
			c.writes.Add(1)
			o.acked.Store(n)
		case errors.Is(err, client.ErrUnknown):
			c.unsure.Add(1)
		case ctx.Err() == nil:
			c.failed.Add(1)
			c.say("write %s: %v", name(i), err)
		}
	}
}

func (c *check) read(ctx context.Context, i int) {
	var last uint64
	for !c.stopped(ctx, 30*time.Millisecond) {
		least := max(last, c.objects[i].acked.Load())
		n, err := c.value(ctx, i)
		most := c.objects[i].tried.Load()
		switch {
		case ctx.Err() != nil:
		case err != nil:
			c.failed.Add(1)
			c.say("read %s: %v", name(i), err)
		case n < least || n > most:
			c.fail("%s: read %d, expected %d to %d", name(i), n, least, most)
		default:
			last = n
			c.reads.Add(1)
		}
	}
}

// value is the count of an object; 0: it is not there.
func (c *check) value(ctx context.Context, i int) (uint64, error) {
	text, _, err := c.readers.Get(ctx, name(i))
	if errors.Is(err, client.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(text[:min(len(text), 30)]), "\n")
	n, err := strconv.ParseUint(line, 10, 64)
	if err != nil || len(text) != len(line)+1+c.objects[i].pad {
		return 0, fmt.Errorf("%d bytes that nobody wrote: %q", len(text), line)
	}
	return n, nil
}

// end ends writers and readers and reads all once more.
func (c *check) end(ctx context.Context) error {
	close(c.stop)
	c.wg.Wait()
	for i := range c.objects {
		o := &c.objects[i]
		n, err := c.value(ctx, i)
		if err != nil {
			c.fail("%s: last read: %v", name(i), err)
		} else if n < o.acked.Load() || n > o.tried.Load() {
			c.fail("%s: last read %d, acknowledged was %d", name(i), n, o.acked.Load())
		}
	}
	c.say("end")
	return errors.Join(c.wrong...)
}
