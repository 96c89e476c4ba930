package chaos

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"zeph/pkg/lab"
)

// Do does something to a container, and to what the host knows of it: its process, its packets, its volume.
func (t *composeTarget) Do(ctx context.Context, f Fault) error {
	if _, err := t.look(ctx); err != nil {
		return err
	}
	c, err := t.of(f.Of)
	if err != nil {
		return err
	}
	switch f.Verb {
	case "kill":
		return t.end(ctx, c, "kill", "-s", "KILL")
	case "stop":
		return t.end(ctx, c, "stop", "-t", "10")
	case "pause":
		return t.give(ctx, c, "pause")
	case "cut", "refuse":
		return t.cut(ctx, f)
	case "stick", "slow":
		return t.hold(ctx, c, f)
	case "rot":
		return flip(c.data(), f.Text)
	}
	return fmt.Errorf("%v: %w", f, ErrCannot)
}

// Undo takes it back.
func (t *composeTarget) Undo(ctx context.Context, f Fault) error {
	if _, err := t.look(ctx); err != nil {
		return err
	}
	c, err := t.of(f.Of)
	if err != nil {
		return err
	}
	switch {
	case (f.Verb == "kill" || f.Verb == "stop") && c.state() == Gone:
		return t.run(ctx, c)
	case f.Verb == "pause" && c.state() == Paused:
		return t.give(ctx, c, "unpause")
	case f.Verb == "cut" || f.Verb == "refuse":
		return t.heal(ctx, f.Of)
	case f.Verb == "stick" || f.Verb == "slow":
		return t.letGo(ctx, f.Of)
	}
	return nil
}

// give gives a command for a container, and looks at what became of it.
func (t *composeTarget) give(ctx context.Context, c container, command ...string) error {
	if _, err := t.docker(ctx, append(command, c.ID)...); err != nil {
		return err
	}
	_, err := t.look(ctx)
	return err
}

// end ends a container's process. The engine wants nothing of one that is paused.
func (t *composeTarget) end(ctx context.Context, c container, command ...string) error {
	if c.state() == Paused {
		if err := t.give(ctx, c, "unpause"); err != nil {
			return err
		}
	}
	return t.give(ctx, c, command...)
}

// run starts a container, and waits until its daemon answers. Its addresses and pid may be new.
func (t *composeTarget) run(ctx context.Context, c container) error {
	if _, err := t.docker(ctx, "start", c.ID); err != nil {
		return err
	}
	if err := t.moved(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	program := "zeph-osd"
	if strings.HasPrefix(c.daemon, "mon.") {
		program = "zeph-mon"
	}
	for {
		_, err := t.docker(ctx, "exec", c.ID, program, "check")
		if err == nil {
			return nil
		}
		if rest(ctx, poll) != nil {
			return fmt.Errorf("%s: does not answer: %w", c.daemon, err)
		}
	}
}

// hold has the disk of a container hang or be slow. The files are those that the process knows, by the names that it
// knows them by.
func (t *composeTarget) hold(ctx context.Context, c container, f Fault) error {
	if slices.ContainsFunc(t.now().Held, func(h held) bool { return h.Of == f.Of && h.Hold.Holds() }) {
		return fmt.Errorf("%s: its disk hangs or is slow already", f.Of)
	}
	files, err := lab.Databases(c.data())
	if err != nil {
		return fmt.Errorf("%s: %w", f.Of, err)
	}
	for i := range files {
		files[i] = "/data" + strings.TrimPrefix(files[i], c.data())
	}
	said := t.path("strace." + f.Of)
	var h lab.Hold
	if f.Verb == "slow" {
		h, err = lab.SlowFiles(ctx, c.State.Pid, files, filepath.Clean(said), f.By)
	} else {
		h, err = lab.HangFiles(ctx, c.State.Pid, files, filepath.Clean(said))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.Of, err)
	}
	return t.edit(func(s *composeState) { s.Held = append(slices.Clone(s.Held), held{f.Of, h}) })
}

func (t *composeTarget) letGo(ctx context.Context, daemon string) error {
	var err error
	for _, h := range t.now().Held {
		if h.Of == daemon {
			err = errors.Join(err, h.Hold.Release(ctx))
		}
	}
	return errors.Join(err, t.edit(func(s *composeState) {
		s.Held = slices.DeleteFunc(slices.Clone(s.Held), func(h held) bool { return h.Of == daemon })
	}))
}
