package world

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"zeph/pkg/core"
)

// loop is the goroutine that the core belongs to, and what it keeps.
type loop struct {
	*World
	core    core.Core
	clock   clock
	timers  timers
	chores  []chore
	events  []core.Event
	effects []core.Effect
}

// chore is something that the loop itself does from time to time.
type chore struct {
	every, next time.Duration
	do          func()
}

// errExit says that the core asked to end, and all is well.
var errExit = errors.New("exit")

func (w *World) loop(c core.Core) error {
	l := &loop{World: w, core: c, clock: clock{read: w.cfg.Clock}}
	l.plan(tidyEvery, func() { w.tidy(l.clock.last) })
	if w.store != nil {
		l.plan(statsEvery, w.store.tell)
		l.plan(busyEvery, w.store.push)
	}
	for {
		select {
		case <-w.killed:
			return w.cause
		default:
		}
		l.fire()
		l.events = w.box.take(l.events[:0])
		if len(l.events) == 0 {
			l.wait()
			continue
		}
		if err := l.turn(); err == errExit {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (l *loop) plan(every time.Duration, do func()) {
	l.chores = append(l.chores, chore{every, l.clock.mono() + every, do})
}

// fire does what is due, and puts the timers that are due among the events.
func (l *loop) fire() {
	now := l.clock.mono()
	for i := range l.chores {
		if c := &l.chores[i]; now >= c.next {
			c.next = now + c.every
			c.do()
		}
	}
	for key, ok := l.timers.due(now); ok; key, ok = l.timers.due(now) {
		l.box.put(core.Fired{Key: key})
	}
}

// wait waits for an event, or until something is due.
func (l *loop) wait() {
	until := l.chores[0].next
	for _, c := range l.chores[1:] {
		until = min(until, c.next)
	}
	if at, ok := l.timers.next(); ok {
		until = min(until, at)
	}
	timer := time.NewTimer(until - l.clock.mono())
	defer timer.Stop()
	select {
	case <-l.box.wake:
	case <-timer.C:
	case <-l.killed:
	}
}

// turn steps the core through the events that were taken, and carries out what it wants.
func (l *loop) turn() error {
	now := l.clock.now() // after the events were taken: a lease is held against it (protocol 16.2)
	l.busy.Store(int64(now.Mono))
	l.turns.Store(int64(now.Mono))
	defer l.busy.Store(resting)
	for _, ev := range l.events {
		l.step(now, ev)
	}
	if l.store != nil {
		l.store.push() // before new transactions: outcomes may have made room
		l.store.changed(now.Mono)
	}
	for i, e := range l.effects {
		l.effects[i] = nil
		if err := l.carryOut(e); err != nil {
			return err
		}
	}
	l.effects = l.effects[:0]
	clear(l.events)
	return nil
}

func (l *loop) step(now core.Time, ev core.Event) {
	r, ok := ev.(core.Received)
	if !ok || r.Request&oneWay == 0 {
		l.effects = append(l.effects, l.core.Step(now, ev)...)
		return
	}
	held := l.box.done(r.Request)
	r.Request = 0
	l.effects = append(l.effects, l.core.Step(now, r)...)
	held.Release()
}

func (l *loop) carryOut(e core.Effect) error {
	switch e := e.(type) {
	case core.Send:
		l.present().send(e)
	case core.Call:
		l.present().call(e)
	case core.Reply:
		l.reply(e)
	case core.Fail:
		l.refuse(e)
	case core.Drop:
		l.drop(e)
	case core.Publish:
		l.present().publish(e)
	case core.Submit:
		l.store.submit(e)
	case core.Read:
		l.read.add(e)
	case core.SetTimer:
		l.timers.add(e)
	case core.Continue:
		l.box.put(e)
	case core.Propose, core.Barrier, core.ChangeMembers:
		l.log.node.Do(e)
	case core.NewMonmap:
		l.newMonmap(e)
	case core.Log:
		l.cfg.Logger.Log(background, slog.Level(e.Level), e.Message, e.Args...)
	case core.Ready:
		l.ready.Do(l.cfg.Ready)
	case core.Rename:
		return l.rename(e)
	case core.Exit:
		if e.Err == nil {
			return errExit
		}
		return e.Err
	default:
		if l.cfg.Other == nil {
			panic(fmt.Sprintf("world: unknown effect %T", e))
		}
		l.cfg.Other(e)
	}
	return nil
}
