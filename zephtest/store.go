package zephtest

import (
	"context"
	"sync"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/store/mem"
)

// locked lets several goroutines use a store in memory, one at a time.
type locked struct {
	mu sync.Mutex
	st *mem.Store
}

func lock(st *mem.Store) *locked { return &locked{st: st} }

// Submit carries the transaction out, and then tells.
func (l *locked) Submit(t *store.Txn, done func(error)) error {
	var outcome error
	l.mu.Lock()
	err := l.st.Submit(t, func(err error) { outcome = err })
	l.mu.Unlock()
	if err == nil {
		done(outcome)
	}
	return err
}

func (l *locked) Read(dst []byte, k store.Key, off, n uint64) ([]byte, store.Info, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.st.Read(dst, k, off, n)
}

func (l *locked) Stat(k store.Key) (store.Info, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.st.Stat(k)
}

func (l *locked) Attrs(k store.Key) ([]store.Attr, store.Info, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.st.Attrs(k)
}

func (l *locked) Omap(k store.Key, from, to string, max int) ([]store.Row, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.st.Omap(k, from, to, max)
}

func (l *locked) List(from, to store.Key, max int) ([]store.Item, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.st.List(from, to, max)
}

func (l *locked) PGs() ([]osdmap.PGID, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.st.PGs()
}

func (l *locked) PG(pg osdmap.PGID) (store.PGState, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.st.PG(pg)
}

func (l *locked) LogAfter(pg osdmap.PGID, v store.Version, max int) ([]store.LogEntry, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.st.LogAfter(pg, v, max)
}

func (l *locked) LogBefore(pg osdmap.PGID, v store.Version, max int) ([]store.LogEntry, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.st.LogBefore(pg, v, max)
}

func (l *locked) Rows(pg osdmap.PGID, from, to string, max int) ([]store.Row, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.st.Rows(pg, from, to, max)
}

func (l *locked) Verify(k store.Key) (store.Verified, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.st.Verify(k)
}

func (l *locked) Stats() store.Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.st.Stats()
}

func (l *locked) Fsck(ctx context.Context, depth store.Depth, report func(store.Finding)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.st.Fsck(ctx, depth, report)
}

func (l *locked) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.st.Close()
}
