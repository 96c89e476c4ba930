package client_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"zeph/pkg/client"
	"zeph/zephtest"
)

// Writers append lines while OSDs are killed and come back. Each line that was acknowledged is there once, no line is
// there twice, and lines whose outcome nobody knows are there once or not at all (protocol 9).
func TestEachAppendOnce(t *testing.T) {
	t.Parallel()
	c := zephtest.Start(t, 1, 3)
	pool := c.Pool("demo")
	const writers, lines = 4, 60
	var all sync.WaitGroup
	var mu sync.Mutex
	want := map[string]bool{} // line → acknowledged, not only perhaps
	for w := range writers {
		p, err := c.Client().Pool(t.Context(), "demo")
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			for i := range lines {
				line := fmt.Sprintf("%d.%d\n", w, i)
				_, err := p.Append(t.Context(), fmt.Sprint("log", i%3), []byte(line))
				mu.Lock()
				want[line] = err == nil
				mu.Unlock()
				if err != nil && !errors.Is(err, client.ErrUnknown) {
					t.Errorf("append: %v", err)
					return
				}
			}
		})
	}
	for _, osd := range []string{"osd.0", "osd.2", "osd.1"} {
		c.Kill(osd)
		if _, err := pool.Append(t.Context(), "meanwhile", []byte("x")); err != nil {
			t.Errorf("with %s dead: %v", osd, err)
		}
		c.Restart(osd)
		c.WaitHealthy()
	}
	all.Wait()
	found := map[string]int{}
	for i := range 3 {
		data, _, err := pool.Get(t.Context(), fmt.Sprint("log", i))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			found[line]++
		}
	}
	for line, acknowledged := range want {
		if n := found[line]; n > 1 || acknowledged && n != 1 {
			t.Errorf("line %q is there %d times; acknowledged: %v", line, n, acknowledged)
		}
	}
	if len(found) > len(want) {
		t.Errorf("%d lines were written, %d are there", len(want), len(found))
	}
}

// A large object is put over another one, again and again, while an OSD dies and comes back. Every reader sees one of
// the two, whole.
func TestLargePutsAreAtomic(t *testing.T) {
	t.Parallel()
	c := zephtest.Start(t, 1, 3)
	pool := c.Pool("demo")
	versions := make([][]byte, 2)
	sums := map[string]bool{}
	for i := range versions {
		versions[i] = make([]byte, client.PieceSize+i*1000+1)
		rand.NewChaCha8([32]byte{byte(i)}).Read(versions[i])
		info, err := pool.Put(t.Context(), "big", bytes.NewReader(versions[i]), client.PutOptions{})
		if err != nil {
			t.Fatal(err)
		}
		sums[info.Sum] = true
	}
	stop := make(chan struct{})
	var all sync.WaitGroup
	work := func(f func() error) {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := f(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	work(func() error {
		_, err := pool.Put(t.Context(), "big", bytes.NewReader(versions[rand.IntN(2)]), client.PutOptions{})
		return err
	})
	reader, err := c.Client().Pool(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	work(func() error {
		_, info, err := reader.Get(t.Context(), "big")
		if err == nil && !sums[info.Sum] {
			err = fmt.Errorf("an object that nobody put: %+v", info)
		}
		return err
	})
	c.Kill("osd.1")
	for range 3 {
		if _, err := pool.Put(t.Context(), "other", strings.NewReader("x"), client.PutOptions{}); err != nil {
			t.Error(err)
		}
	}
	c.Restart("osd.1")
	c.WaitHealthy()
	close(stop)
	all.Wait()
	res, err := pool.GC(t.Context(), client.GCOptions{})
	if err != nil || res.Notes > 0 {
		t.Errorf("sweep: %+v, %v", res, err)
	}
}
