package world

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"zeph/pkg/core"
	"zeph/pkg/messenger"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

var background = context.Background()

// run is one run of the daemon: a gid, and the messengers that have it.
type run struct {
	w     *World
	gid   wire.GID
	nets  map[string]*messenger.Messenger // by network: public and cluster, or the one without a name
	over  atomic.Bool                     // another run has begun
	links links
	hears map[hints]*messenger.Subscription // of the loop

	mu      sync.Mutex
	inbound map[linkKey]*messenger.Session // that peers dialled, the latest of each
}

// begin makes the messengers of a run. Peers may dial it from then on.
func (w *World) begin(gid wire.GID) error {
	r := &run{w: w, gid: gid, nets: make(map[string]*messenger.Messenger), inbound: make(map[linkKey]*messenger.Session)}
	r.links.by = make(map[linkKey]*link)
	for _, name := range w.networks() {
		m, err := messenger.New(w.messenger(r, name))
		if err != nil {
			r.close(background)
			return err
		}
		r.nets[name] = m
	}
	r.listen()
	w.mu.Lock()
	w.run = r
	w.mu.Unlock()
	return nil
}

// networks are those that the daemon is on.
func (w *World) networks() []string {
	if w.cfg.Entity.Kind() == wire.OSD {
		return []string{public, cluster}
	}
	return []string{""}
}

func (w *World) messenger(r *run, network string) messenger.Config {
	w.mu.Lock()
	w.numb++
	first := w.numb << 40 // session numbers of two messengers never meet
	w.mu.Unlock()
	listen := make(map[string]string)
	for place := range w.cfg.Listen {
		if n, inner := split(place); n == network {
			listen[inner] = place
		}
	}
	return messenger.Config{
		Entity: w.cfg.Entity, GID: r.gid, FSID: w.cfg.FSID, Transport: w.doors, Listen: listen,
		Handler: func(m *messenger.Message) { r.handle(m, first) },
		OnPeer:  func(e messenger.PeerEvent) { r.hear(e, first) },
		Limits:  w.cfg.Limits, Software: w.cfg.Software, Log: w.cfg.Logger, Poison: w.cfg.Poison,
	}
}

// present is the run of now.
func (w *World) present() *run {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.run
}

// rename begins another run. The old one sends what it has queued and ends beside it.
func (l *loop) rename(e core.Rename) error {
	old := l.present()
	if old.gid == e.GID {
		return nil
	}
	old.over.Store(true)
	if err := l.begin(e.GID); err != nil {
		return err
	}
	l.past.Go(func() { old.close(background) })
	return nil
}

// end ends all runs and waits for that.
func (w *World) end() {
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	if w.crash.Load() {
		cancel() // nothing that is queued goes out
	}
	w.mu.Lock()
	r := w.run
	w.run = nil
	w.mu.Unlock()
	r.over.Store(true)
	r.close(ctx)
	w.past.Wait()
}

// close lets what is queued go out, and waits until every session has ended.
func (r *run) close(ctx context.Context) {
	var all sync.WaitGroup
	for _, m := range r.nets {
		all.Go(func() { m.Close(ctx) })
	}
	all.Wait()
}

// outward is the messenger that messages to an entity go by: OSDs talk to each other on the cluster
// network.
func (r *run) outward(to wire.Entity) *messenger.Messenger { return r.nets[r.network(to)] }

func (r *run) network(to wire.Entity) string {
	switch {
	case r.w.cfg.Entity.Kind() != wire.OSD:
		return ""
	case to.Kind() == wire.OSD:
		return cluster
	}
	return public
}

// prefix is what the addresses of an entity have in front of the class's name, for who we are.
func (r *run) prefix(to wire.Entity) string {
	switch {
	case to.Kind() != wire.OSD:
		return ""
	case r.w.cfg.Entity.Kind() == wire.OSD:
		return cluster
	}
	return public
}

// inner are the addresses of a network as a messenger wants them.
func inner(addrs []osdmap.Addr, network string) map[string]string {
	m := make(map[string]string)
	for _, a := range addrs {
		if n, place := split(a.Name); n == network {
			m[place] = a.Addr
		}
	}
	return m
}

// Addrs are the addresses where others dial, by place, in order of the places.
func (w *World) Addrs() []osdmap.Addr {
	var all []osdmap.Addr
	for place, d := range w.doors.by {
		host := w.cfg.PublicHost
		if n, _ := split(place); n == cluster {
			host = w.cfg.ClusterHost
		}
		all = append(all, osdmap.Addr{Name: place, Addr: announced(d.listener.Endpoint(), host)})
	}
	slices.SortFunc(all, func(a, b osdmap.Addr) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// announced puts a host in the place of one that stands for all of a machine's.
func announced(endpoint, host string) string {
	for _, any := range []string{"tcp://0.0.0.0:", "tcp://[::]:"} {
		if port, ok := strings.CutPrefix(endpoint, any); ok && host != "" {
			if strings.Contains(host, ":") {
				host = "[" + host + "]"
			}
			return "tcp://" + host + ":" + port
		}
	}
	return endpoint
}

// coreError says with a core's words how a call ended. What ended a session may be a *wire.Error,
// which must not look like an answer: so only its text stays.
func coreError(err error) error {
	for _, e := range []struct{ from, to error }{
		{messenger.ErrDown, core.ErrDown},
		{messenger.ErrQueueFull, core.ErrQueueFull},
		{messenger.ErrRequestID, core.ErrQueueFull},
		{messenger.ErrTooLarge, core.ErrTooLarge},
		{messenger.ErrReset, core.ErrReset},
		{messenger.ErrClosed, core.ErrReset},
		{context.DeadlineExceeded, core.ErrTimeout},
		{context.Canceled, core.ErrTimeout},
	} {
		if errors.Is(err, e.from) {
			return because(e.to, e.from, err)
		}
	}
	return err // a *wire.Error: the answer
}

func because(e, from, cause error) error {
	if cause == from {
		return e
	}
	return &caused{e, strings.TrimPrefix(cause.Error(), from.Error()+": ")}
}

// caused is an error of package core with what people may want to know.
type caused struct {
	error
	why string
}

func (c *caused) Error() string { return c.error.Error() + ": " + c.why }

func (c *caused) Unwrap() error { return c.error }
