package zephtest_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zeph/pkg/client"
	"zeph/zephtest"
)

var (
	soak   = flag.Duration("soak", 3*time.Second, "how long TestSoak goes on")
	onDisk = flag.Bool("soak.disk", false, "TestSoak with stores on disk")
)

// Daemons die, are cut off, and come back while clients write and read. Whoever was told that a write was
// done finds it, or a later one, in every later read, and so does everybody else.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	var opts []zephtest.Option
	if *onDisk {
		opts = append(opts, zephtest.Disk())
	}
	c := zephtest.Start(t, 3, 5, opts...)
	c.Pool("demo")
	ctx, cancel := context.WithTimeout(t.Context(), *soak)
	defer cancel()
	var clients sync.WaitGroup
	var objects [8]object
	for i := range objects {
		objects[i].name = fmt.Sprint("object-", i)
		write, read := poolOf(t, c), poolOf(t, c)
		clients.Go(func() { objects[i].write(t, ctx, write) })
		clients.Go(func() { objects[i].read(t, ctx, read) })
	}
	trouble(t, ctx, c)
	clients.Wait()
	c.WaitHealthy()
	writes := uint64(0)
	pool := poolOf(t, c)
	for i := range objects {
		writes += objects[i].acked.Load()
		objects[i].check(t, pool)
	}
	t.Logf("%d writes", writes)
	ended(t, c)
}

// poolOf is the pool by a client of its own, whose map is as old as it likes.
func poolOf(t *testing.T, c *zephtest.Cluster) client.Pool {
	t.Helper()
	p, err := c.Client().Pool(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// trouble ends daemons, well or not, or cuts them off, and makes all well again.
func trouble(t *testing.T, ctx context.Context, c *zephtest.Cluster) {
	for ctx.Err() == nil {
		var victims []string
		for _, osd := range rand.Perm(5)[:1+rand.IntN(3)/2] {
			victims = append(victims, fmt.Sprint("osd.", osd))
		}
		if rand.IntN(3) == 0 {
			victims = append(victims, fmt.Sprint("mon.", string(rune('a'+rand.IntN(3)))))
		}
		begin, end, how := c.Kill, c.Restart, "kill"
		switch rand.IntN(4) {
		case 0:
			begin, how = c.Stop, "stop"
		case 1:
			begin, end, how = func(d string) { c.Cut(zephtest.Silence, d) }, func(string) { c.Heal() }, "cut off, silently,"
		case 2:
			begin, end, how = func(d string) { c.Cut(zephtest.Refusal, d) }, func(string) { c.Heal() }, "cut off, by refusal,"
		}
		t.Logf("%s %v", how, victims)
		for _, v := range victims {
			begin(v)
		}
		pause(ctx, time.Duration(rand.IntN(5000))*time.Millisecond)
		for _, v := range victims {
			end(v)
		}
		if rand.IntN(2) == 0 {
			c.WaitHealthy()
		} else {
			pause(ctx, time.Duration(rand.IntN(1500))*time.Millisecond)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// object holds a number that grows with every write.
type object struct {
	name  string
	sent  atomic.Uint64
	acked atomic.Uint64
}

func (o *object) write(t *testing.T, ctx context.Context, pool client.Pool) {
	for ctx.Err() == nil && !t.Failed() {
		n := o.sent.Add(1)
		data := bytes.Repeat(binary.LittleEndian.AppendUint64(nil, n), 1+rand.IntN(2000))
		_, err := pool.Put(t.Context(), o.name, bytes.NewReader(data), client.PutOptions{})
		switch {
		case err == nil:
			o.acked.Store(n)
		case !errors.Is(err, client.ErrUnknown) && !errors.Is(err, client.ErrTimeout):
			t.Errorf("%s: put %d: %v", o.name, n, err)
		}
		o.check(t, pool)
	}
}

func (o *object) read(t *testing.T, ctx context.Context, pool client.Pool) {
	for ctx.Err() == nil && !t.Failed() {
		o.check(t, pool)
	}
}

// check reads the object: it is one write's, whole, and no older than what was acknowledged before.
func (o *object) check(t *testing.T, pool client.Pool) {
	acked := o.acked.Load()
	data, _, err := pool.Get(t.Context(), o.name)
	switch {
	case errors.Is(err, client.ErrTimeout), errors.Is(err, client.ErrNotFound) && acked == 0:
	case err != nil:
		t.Errorf("%s: get: %v", o.name, err)
	case len(data) < 8 || !bytes.Equal(data, bytes.Repeat(data[:8], len(data)/8)):
		t.Errorf("%s: %d bytes are no one write's", o.name, len(data))
	default:
		if n := binary.LittleEndian.Uint64(data); n < acked || n > o.sent.Load() {
			t.Errorf("%s: read %d; before that %d was acknowledged", o.name, n, acked)
		}
	}
}
