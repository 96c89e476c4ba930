package script

import (
	"fmt"
	"strings"
)

// Script is one play.
type Script struct {
	Name       string
	Needs      []string // features that not every world models
	statements []statement
}

// statement is a command or an expectation.
type statement struct {
	line    int
	text    string
	command *Command
	expect  *expectation
	settle  bool
}

// Parse reads a script. Its errors name the line.
func Parse(name, text string) (*Script, error) {
	p := parser{script: &Script{Name: name}, runs: make(map[string]int), identity: make(map[string]string)}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		for _, text := range strings.Split(line, ";") {
			text = strings.TrimSpace(text)
			if text == "" {
				continue
			}
			if err := p.statement(i+1, text); err != nil {
				return nil, fmt.Errorf("%s:%d: %s: %w", name, i+1, text, err)
			}
		}
	}
	return p.script, nil
}

// Run plays the script, once. It reports false if the world does not model what it needs.
func (s *Script) Run(open Open) (bool, error) {
	log := NewLog()
	w, ok := open(log, s.Needs)
	if !ok {
		return false, nil
	}
	err := s.play(w, log)
	if endErr := w.End(); err == nil {
		err = endErr
	}
	if failure := log.Err(); err == nil && failure != nil {
		err = fmt.Errorf("%s: %w", s.Name, failure)
	}
	return true, err
}

func (s *Script) play(w World, log *Log) error {
	for _, st := range s.statements {
		if err := st.run(w, log); err != nil {
			return fmt.Errorf("%s:%d: %s: %w", s.Name, st.line, st.text, err)
		}
		if err := log.Err(); err != nil {
			return fmt.Errorf("%s:%d: %s: %w", s.Name, st.line, st.text, err)
		}
	}
	w.Settle()
	if err := log.end(); err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	return nil
}

func (st *statement) run(w World, log *Log) error {
	switch {
	case st.settle:
		w.Settle()
		return nil
	case st.command != nil:
		return w.Do(st.command)
	}
	w.Wait(func() bool { return st.expect.met(w, log) || log.Err() != nil })
	if why := st.expect.unmet(w); why != "" && log.Err() == nil {
		return fmt.Errorf("%s; not expected yet:\n%s", why, log.describe())
	}
	return nil
}
