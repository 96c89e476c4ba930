package world

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"

	"zeph/pkg/messenger"
)

// doors are where a daemon listens. They stay open when it becomes another run of itself and its
// messengers are replaced: so a port is never lost to somebody else, and a socket that was handed
// over by number, which can be taken over but once, serves on. To a messenger they are a transport
// whose endpoints are the names of places.
type doors struct {
	messenger.Transport
	by   map[string]*door
	open sync.WaitGroup
}

// door is one place. What it accepts goes to whoever looks through it.
type door struct {
	listener messenger.Listener
	accepted chan accepted
	closed   chan struct{}
}

type accepted struct {
	conn messenger.Conn
	err  error
}

// openDoors listens at all places, or at none.
func openDoors(t messenger.Transport, listen map[string]string) (*doors, error) {
	d := &doors{Transport: t, by: make(map[string]*door)}
	var errs []error
	for _, place := range slices.Sorted(maps.Keys(listen)) {
		l, err := t.Listen(listen[place], patternOf(place))
		if err != nil {
			errs = append(errs, fmt.Errorf("listen for %s on %s: %w", place, listen[place], err))
			continue
		}
		d.by[place] = &door{l, make(chan accepted), make(chan struct{})}
	}
	if len(errs) > 0 {
		d.close()
	}
	return d, errors.Join(errs...)
}

func patternOf(place string) messenger.Pattern {
	if place == messenger.Hints {
		return messenger.Pub
	}
	return messenger.Router
}

// run begins to accept.
func (d *doors) run() {
	for _, o := range d.by {
		d.open.Go(o.run)
	}
}

func (o *door) run() {
	for {
		c, err := o.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		select {
		case o.accepted <- accepted{c, err}:
		case <-o.closed:
			if c != nil {
				c.Close()
			}
			return
		}
	}
}

// close ends it, and waits until it has.
func (d *doors) close() {
	for _, o := range d.by {
		close(o.closed)
		o.listener.Close()
	}
	d.open.Wait()
}

// Listen looks through the door of a place.
func (d *doors) Listen(place string, _ messenger.Pattern) (messenger.Listener, error) {
	o, ok := d.by[place]
	if !ok {
		return nil, fmt.Errorf("no door for %q", place)
	}
	return &view{door: o, shut: make(chan struct{})}, nil
}

// view is a messenger's use of a door. Closing it leaves the door open.
type view struct {
	*door
	shut chan struct{}
	once sync.Once
}

func (v *view) Accept() (messenger.Conn, error) {
	select {
	case <-v.shut: // first, so that a view that is shut takes no connection from the next
		return nil, net.ErrClosed
	default:
	}
	select {
	case a := <-v.accepted:
		return a.conn, a.err
	case <-v.shut:
	case <-v.closed:
	}
	return nil, net.ErrClosed
}

func (v *view) Endpoint() string { return v.listener.Endpoint() }

func (v *view) Close() error {
	v.once.Do(func() { close(v.shut) })
	return nil
}
