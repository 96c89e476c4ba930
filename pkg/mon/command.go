package mon

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// command is what an operator can ask of the monitors. It either looks or changes.
type command struct {
	args string // names of arguments that it takes, separated by spaces

	look   func(l *leader, a args) (any, error)
	change func(l *leader, d *draft, a args) (outcome, error)
	member func(l *leader, a asker, args args)
}

// outcome is what a change came to.
type outcome struct {
	text  string // for people: what was done
	value any    // for programs; nil: nothing
	quiet bool   // it was so already: no line in the cluster log
	warn  string // what it will not do as it may be meant: for whoever asked
}

// args are a command's arguments by name. The first problem with them is kept.
type args struct {
	cmd *wire.Command
}

func (a args) text(name string) string {
	v, _ := a.cmd.Arg(name)
	return v
}

// must is an argument that has to be there.
func (a args) must(name string) (string, error) {
	if v := a.text(name); v != "" {
		return v, nil
	}
	return "", fmt.Errorf("argument %q is missing", name)
}

func (a args) yes(name string) bool {
	v := a.text(name)
	return v == "true" || v == "yes" || v == "1"
}

func (a args) number(name string, otherwise uint64) (uint64, error) {
	v := a.text(name)
	if v == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(v, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%s %q: expected a whole number", name, v)
	}
	return n, nil
}

func (a args) weight(name string) (crush.Weight, error) {
	v, err := a.must(name)
	if err != nil {
		return 0, err
	}
	return crush.ParseWeight(v)
}

// part is a weight from 0 to 1.
func (a args) part(name string) (crush.Weight, error) {
	w, err := a.weight(name)
	if err == nil && w > crush.One {
		err = fmt.Errorf("%s %v: must be 0 to 1", name, w)
	}
	return w, err
}

// osds are the OSDs of argument id or ids: 3, osd.3, or several.
func (a args) osds() ([]osdmap.OSDID, error) {
	words := strings.FieldsFunc(a.text("id")+" "+a.text("ids"), func(r rune) bool { return r == ' ' || r == ',' })
	if len(words) == 0 {
		return nil, errors.New("which osd? argument \"id\" is missing")
	}
	var ids []osdmap.OSDID
	for _, w := range words {
		n, err := strconv.ParseUint(strings.TrimPrefix(w, "osd."), 10, 31)
		if err != nil || n >= osdmap.MaxOSDs {
			return nil, fmt.Errorf("osd %q: expected an id such as 3 or osd.3", w)
		}
		ids = append(ids, osdmap.OSDID(n))
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// known are the same, which the map must have.
func (a args) known(m *osdmap.Map) ([]osdmap.OSDID, error) {
	ids, err := a.osds()
	for _, id := range ids {
		if !m.Exists(id) {
			return nil, notFound("%v: there is no such osd", id)
		}
	}
	return ids, err
}

// notFound is an error of the code NotFound.
func notFound(format string, args ...any) error { return wire.NotFound.Errorf(format, args...) }

// command takes an operator's command. One that looks is answered after a barrier, one that changes is
// an intent.
func (l *leader) command(a asker, cmd *wire.Command) {
	c, ok := commands[cmd.Name]
	if !ok {
		l.c.fail(a, wire.Denied.Errorf("command %q: the monitors know no such command", cmd.Name))
		return
	}
	if err := c.check(cmd); err != nil {
		l.c.fail(a, err)
		return
	}
	switch {
	case c.member != nil:
		l.question(a, func() {
			if !l.joinMember(a) {
				c.member(l, a, args{cmd})
			}
		})
	case c.look != nil && l.turnPage(a, cmd):
	case c.look != nil:
		l.question(a, func() { l.look(a, &c, cmd) })
	default:
		l.want(&change{askers: []asker{a}, key: a.key, command: &c, cmd: cmd}, true)
	}
}

// check refuses arguments that the command does not know: a misspelt one would be missed.
func (c *command) check(cmd *wire.Command) *wire.Error {
	names := append(strings.Fields(c.args), "offset")
	for _, a := range cmd.Args {
		if !slices.Contains(names, a.Name) {
			return wire.Denied.Errorf("%s: unknown argument %q; it takes %s", cmd.Name, a.Name, strings.Join(names[:len(names)-1], ", "))
		}
	}
	return nil
}

func (l *leader) look(a asker, c *command, cmd *wire.Command) {
	if l.c.st.m == nil {
		l.c.fail(a, wire.NoQuorum.Errorf("the cluster has not begun"))
		return
	}
	v, err := c.look(l, args{cmd})
	if err != nil {
		l.c.fail(a, denied(cmd, err))
		return
	}
	b := jsonOf(v)
	if len(b) > pageBytes {
		l.keepPage(a, cmd, b)
	}
	l.replyPage(a, b, 0)
}

// denied is an error as an answer: a code of its own, or Denied.
func denied(cmd *wire.Command, err error) *wire.Error {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Code.Errorf("%s: %s", cmd.Name, e.Text)
	}
	return wire.Denied.Errorf("%s: %v", cmd.Name, err)
}

func jsonOf(v any) []byte {
	if v == nil {
		return nil
	}
	if b, ok := v.(json.RawMessage); ok {
		return b
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic("mon: answer: " + err.Error()) // the structs of package status can be encoded
	}
	return b
}

// change is a command that changes something. It is executed once, whoever asks how often (protocol 14.2).
type change struct {
	askers  []asker
	key     wire.Asker
	command *command
	cmd     *wire.Command
}

func (w *change) absorb(_ *leader, other intent) bool {
	o, ok := other.(*change)
	if !ok || o.key != w.key {
		return false
	}
	w.askers = append(w.askers, o.askers...)
	return true
}

func (w *change) cancel(l *leader, err *wire.Error) {
	for _, a := range w.askers {
		l.c.fail(a, err)
	}
}

func (w *change) answer(l *leader, an answer) {
	for _, a := range w.askers {
		l.c.reply(a, &wire.CommandReply{Text: an.Text, Epoch: an.Epoch, Size: uint64(len(an.JSON))}, an.JSON)
	}
}

func (w *change) plan(l *leader, d *draft) verdict {
	if d.st.m == nil {
		if d.create != nil {
			return later
		}
		w.cancel(l, wire.NoQuorum.Errorf("the cluster has not begun"))
		return done
	}
	if an, ok := d.st.answered(w.key); ok {
		w.answer(l, an)
		return done
	}
	before := *d
	o, err := w.command.change(l, d, args{w.cmd})
	if err != nil {
		clean := before.empty()
		*d = before
		if !clean {
			return later // alone it may be right
		}
		for _, a := range w.askers {
			l.refuse(a, denied(w.cmd, err))
		}
		return done
	}
	an := answer{Asker: w.key, Text: o.text + o.warn, Epoch: d.epoch(), JSON: jsonOf(o.value)}
	d.answers = append(d.answers[:len(d.answers):len(d.answers)], an)
	if !o.quiet {
		d.audit(w.askers[0].who(), w.cmd.Name+": "+o.text)
	}
	d.then = append(d.then, func(osdmap.Epoch) { w.answer(l, an) })
	return planned
}
