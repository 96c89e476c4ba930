package world

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// World runs one core. New makes it, Run runs it, once.
type World struct {
	cfg   Config
	doors *doors
	box   *mailbox
	busy  atomic.Int64 // when the turn under way began, by the clock; resting: none is
	turns atomic.Int64 // when the last one began
	store *storage     // nil: none
	read  *readers
	log   *replog // nil: none
	ready sync.Once

	killed  chan struct{} // the loop must end
	kill    sync.Once
	cause   error       // of killed
	crash   atomic.Bool // nothing more goes out
	closing sync.Once

	mu   sync.Mutex
	run  *run           // the present run; nil before Run and after it
	numb uint64         // of messengers made so far
	past sync.WaitGroup // earlier runs that end
}

const resting = -1

// New opens the places where the world listens, so that Addrs knows them. It starts nothing.
func New(cfg Config) (*World, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	cfg.fill()
	w := &World{cfg: cfg, box: newMailbox(), killed: make(chan struct{})}
	w.busy.Store(resting)
	if cfg.Store != nil {
		w.store = newStorage(w, cfg.Store)
		w.read = newReaders(w, cfg.Store)
	}
	var err error
	if cfg.Log != nil { // before the doors: a folder in use is the cause, the addresses that its user has are not
		if w.log, err = newReplog(w, cfg.Log); err != nil {
			return nil, fmt.Errorf("world: %w", err)
		}
	}
	if w.doors, err = openDoors(cfg.Transport, cfg.Listen); err != nil {
		if w.log != nil {
			w.log.close()
		}
		return nil, fmt.Errorf("world: %w", err)
	}
	return w, nil
}

// NewGID draws the gid of a run.
func NewGID() wire.GID { return wire.GID(NewSeed() | 1) }

// NewSeed draws a core's seed.
func NewSeed() uint64 {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return binary.LittleEndian.Uint64(b[:])
}

// NewUUID draws the id of a cluster or store.
func NewUUID() osdmap.UUID {
	var u osdmap.UUID
	rand.Read(u[:])
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80 // version 4, RFC 9562
	return u
}

// GID is the gid that the core runs under at first.
func (w *World) GID() wire.GID { return w.cfg.GID }

// Post hands the core an event. Any goroutine may, at any time.
func (w *World) Post(ev core.Event) { w.box.put(ev) }

// Kill ends the world as a crash would: nobody is told. Run returns soon.
func (w *World) Kill() {
	w.crash.Store(true)
	w.fail(nil)
}

// fail ends the loop because of something that went wrong, if cause is not nil.
func (w *World) fail(cause error) {
	w.kill.Do(func() {
		w.cause = cause
		close(w.killed)
	})
}

// Run runs the core until it asks to end, something fails, or ctx has ended and the core has said
// goodbye. The world is closed then.
func (w *World) Run(ctx context.Context, c core.Core) error {
	defer w.Close()
	w.doors.run()
	if err := w.begin(w.cfg.GID); err != nil {
		return err
	}
	var beside sync.WaitGroup
	if w.store != nil {
		w.read.run(&beside)
		w.store.tell()
	}
	life, cancel := context.WithCancel(background)
	defer cancel()
	if w.log != nil {
		beside.Go(func() { w.log.run(life) })
	}
	beside.Go(func() { w.goodbye(ctx) })
	err := w.loop(c)
	w.fail(nil)
	cancel()
	if w.log != nil {
		w.log.stop()
	}
	w.end()
	if w.read != nil {
		w.read.stop()
	}
	beside.Wait()
	w.box.empty()
	return err
}

// goodbye asks the core to end when ctx has ended, and sees to it that it does.
func (w *World) goodbye(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-w.killed:
		return
	}
	w.box.put(core.Stop{})
	timer := time.NewTimer(w.cfg.Goodbye)
	defer timer.Stop()
	select {
	case <-timer.C:
		w.cfg.Logger.Warn("stopped without having said goodbye", "after", w.cfg.Goodbye)
		w.fail(nil)
	case <-w.killed:
	}
}

// Close lets go of what New opened. Run does that, too; who never runs the world closes it.
func (w *World) Close() {
	w.closing.Do(func() {
		w.doors.close()
		if w.log != nil {
			w.log.close()
		}
	})
}

// Stats are a world's numbers.
type Stats struct {
	Waiting  int // events
	Requests int // received, and not ended by the core
	Links    int
	Submits  int // transactions that the store was too busy for
}

// Request is one that the core has received and not ended. One that it forgets keeps its sender's credit
// for ever.
type Request struct {
	From core.Peer
	Type wire.Type
	ID   uint64
}

// Open are the requests that the core has not ended, in the order in which they came.
func (w *World) Open() []Request { return w.box.open() }

// Stats are the world's numbers now.
func (w *World) Stats() Stats {
	var s Stats
	s.Waiting, s.Requests = w.box.stats()
	if r := w.present(); r != nil {
		s.Links = r.links.count()
	}
	if w.store != nil {
		s.Submits = int(w.store.waits.Load())
	}
	return s
}
