package lab

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Kill ends a daemon with SIGKILL, as a crash would.
func (l *Lab) Kill(ctx context.Context, name string) error {
	return l.alive(ctx, name, func(d *Daemon) error { return kill(d) })
}

// Stop asks a daemon to end, with SIGTERM, and waits until it has.
func (l *Lab) Stop(ctx context.Context, name string) error {
	return l.alive(ctx, name, func(d *Daemon) error { return end(ctx, []*Daemon{d}, goodbye) })
}

// Pause stops a daemon with SIGSTOP: its sockets stay, and it answers nobody.
func (l *Lab) Pause(ctx context.Context, name string) error {
	return l.alive(ctx, name, func(d *Daemon) error { return d.bring(ctx, syscall.SIGSTOP, Paused) })
}

// Resume lets a paused daemon go on.
func (l *Lab) Resume(ctx context.Context, name string) error {
	return l.alive(ctx, name, func(d *Daemon) error {
		if d.now() != Paused {
			return fmt.Errorf("%s: is not paused", name)
		}
		return d.bring(ctx, syscall.SIGCONT, Running)
	})
}

// bring sends a signal and waits until it has had its effect: a process may be deep in the system.
func (d *Daemon) bring(ctx context.Context, sig syscall.Signal, to State) error {
	if err := d.signal(sig); err != nil {
		return err
	}
	for end := time.Now().Add(goodbye); d.now() != to; {
		if time.Now().After(end) {
			return fmt.Errorf("%s: pid %d is %s and not %s after %v", d.Name, d.Pid, d.now(), to, sig)
		}
		if err := pause(ctx, poll/10); err != nil {
			return err
		}
	}
	return nil
}

// alive does something to a daemon that has a process.
func (l *Lab) alive(ctx context.Context, name string, do func(*Daemon) error) error {
	return l.edit(ctx, func(s *state) error {
		d, err := s.find(name)
		if err != nil {
			return err
		}
		if d.gone() {
			return fmt.Errorf("%s: does not run: it is %s", name, d.now())
		}
		return do(d)
	})
}

// readyTime is how long a daemon that is started may take to say that it is ready.
const readyTime = 30 * time.Second

// Start starts a daemon that has ended, with the data it had, and waits until it is ready.
func (l *Lab) Start(ctx context.Context, name string) error {
	var started Daemon
	err := l.edit(ctx, func(s *state) error {
		d, err := s.find(name)
		if err != nil {
			return err
		}
		if !d.gone() {
			return fmt.Errorf("%s: runs already: it is %s, pid %d", name, d.now(), d.Pid)
		}
		if by := s.removed()[name]; by != "" {
			return &NotMemberError{name, by}
		}
		err = l.launch(s, d)
		started = *d
		return err
	})
	if err != nil {
		return err
	}
	return started.wait(ctx)
}

// wait waits until a daemon is ready, without the lab's lock.
func (d *Daemon) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	return d.ready(ctx)
}

// AddOSD makes a new OSD and starts it. A negative id means the lowest that is free, an empty
// location the host with the fewest. It returns the OSD's name.
func (l *Lab) AddOSD(ctx context.Context, id int, at string) (string, error) {
	var added Daemon
	err := l.edit(ctx, func(s *state) error {
		if id < 0 {
			id = s.freeID()
		}
		if _, err := s.find(osdName(id)); err == nil {
			return fmt.Errorf("%s: the lab has it already", osdName(id))
		}
		if at == "" {
			at = s.emptiest()
		}
		d := l.newDaemon(OSD, strconv.Itoa(id), at)
		if err := l.mkfs(ctx, s, d); err != nil {
			return err
		}
		s.add(d)
		err := l.watchNetwork(s)
		if err == nil {
			err = l.launch(s, d)
		}
		if err != nil {
			s.Daemons = slices.DeleteFunc(s.Daemons, func(o *Daemon) bool { return o == d })
		}
		added = *d
		return err
	})
	if err != nil {
		return "", err
	}
	return added.Name, added.wait(ctx)
}

func (s *state) freeID() int {
	for id := 0; ; id++ {
		if _, err := s.find(osdName(id)); err != nil {
			return id
		}
	}
}

// emptiest is the location with the fewest OSDs; of several the first by name.
func (s *state) emptiest() string {
	count := make(map[string]int)
	var places []string
	for _, d := range s.of(OSD) {
		if count[d.Location]++; count[d.Location] == 1 {
			places = append(places, d.Location)
		}
	}
	if len(places) == 0 {
		return location(0, 0)
	}
	slices.SortStableFunc(places, func(a, b string) int {
		if count[a] != count[b] {
			return count[a] - count[b]
		}
		return strings.Compare(a, b)
	})
	return places[0]
}
