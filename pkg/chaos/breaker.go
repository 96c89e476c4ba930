package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"zeph/pkg/client"
	"zeph/pkg/lab"
	"zeph/pkg/osdmap"
	"zeph/pkg/scenario"
)

// breaker breaks the cluster: it takes the steps of a scenario, strikes at random, and takes everything back.
type breaker struct {
	target   Target
	s        *scenario.Scenario
	operator *client.Client
	watch    *watcher
	clients  *workload
	file     *lines
	talk     func(format string, args ...any)

	mu     sync.Mutex
	rand   *rand.Rand // of the steps; random strikes have their own
	marks  []Mark
	last   int
	now    map[string][]Mark // what is on, by daemon
	undo   []string          // flags that are set, OSDs that are out or weigh less: "flag noout", "in 3", "reweight 3"
	broken []string
	undone sync.WaitGroup // what `for` and `until` will take back
}

// mark writes something down.
func (b *breaker) mark(m Mark) Mark {
	b.mu.Lock()
	defer b.mu.Unlock()
	m.At = b.clients.now()
	if m.What == "do" {
		b.last++
		m.N = b.last
	}
	b.marks = append(b.marks, m)
	b.file.write(m)
	return m
}

func (b *breaker) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	b.mark(Mark{What: "say", Text: text})
	b.talk("%s", text)
}

// fail notes that something is not as the scenario wants it.
func (b *breaker) fail(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	b.say("NOT AS EXPECTED: %s", text)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = append(b.broken, text)
}

// do does faults, side by side, and returns what takes them back.
func (b *breaker) do(ctx context.Context, faults []Fault) (back func(context.Context) error) {
	var done []Mark
	for _, f := range faults {
		done = append(done, b.mark(Mark{What: "do", Fault: &f}))
	}
	failed := sideBySide(done, func(m Mark) error {
		err := b.target.Do(ctx, *m.Fault)
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("%v: %w", *m.Fault, err)
		}
		return nil
	})
	if failed != nil {
		b.fail("%v", failed)
	}
	b.mu.Lock()
	for _, m := range done {
		b.now[m.Fault.Of] = append(b.now[m.Fault.Of], m)
	}
	b.mu.Unlock()
	return func(ctx context.Context) error { return b.takeBack(ctx, done) }
}

// takeBack undoes faults that are still on.
func (b *breaker) takeBack(ctx context.Context, done []Mark) error {
	return sideBySide(done, func(m Mark) error {
		b.mu.Lock()
		on := slices.ContainsFunc(b.now[m.Fault.Of], func(o Mark) bool { return o.N == m.N })
		b.now[m.Fault.Of] = slices.DeleteFunc(b.now[m.Fault.Of], func(o Mark) bool { return o.N == m.N })
		b.mu.Unlock()
		if !on {
			return nil
		}
		b.mark(Mark{What: "undo", N: m.N, Fault: m.Fault})
		err := b.target.Undo(ctx, *m.Fault)
		b.mark(Mark{What: "undone", N: m.N})
		return err
	})
}

// takeBackVerbs undoes what was done to daemons by some verbs.
func (b *breaker) takeBackVerbs(ctx context.Context, names []string, verbs ...string) error {
	var done []Mark
	b.mu.Lock()
	for _, name := range names {
		for _, m := range b.now[name] {
			if slices.Contains(verbs, m.Fault.Verb) {
				done = append(done, m)
			}
		}
	}
	b.mu.Unlock()
	return b.takeBack(ctx, done)
}

// steps takes a scenario's steps in their order.
func (b *breaker) steps(ctx context.Context) {
	last := b.clients.now()
	for i := range b.s.Steps {
		step := &b.s.Steps[i]
		if err := b.await(ctx, step, last); err != nil {
			if ctx.Err() == nil {
				b.fail("step %d, %v: %v", i+1, step, err)
				continue
			}
			return
		}
		last = b.clients.now()
		if step.When != nil {
			b.say("%v: %v", step.When, step)
		} else {
			b.say("%v", step)
		}
		back, err := b.take(ctx, step)
		if err != nil && ctx.Err() == nil {
			b.fail("step %d, %v: %v", i+1, step, err)
		}
		if back != nil && (step.For > 0 || step.Until != nil) {
			b.undone.Go(func() { b.later(ctx, step, back) })
		}
	}
}

// await waits until a step's time has come.
func (b *breaker) await(ctx context.Context, step *scenario.Step, last time.Duration) error {
	switch {
	case step.When != nil:
		within := step.Within
		if within == 0 {
			within = 30 * time.Second
		}
		ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("not within %v", within))
		defer cancel()
		return b.watch.until(ctx, step.When)
	case step.At > 0:
		return rest(ctx, step.At-b.clients.now())
	}
	return rest(ctx, last+step.After-b.clients.now())
}

// later takes a step back when its time is over.
func (b *breaker) later(ctx context.Context, step *scenario.Step, back func(context.Context) error) {
	var err error
	if step.For > 0 {
		err = rest(ctx, step.For)
	} else {
		err = b.watch.until(ctx, step.Until)
	}
	if err != nil {
		return // the run ends, and takes everything back
	}
	b.say("back: %v", step)
	if err := back(ctx); err != nil && ctx.Err() == nil {
		b.fail("back: %v: %v", step, err)
	}
}

// take does what a step says.
func (b *breaker) take(ctx context.Context, s *scenario.Step) (back func(context.Context) error, err error) {
	whom := b.names(s.Whom())
	switch s.Do {
	case "kill", "stop", "pause", "slow", "stick", "rot", "fill":
		if slices.ContainsFunc(s.Whom(), func(t scenario.Target) bool { return t.Role == scenario.Clients }) {
			return b.killClients(ctx), nil
		}
		return b.do(ctx, b.faults(s, whom)), nil
	case "cut", "refuse", "delay":
		return b.do(ctx, b.faults(s, whom)), nil
	case "start":
		return nil, b.takeBackVerbs(ctx, whom, "kill", "stop")
	case "resume":
		return nil, b.takeBackVerbs(ctx, whom, "pause")
	case "heal":
		return nil, b.takeBackVerbs(ctx, b.all(), "cut", "refuse", "delay")
	case "check":
		sample, err := b.watch.fresh(ctx)
		if err == nil && !holds(s.That, &sample) {
			err = fmt.Errorf("it is not so: %s", sample.brief())
		}
		return nil, err
	case "wait":
		return nil, nil
	case "add":
		return nil, b.add(ctx, s)
	}
	return b.operate(ctx, s, whom)
}

// faults are a step's, one for each daemon.
func (b *breaker) faults(s *scenario.Step, whom []string) []Fault {
	var all []Fault
	for _, name := range whom {
		f := Fault{Verb: s.Do, Of: name, By: s.By, Host: s.Power}
		if s.Way == "in" || s.Way == "out" {
			f.Way = s.Way
		}
		_ = f.To.UnmarshalText([]byte(s.To)) // where there is one, Validate has seen it
		switch s.Do {
		case "cut", "refuse", "delay":
			f.From = b.sides(s, whom, name)
		case "rot":
			f.Text = b.textOn(name)
		}
		all = append(all, f)
	}
	return all
}

// sides are who is on the other side of a cut; nil: everybody, clients too.
func (b *breaker) sides(s *scenario.Step, whom []string, name string) []string {
	var from []string
	others := s.From == nil
	clients := false
	for _, t := range s.From {
		others = others || t.Role == scenario.Outsiders
		clients = clients || t.Role == scenario.Clients
	}
	if others {
		for _, d := range b.all() {
			if !slices.Contains(whom, d) {
				from = append(from, d)
			}
		}
	}
	if others && clients {
		return nil
	}
	for _, d := range b.names(s.From) {
		if d != name && !slices.Contains(from, d) {
			from = append(from, d)
		}
	}
	if clients {
		from = append(from, lab.Clients)
	}
	return from
}

// add lets OSDs join.
func (b *breaker) add(ctx context.Context, s *scenario.Step) error {
	host := ""
	for _, t := range s.Whom() {
		host = fmt.Sprint("h", t.N)
	}
	for range s.Count {
		name, err := b.target.Add(ctx, host)
		if err != nil {
			return err
		}
		b.say("%s has joined", name)
	}
	return nil
}

// killClients ends all clients; new ones come in their place when that is taken back, or in a moment.
func (b *breaker) killClients(ctx context.Context) func(context.Context) error {
	for _, u := range b.clients.clients {
		u.die()
	}
	back := func(ctx context.Context) error {
		return sideBySide(b.clients.clients, func(u *user) error { return u.again(ctx) })
	}
	b.undone.Go(func() {
		if rest(ctx, time.Second) == nil {
			_ = back(ctx)
		}
	})
	return back
}

// operate does what operators do by commands.
func (b *breaker) operate(ctx context.Context, s *scenario.Step, whom []string) (func(context.Context) error, error) {
	each := func(command string, more client.Args) error {
		return sideBySide(whom, func(name string) error {
			args := client.Args{"id": strings.TrimPrefix(name, "osd.")}
			for k, v := range more {
				args[k] = v
			}
			return b.command(ctx, command, args)
		})
	}
	back := func(command string, more client.Args) func(context.Context) error {
		return func(context.Context) error { return each(command, more) }
	}
	switch s.Do {
	case "out":
		b.owe("in", whom)
		return back("osd in", nil), each("osd out", nil)
	case "in":
		return back("osd out", nil), each("osd in", nil)
	case "down":
		return nil, each("osd down", nil)
	case "reweight":
		b.owe("reweight", whom)
		return back("osd reweight", client.Args{"weight": "1"}), each("osd reweight", client.Args{"weight": s.To})
	case "flag":
		b.owe("flag", []string{s.Flag})
		return func(ctx context.Context) error { return b.command(ctx, "flag unset", client.Args{"flag": s.Flag}) },
			b.command(ctx, "flag set", client.Args{"flag": s.Flag})
	case "pool":
		args := client.Args{"name": s.Pool}
		if s.Pool == "" {
			args["name"] = b.clients.pools[0]
		}
		if s.Size > 0 {
			args["size"] = fmt.Sprint(s.Size)
		}
		if s.Min > 0 {
			args["min_size"] = fmt.Sprint(s.Min)
		}
		if s.Lease > 0 {
			args["read_lease_interval"] = millis(s.Lease)
		}
		args["yes"] = "true"
		return nil, b.command(ctx, "pool set", args)
	case "scrub", "repair":
		command := "pg scrub"
		if s.Deep {
			command = "pg deep-scrub"
		}
		if s.Do == "repair" {
			command = "pg repair"
		}
		return nil, sideBySide(b.placementGroups(s.Whom()), func(id osdmap.PGID) error {
			_, err := b.operator.PGCommand(ctx, id, command, nil)
			return err
		})
	}
	return nil, fmt.Errorf("%s: %w", s.Do, ErrCannot)
}

// owe notes what is to be taken back in the end.
func (b *breaker) owe(what string, whom []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, name := range whom {
		b.undo = append(b.undo, what+" "+strings.TrimPrefix(name, "osd."))
	}
}

// command gives a command to the monitors, as long as nobody leads for ten seconds.
func (b *breaker) command(ctx context.Context, name string, args client.Args) error {
	ctx, cancel := context.WithTimeout(ctx, opTime)
	defer cancel()
	_, err := b.operator.MonCommand(ctx, name, args)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// settle takes back what operators did.
func (b *breaker) settle(ctx context.Context) error {
	b.mu.Lock()
	owed := b.undo
	b.undo = nil
	b.mu.Unlock()
	var err error
	for _, one := range owed {
		what, who, _ := strings.Cut(one, " ")
		switch what {
		case "flag":
			err = errors.Join(err, b.command(ctx, "flag unset", client.Args{"flag": who}))
		case "in":
			err = errors.Join(err, b.command(ctx, "osd in", client.Args{"id": who}))
		case "reweight":
			err = errors.Join(err, b.command(ctx, "osd reweight", client.Args{"id": who, "weight": "1"}))
		}
	}
	return err
}
