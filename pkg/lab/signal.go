package lab

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"
)

// signal sends a signal to the daemon's process, and to no other that may have got its pid: the
// handle is taken first, then looked at. A process that is no more is no error.
func (d *Daemon) signal(sig syscall.Signal) error {
	if d.Pid == 0 {
		return nil
	}
	p, err := os.FindProcess(d.Pid) // on Linux a handle of this very process
	if err != nil {
		return nil
	}
	defer p.Release()
	if now, ok := look(d.Pid); !ok || now.began != d.Began {
		return nil
	}
	if err := p.Signal(sig); err != nil && err != os.ErrProcessDone {
		return fmt.Errorf("%s: pid %d: %w", d.Name, d.Pid, err)
	}
	return nil
}

// gone reports whether the process has ended.
func (d *Daemon) gone() bool {
	now := d.now()
	return now != Running && now != Paused
}

// await waits until the process has ended, for at most so long. It says whether it has.
func (d *Daemon) await(ctx context.Context, long time.Duration) bool {
	for end := time.Now().Add(long); !d.gone(); {
		if time.Now().After(end) || pause(ctx, poll) != nil {
			return d.gone()
		}
	}
	return true
}

// goodbye is how long a daemon may take to end by itself; it promises five seconds.
const goodbye = 8 * time.Second

// end asks the processes to end, all at once, and then makes them.
func end(ctx context.Context, daemons []*Daemon, long time.Duration) error {
	var first error
	note := func(err error) {
		if first == nil {
			first = err
		}
	}
	for _, d := range daemons {
		if d.now() == Paused {
			note(d.signal(syscall.SIGCONT))
		}
		note(d.signal(syscall.SIGTERM))
	}
	until := time.Now().Add(long)
	for _, d := range daemons {
		if d.await(ctx, time.Until(until)) {
			d.ended(Stopped)
			continue
		}
		note(kill(d))
	}
	return first
}

// kill ends a process at once. The wait for it does not heed a context: nothing can keep a
// process alive for long after that, and we must not leave it behind.
func kill(d *Daemon) error {
	if err := d.signal(syscall.SIGKILL); err != nil {
		return err
	}
	if !d.await(context.Background(), goodbye) {
		return fmt.Errorf("%s: pid %d is still there after SIGKILL", d.Name, d.Pid)
	}
	d.ended(Dead)
	return nil
}
