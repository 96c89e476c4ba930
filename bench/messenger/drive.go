package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// sample is what the asking end saw in one measurement.
type sample struct {
	Ops   int64 `json:"ops"`
	Time  int64 `json:"time"` // nanoseconds
	P50   int64 `json:"p50"`  // nanoseconds; 0 for one way
	P99   int64 `json:"p99"`
	Usage usage `json:"usage"`
}

// stuck is how long we wait for an answer at the end before we give up.
const stuck = 20 * time.Second

// drive keeps a load on a connection. It calls begin when the measured time starts.
func drive(dial dialer, addr string, l load, begin func()) (sample, error) {
	d := &driver{
		load: l, start: time.Now(), sent: make([]atomic.Int64, l.window),
		settled: make(chan struct{}, 1), broken: make(chan error, 1),
	}
	d.seen.Store(new(histogram))
	c, err := dial(addr, l, d.answered, d.fail)
	if err != nil {
		return sample{}, fmt.Errorf("dial %s: %w", addr, err)
	}
	d.client.Store(&c)
	if l.oneWay {
		return d.tell(c, begin)
	}
	return d.call(c, begin)
}

// driver is a closed loop: as soon as a call is answered, the next one takes its slot.
type driver struct {
	load
	start    time.Time
	client   atomic.Pointer[client]
	seen     atomic.Pointer[histogram] // latencies, of now
	sent     []atomic.Int64            // by slot: when, in nanoseconds since start
	stopping atomic.Bool
	open     sync.WaitGroup
	settled  chan struct{}
	broken   chan error
}

// answered reads the clock once: the end of a call is the beginning of the next.
func (d *driver) answered(slot uint64) {
	if d.oneWay {
		d.settled <- struct{}{}
		return
	}
	now := int64(time.Since(d.start))
	was := d.sent[slot].Swap(now)
	d.seen.Load().add(time.Duration(now - was))
	if d.stopping.Load() {
		d.open.Done()
		return
	}
	if err := (*d.client.Load()).send(ask, slot); err != nil {
		d.fail(err)
	}
}

func (d *driver) fail(err error) {
	select {
	case d.broken <- err:
	default: // the first is enough
	}
}

func (d *driver) call(c client, begin func()) (sample, error) {
	d.open.Add(d.window)
	for slot := range d.window {
		d.sent[slot].Store(int64(time.Since(d.start)))
		if err := c.send(ask, uint64(slot)); err != nil {
			return sample{}, err
		}
	}
	if err := c.flush(); err != nil {
		return sample{}, err
	}
	if err := d.pass(d.warm); err != nil {
		return sample{}, err
	}
	s, measured, err := d.measure(begin)
	if err != nil {
		return sample{}, err
	}
	s.Ops = int64(measured.count())
	s.P50, s.P99 = int64(measured.quantile(0.5)), int64(measured.quantile(0.99))
	return s, d.stop()
}

// measure lets the measured time pass, and more until an operation has ended, and says what it cost.
func (d *driver) measure(begin func()) (sample, *histogram, error) {
	measured := new(histogram)
	before, t := usageNow(), time.Now()
	d.seen.Store(measured)
	begin()
	err := d.pass(d.cell)
	for deadline := time.Now().Add(stuck); err == nil && measured.count() == 0 && time.Now().Before(deadline); {
		err = d.pass(time.Millisecond)
	}
	d.seen.Store(new(histogram))
	elapsed := time.Since(t)
	return sample{Time: int64(elapsed), Usage: usageNow().since(before)}, measured, err
}

// pass lets time go by, unless the connection breaks.
func (d *driver) pass(t time.Duration) error {
	select {
	case err := <-d.broken:
		return err
	case <-time.After(t):
		return nil
	}
}

// stop lets the calls in flight end.
func (d *driver) stop() error {
	d.stopping.Store(true)
	idle := make(chan struct{})
	go func() {
		d.open.Wait()
		close(idle)
	}()
	return d.await(idle)
}

func (d *driver) await(done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case err := <-d.broken:
		return err
	case <-time.After(stuck):
		return fmt.Errorf("no answer for %v", stuck)
	}
}

// tell sends one way until the time is over. It is over when the server has counted all.
func (d *driver) tell(c client, begin func()) (sample, error) {
	warmed, err := d.tellFor(c, d.warm, 0)
	if err != nil {
		return sample{}, err
	}
	before, t := usageNow(), time.Now()
	begin()
	all, err := d.tellFor(c, d.cell, warmed)
	if err != nil {
		return sample{}, err
	}
	elapsed := time.Since(t)
	return sample{Ops: int64(all - warmed), Time: int64(elapsed), Usage: usageNow().since(before)}, nil
}

// tellFor sends for some time, after told messages before, and says how many it are then.
func (d *driver) tellFor(c client, t time.Duration, told uint64) (uint64, error) {
	const glance = 32 // small messages between two looks at the clock, which would cost as much as they
	until := time.Now().Add(t)
	for more := true; more; {
		if err := c.send(tell, 0); err != nil {
			return 0, err
		}
		told++
		more = d.size < 64<<10 && told%glance != 0 || time.Now().Before(until)
	}
	if err := c.send(settle, told); err != nil {
		return 0, err
	}
	if err := c.flush(); err != nil {
		return 0, err
	}
	return told, d.await(d.settled)
}
