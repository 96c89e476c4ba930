package zephtest_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"zeph/pkg/client"
	"zeph/pkg/status"
	"zeph/zephtest"
)

// What is stored is there while an OSD is down, and when it is back.
func TestObjectsOutliveAnOSD(t *testing.T) {
	for name, opts := range map[string][]zephtest.Option{"memory": nil, "disk": {zephtest.Disk()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := zephtest.Start(t, 1, 3, append(opts, zephtest.LogLevel(slog.LevelInfo))...)
			pool := c.Pool("demo")
			put(t, pool, 0, 20)
			c.Kill("osd.1")
			put(t, pool, 20, 40)
			get(t, pool, 40)
			c.Restart("osd.1")
			c.WaitHealthy()
			get(t, pool, 40)
			ended(t, c)
		})
	}
}

func put(t *testing.T, pool client.Pool, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if _, err := pool.Put(t.Context(), fmt.Sprint("object-", i), bytes.NewReader(content(i)), client.PutOptions{}); err != nil {
			t.Fatalf("put %d: %v", i, err)
		}
	}
}

func get(t *testing.T, pool client.Pool, n int) {
	t.Helper()
	for i := range n {
		got, _, err := pool.Get(t.Context(), fmt.Sprint("object-", i))
		if err != nil || !bytes.Equal(got, content(i)) {
			t.Fatalf("get %d: %d bytes, %v", i, len(got), err)
		}
	}
}

// ended waits until every request has been ended: one that a daemon forgets holds its sender's credit for
// ever.
func ended(t *testing.T, c *zephtest.Cluster) {
	t.Helper()
	for again := time.NewTicker(10 * time.Millisecond); c.Requests() > 0; <-again.C {
		if t.Context().Err() != nil {
			t.Fatalf("%d requests are not ended", c.Requests())
		}
	}
}

func content(i int) []byte { return bytes.Repeat(fmt.Appendf(nil, "zeph %d ", i), 1000) }

// The cluster goes on without the monitor that led.
func TestMonitorsGoOnWithoutTheLeader(t *testing.T) {
	t.Parallel()
	c := zephtest.Start(t, 3, 3)
	pool := c.Pool("demo")
	put(t, pool, 0, 5)
	c.Kill(c.Leader())
	put(t, pool, 5, 10)
	c.Wait("led again", func(st *status.Status) bool { return len(st.Mons.Missing) == 1 })
	get(t, pool, 10)
}

func TestGoodbye(t *testing.T) {
	t.Parallel()
	c := zephtest.Start(t, 1, 3)
	pool := c.Pool("demo")
	put(t, pool, 0, 5)
	c.Stop("osd.2")
	c.Wait("one down", func(st *status.Status) bool { return len(st.OSDs.Down) == 1 && st.OSDs.Down[0].Goodbye })
	get(t, pool, 5)
}
