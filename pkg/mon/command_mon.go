package mon

import (
	"errors"
	"fmt"
	"strings"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/status"
	"zeph/pkg/wire"
)

var monCommands = map[string]command{
	"mon ls":       {look: func(l *leader, _ args) (any, error) { return l.monList(), nil }},
	"mon dump":     {look: func(l *leader, _ args) (any, error) { return l.monList(), nil }},
	"mon add":      {args: "name store control bulk hints", member: monAdd},
	"mon rm":       {args: "name yes force", member: monRemove},
	"mon transfer": {args: "name", member: monTransfer},
}

// monAdd lets a monitor vote, then notes where it is found.
func monAdd(l *leader, a asker, args args) {
	mon, err := args.newMon(l)
	if err != nil {
		l.c.fail(a, denied(args.cmd, err))
		return
	}
	member := core.Member{Name: mon.Name, ID: MemberID(mon.Name, mon.Store), Addr: mon.Control, Voter: true}
	l.changeMembers(a, args.cmd, core.AddMember, member, monEdit{Mon: mon},
		fmt.Sprintf("mon.%s, store %v, at %s, is a member", mon.Name, mon.Store, mon.Control))
}

func (a args) newMon(l *leader) (Mon, error) {
	var mon Mon
	var err error
	if mon.Name, err = a.must("name"); err != nil {
		return mon, err
	}
	mon.Name = strings.TrimPrefix(mon.Name, "mon.")
	if _, err := wire.ParseEntity("mon." + mon.Name); err != nil {
		return mon, err
	}
	if mon.Control, err = a.must("control"); err != nil {
		return mon, err
	}
	store, err := a.must("store")
	if err != nil {
		return mon, fmt.Errorf("%w: a monitor is known by its name and its store; zeph-mon mkfs prints it", err)
	}
	if mon.Store, err = osdmap.ParseUUID(store); err != nil {
		return mon, err
	}
	mon.Bulk, mon.Hints = a.text("bulk"), a.text("hints")
	for _, addr := range []string{mon.Control, mon.Bulk, mon.Hints} {
		if err := checkAddr(addr); err != nil {
			return mon, err
		}
	}
	for _, m := range l.c.members {
		if m.Name == mon.Name && m.ID != MemberID(mon.Name, mon.Store) {
			return mon, wire.Exists.Errorf("mon.%s is a member, with another store (%s); remove that one first: an emptied monitor has forgotten its votes", mon.Name, m.ID)
		}
	}
	return mon, nil
}

// checkAddr refuses what cannot be an address; empty is fine.
func checkAddr(addr string) error {
	scheme, place, ok := strings.Cut(addr, "://")
	if addr != "" && (!ok || place == "" || strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyz") != "" || strings.ContainsAny(place, "\"' \t\n")) {
		return fmt.Errorf("address %q: expected one such as tcp://10.0.0.1:7401", addr)
	}
	return nil
}

// monRemove takes a monitor's vote away. It refuses to leave fewer members than a majority that can be
// reached.
func monRemove(l *leader, a asker, args args) {
	name, err := args.must("name")
	if err != nil {
		l.c.fail(a, denied(args.cmd, err))
		return
	}
	name = strings.TrimPrefix(name, "mon.")
	var member core.Member
	voters, heard := 0, 0
	for _, m := range l.c.members {
		if m.Name == name {
			member = m
		} else if m.Voter {
			voters++
			if l.monHeard(m.Name) {
				heard++
			}
		}
	}
	switch {
	case member.Name == "":
		if _, known := l.c.st.mon(name); !known {
			l.c.fail(a, wire.NotFound.Errorf("%s: mon.%s is no member", args.cmd.Name, name))
			return
		}
	case !args.yes("yes") && !args.yes("force"):
		err = fmt.Errorf("mon.%s would be gone for good; if that is meant, say so with --yes", name)
	case voters == 0:
		err = errors.New("it is the last monitor")
	case heard < voters/2+1 && !args.yes("force"):
		err = fmt.Errorf("only %d of the %d monitors that would stay are heard, and %d have to agree; start the others first", heard, voters, voters/2+1)
	}
	if err != nil {
		l.c.fail(a, denied(args.cmd, err))
		return
	}
	if l.whenAware(a, args) {
		return
	}
	edit, text := monEdit{Mon: Mon{Name: name}, Remove: true}, fmt.Sprintf("mon.%s is no member any more", name)
	if member.Name == "" {
		l.noteMember([]asker{a}, args.cmd, edit, text) // an earlier removal got halfway
		return
	}
	l.changeMembers(a, args.cmd, core.RemoveMember, member, edit, text)
}

// monTransfer hands leadership to another monitor.
func monTransfer(l *leader, a asker, args args) {
	name := strings.TrimPrefix(args.text("name"), "mon.")
	var member core.Member
	for _, m := range l.c.members {
		if m.Name == name {
			member = m
		}
	}
	switch {
	case name != "" && member.Name == "":
		l.c.fail(a, wire.NotFound.Errorf("%s: mon.%s is no member", args.cmd.Name, name))
		return
	case name == l.c.cfg.Name:
		l.c.reply(a, &wire.CommandReply{Text: fmt.Sprintf("mon.%s leads already", name), Epoch: l.c.st.Epoch()}, nil)
		return
	}
	if name == "" {
		var ok bool
		if member, ok = l.heir(); !ok {
			l.c.fail(a, wire.Denied.Errorf("%s: no other monitor is heard that could lead", args.cmd.Name))
			return
		}
	}
	l.c.changeMembers(core.TransferTo, member, func(p core.Proposed) {
		if p.Outcome != core.Committed {
			l.c.fail(a, outcomeError(args.cmd, p))
			return
		}
		l.c.reply(a, &wire.CommandReply{Text: fmt.Sprintf("mon.%s leads now", member.Name), Epoch: l.c.st.Epoch()}, nil)
	})
}

// changeMembers changes who votes, then, as another entry, what is known of the monitor. Who asks again while
// that is under way waits for the same end. A later resend does the first once more, which changes nothing,
// and then what is left to do.
func (l *leader) changeMembers(a asker, cmd *wire.Command, action core.MemberAction, m core.Member, edit monEdit, text string) {
	l.changing[a.key] = []asker{a}
	l.c.changeMembers(action, m, func(p core.Proposed) {
		askers := l.changing[a.key]
		delete(l.changing, a.key)
		var failed *wire.Error
		switch {
		case p.Outcome != core.Committed:
			failed = outcomeError(cmd, p)
		case l.c.lead != l:
			failed = wire.Lost.Errorf("%s: %s, but this monitor leads no longer; say it again", cmd.Name, text)
		default:
			l.noteMember(askers, cmd, edit, text)
			return
		}
		for _, a := range askers {
			l.c.fail(a, failed)
		}
	})
}

// joinMember reports whether somebody asks again for a change of the members that is under way.
func (l *leader) joinMember(a asker) bool {
	askers, under := l.changing[a.key]
	if under {
		l.changing[a.key] = append(askers, a)
	}
	return under
}

// noteMember notes what is known of a monitor.
func (l *leader) noteMember(askers []asker, cmd *wire.Command, edit monEdit, text string) {
	note := &command{change: func(_ *leader, d *draft, _ args) (outcome, error) {
		d.mons = append(d.mons[:len(d.mons):len(d.mons)], edit)
		return outcome{text: text}, nil
	}}
	l.want(&change{askers: askers, key: askers[0].key, command: note, cmd: cmd}, true)
}

func outcomeError(cmd *wire.Command, p core.Proposed) *wire.Error {
	if p.Outcome == core.Unknown {
		return wire.Lost.Errorf("%s: %v", cmd.Name, p.Err)
	}
	return wire.Denied.Errorf("%s: nothing has changed: %v", cmd.Name, p.Err)
}

// monList describes the monitors.
func (l *leader) monList() *status.MonList {
	r := &status.MonList{FSID: l.c.cfg.FSID.String(), Version: l.c.st.monsVersion, Leader: l.c.cfg.Name, Term: l.term, Mons: []status.Mon{}}
	voters := make(map[string]bool)
	for _, m := range l.c.members {
		voters[m.Name] = m.Voter
	}
	for _, m := range l.c.mons() {
		one := status.Mon{
			Name: m.Name, Store: m.Store.String(), Addrs: map[string]string{}, Voter: voters[m.Name], Leader: m.Name == l.c.cfg.Name,
			Heard: l.monHeard(m.Name), Seconds: -1,
		}
		for _, ad := range m.dest().Addrs {
			one.Addrs[ad.Name] = ad.Addr
		}
		if s := l.mons[m.Name]; s != nil {
			one.Seconds, one.Epoch, one.SkewMS = int64((l.c.now.Mono-s.at)/second), s.epoch, s.skew
		}
		if one.Leader {
			one.Seconds, one.Epoch = 0, l.c.st.Epoch()
		}
		r.Mons = append(r.Mons, one)
	}
	return r
}
