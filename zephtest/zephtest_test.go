package zephtest_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
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
	open := c.Open()
	for began := time.Now(); len(open) > 0; open = c.Open() {
		if time.Since(began) > 20*time.Second {
			t.Fatalf("requests that are not ended:\n%s", strings.Join(open, "\n"))
		}
		time.Sleep(10 * time.Millisecond)
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

// An OSD that is cut off from the others, but not from clients, is marked down; what clients write meanwhile
// is what everybody reads, whomever they ask. Then it comes back as another run of itself.
func TestCutOff(t *testing.T) {
	for name, fault := range map[string]zephtest.Fault{"silence": zephtest.Silence, "refusal": zephtest.Refusal} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := zephtest.Start(t, 1, 3)
			pool := c.Pool("demo")
			put(t, pool, 0, 20)
			stale, err := c.Client().Pool(t.Context(), "demo")
			if err != nil {
				t.Fatal(err)
			}
			c.Cut(fault, "osd.1")
			put(t, pool, 0, 20)
			put(t, pool, 20, 40)
			get(t, pool, 40)
			get(t, stale, 40)
			c.Heal()
			c.WaitHealthy()
			get(t, pool, 40)
			ended(t, c)
		})
	}
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
