package mon

import (
	"fmt"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
)

// Machine is the state machine that the monitors replicate. Its states are *State, its results Result.
func Machine() core.Machine { return machine{} }

type machine struct{}

// Result is what became of an entry.
type Result struct {
	Stale   bool // the state had moved on since the entry was made: it changed nothing
	Err     error
	Version uint64 // of the state after it
	Epoch   osdmap.Epoch
}

// New is the state of a cluster that has not begun.
func (machine) New() core.State {
	return &State{changes: listFrom[[]byte](0), lines: listFrom[wireLine](1), answers: listFrom[answer](0)}
}

// Apply never looks at a clock: the time is in the entry. An entry changes all that it says or
// nothing.
func (machine) Apply(s core.State, _ uint64, command []byte) (core.State, any) {
	old := s.(*State)
	next, err := old.apply(command)
	if err != nil {
		return old, Result{Stale: err == errStale, Err: err, Version: old.version, Epoch: old.Epoch()}
	}
	return next, Result{Version: next.version, Epoch: next.Epoch()}
}

var errStale = fmt.Errorf("the state has moved on")

func (s *State) apply(command []byte) (*State, error) {
	var e entry
	if err := decMode.Unmarshal(command, &e); err != nil {
		return nil, fmt.Errorf("entry: %w", err)
	}
	if e.Base != s.version {
		return nil, errStale
	}
	for _, a := range e.Answers {
		if _, done := s.answered(a.Asker); done {
			return nil, errStale // it was executed before: protocol 14.2
		}
	}
	next := *s
	next.version++
	next.time = max(s.time, e.Time)
	if err := next.applyMap(&e); err != nil {
		return nil, err
	}
	if len(e.Config) > 0 {
		next.config = s.editConfig(e.Config)
		next.configVersion++
	}
	if len(e.Mons) > 0 {
		next.mons = s.editMons(e.Mons)
		next.monsVersion++
	}
	for _, l := range e.Lines {
		l.Seq, l.Time = next.lines.end(), next.time
		next.lines = next.lines.with(l)
	}
	next.lines = next.lines.last(keptLines)
	for _, a := range e.Answers {
		next.answers = next.answers.with(a)
	}
	next.answers = next.answers.last(keptAnswers)
	return &next, nil
}

// applyMap makes the next map, or the first one.
func (s *State) applyMap(e *entry) error {
	if e.Create != nil && s.m != nil {
		return fmt.Errorf("the cluster %v exists already", s.m.FSID())
	}
	if len(e.Change) > 0 {
		if err := s.applyChange(e); err != nil {
			return err
		}
	}
	if s.m == nil || e.Trim <= s.base.Epoch() || e.Trim > s.m.Epoch() {
		return nil
	}
	for s.base.Epoch() < e.Trim {
		s.base = s.next(s.base)
	}
	s.changes = s.changes.from(uint64(e.Trim) + 1)
	return nil
}

func (s *State) applyChange(e *entry) error {
	c, err := osdmap.DecodeChange(e.Change)
	if err != nil {
		return err
	}
	m := s.m
	if e.Create != nil {
		m = osdmap.New(e.Create.FSID, c.Modified)
	}
	if m == nil {
		return fmt.Errorf("there is no map yet")
	}
	if m, err = m.Apply(c); err != nil {
		return err
	}
	if s.m = m; e.Create != nil {
		s.base, s.changes = m, listFrom[[]byte](uint64(m.Epoch())+1)
		return nil
	}
	s.changes = s.changes.with(e.Change)
	return nil
}
