package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lock waits until nobody else changes the lab. The system gives it back when a process ends.
func (l *Lab) lock(ctx context.Context) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(l.dir, "lab.lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if err != syscall.EWOULDBLOCK && err != syscall.EINTR {
			f.Close()
			return nil, fmt.Errorf("%s: lock: %w", f.Name(), err)
		}
		if err := pause(ctx, poll); err != nil {
			f.Close()
			return nil, fmt.Errorf("%s: another program holds the lab's lock: %w", l.dir, err)
		}
	}
}

// pause waits a moment, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// edit works on the lab's state under its lock and saves it, also when change failed: what it
// did is done.
func (l *Lab) edit(ctx context.Context, change func(*state) error) error {
	unlock, err := l.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	s, err := l.load()
	if err != nil {
		return err
	}
	err = change(s)
	if saved := l.save(s); err == nil {
		err = saved
	}
	return err
}
