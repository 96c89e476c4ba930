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

// Daemons die and come back while clients write and read. Whoever was told that a write was done finds it,
// or a later one, in every later read.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	var opts []zephtest.Option
	if *onDisk {
		opts = append(opts, zephtest.Disk())
	}
	c := zephtest.Start(t, 3, 5, opts...)
	pool := c.Pool("demo")
	ctx, cancel := context.WithTimeout(t.Context(), *soak)
	defer cancel()
	var clients sync.WaitGroup
	var done atomic.Int64
	for w := range 8 {
		clients.Go(func() { writer(t, ctx, pool, w, &done) })
	}
	trouble(t, ctx, c)
	clients.Wait()
	c.WaitHealthy()
	t.Logf("%d writes", done.Load())
	ended(t, c)
}

// trouble ends daemons, well or not, and starts them again.
func trouble(t *testing.T, ctx context.Context, c *zephtest.Cluster) {
	for ctx.Err() == nil {
		var victims []string
		for _, osd := range rand.Perm(5)[:1+rand.IntN(3)/2] {
			victims = append(victims, fmt.Sprint("osd.", osd))
		}
		if rand.IntN(3) == 0 {
			victims = append(victims, fmt.Sprint("mon.", string(rune('a'+rand.IntN(3)))))
		}
		end, how := c.Kill, "kill"
		if rand.IntN(4) == 0 {
			end, how = c.Stop, "stop"
		}
		t.Logf("%s %v", how, victims)
		for _, v := range victims {
			end(v)
		}
		pause(ctx, time.Duration(rand.IntN(2000))*time.Millisecond)
		for _, v := range victims {
			c.Restart(v)
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

// writer overwrites an object with ever higher numbers, and reads it.
func writer(t *testing.T, ctx context.Context, pool client.Pool, w int, done *atomic.Int64) {
	name := fmt.Sprint("object-", w)
	acked, sent := uint64(0), uint64(0)
	for ctx.Err() == nil {
		sent++
		data := bytes.Repeat(binary.LittleEndian.AppendUint64(nil, sent), 1+rand.IntN(2000))
		_, err := pool.Put(t.Context(), name, bytes.NewReader(data), client.PutOptions{})
		switch {
		case err == nil:
			acked = sent
			done.Add(1)
		case !errors.Is(err, client.ErrUnknown):
			t.Errorf("%s: put %d: %v", name, sent, err)
			return
		}
		got, _, err := pool.Get(t.Context(), name)
		if err != nil && !(errors.Is(err, client.ErrNotFound) && acked == 0) {
			t.Errorf("%s: get: %v", name, err)
			return
		}
		if err == nil && !whole(got, acked, sent) {
			t.Errorf("%s: read %d bytes that begin with %x; %d was acknowledged, %d sent", name, len(got), got[:min(16, len(got))], acked, sent)
			return
		}
	}
}

// whole reports whether data is one write's, no older than acked.
func whole(data []byte, acked, sent uint64) bool {
	if len(data) < 8 {
		return false
	}
	n := binary.LittleEndian.Uint64(data)
	return acked <= n && n <= sent && bytes.Equal(data, bytes.Repeat(data[:8], len(data)/8))
}
