package sim

import (
	"fmt"
	"testing"
	"time"

	"zeph/pkg/consensus/logtest"
	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// logWorld is the modelled log, for the contract that the real one keeps.
type logWorld struct {
	w     *World
	log   *Log
	nodes []*Node
	heard [][]core.Event
}

// wish is an effect for a wisher to have.
type wish struct{ effect core.Effect }

// wisher is a core that does as it is told, and keeps what it hears.
type wisher struct{ heard *[]core.Event }

func (c wisher) Step(_ core.Time, ev core.Event) []core.Effect {
	if w, ok := ev.(wish); ok {
		return []core.Effect{w.effect}
	}
	*c.heard = append(*c.heard, ev)
	return nil
}

func newLogWorld(seed uint64, members int, cfg LogConfig) *logWorld {
	l := &logWorld{w: New(Config{Seed: seed}), heard: make([][]core.Event, members)}
	l.log = l.w.NewLog(logtest.Machine{}, cfg)
	for m := range members {
		name := logtest.MemberName(m)
		l.nodes = append(l.nodes, l.w.Add(Spec{Entity: "mon." + name, Log: l.log, Member: name + "/" + name,
			Make: func(Start) (core.Core, []core.Event) { return wisher{&l.heard[m]}, nil }}))
	}
	for _, n := range l.nodes {
		n.Start()
	}
	return l
}

func (l *logWorld) Do(m int, ef core.Effect) { l.nodes[m].Put(wish{ef}) }
func (l *logWorld) Wait(d time.Duration)     { l.w.Run(l.w.Now() + d) }
func (l *logWorld) Restart(m int)            { l.nodes[m].Start() }
func (l *logWorld) Pause(m int)              { l.nodes[m].Pause() }
func (l *logWorld) Hang(m int)               { l.nodes[m].StickLog(true) }
func (l *logWorld) Snapshot(int)             {}

func (l *logWorld) Events(m int) []core.Event {
	events := l.heard[m]
	l.heard[m] = nil
	return events
}

func (l *logWorld) Crash(m int) {
	l.nodes[m].Crash(false)
	l.heard[m] = nil
}

func (l *logWorld) Cut(m int) {
	for _, o := range l.nodes {
		if o != l.nodes[m] {
			l.w.Cut(l.nodes[m], o, wire.AllClasses)
			l.w.Cut(o, l.nodes[m], wire.AllClasses)
		}
	}
}

func (l *logWorld) Heal(m int) {
	n := l.nodes[m]
	for _, o := range l.nodes {
		l.w.Heal(n, o)
		l.w.Heal(o, n)
	}
	n.StickLog(false)
	n.Resume()
}

// TestLogKeepsTheContract: the modelled log promises what the real one does, well behaved or not.
func TestLogKeepsTheContract(t *testing.T) {
	for name, cfg := range map[string]LogConfig{
		"well behaved": {},
		"ill behaved":  {Slow: 200 * time.Millisecond, Lag: 100 * time.Millisecond, Refuse: 50_000, Depose: 5_000, Install: 200_000},
	} {
		for _, s := range logtest.Scenarios {
			if name != "well behaved" && s.Well {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s", name, s.Name), func(t *testing.T) {
				for seed := range uint64(5) {
					s.Run(t, newLogWorld(seed, s.Members, cfg), seed)
				}
			})
		}
	}
}
