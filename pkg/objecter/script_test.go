package objecter

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"zeph/internal/script"
	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

var update = flag.Bool("update", false, "rewrite testdata/*.txt to what the client does now")

// TestScripts plays testdata/*.txt. A line that starts with "> " is a command; what the client does
// because of it follows in lines that start with "| ". All other lines are for the reader.
//
// The cluster: monitors a, b, c; osd.0 to osd.3 on a host each; pool 1, 'demo', 3 copies, 4 PGs. What
// happens to its map, "change" says; who is told of it, "maps", "hint" and "push" say.
//
//	at TIME                                    the clock goes on; timers fire
//	change down|up N · flag|noflag NAME · pool|nopool NAME · temp PG OSD… · nothing
//	hint                                       a monitor publishes the newest epoch
//	push [FROM]                                an OSD sends the changes after FROM, or the newest
//	maps N [as of E]                           call N, for maps, is answered, by one who has maps up to E
//	write|read TOKEN POOL/OBJECT STEP… [timeout T]
//	mon TOKEN NAME… · lookup TOKEN POOL · getmap TOKEN [fresh] · list TOKEN PG · osd TOKEN PG NAME · cancel TOKEN
//	ok N V [epoch E]                           call N succeeds, at version V
//	ok N TEXT… [makes E]                       a command succeeds, and the map of epoch E shows it
//	refused N CODE V                           a step of call N failed
//	fails N CODE [epoch E]                     call N is answered by an error
//	lost N reset|timeout|down|full             call N ends without an answer
func TestScripts(t *testing.T) {
	t.Parallel()
	script.Play(t, *update, func(t *testing.T) func([]string) string {
		p := newPlay(t)
		return func(words []string) string {
			p.trace.Reset()
			p.do(words)
			return p.trace.String()
		}
	})
}

type play struct {
	t     *testing.T
	o     *Objecter
	now   core.Time
	timer time.Duration // the earliest that is set
	maps  []*osdmap.Map // by epoch
	steps [][]byte      // the changes, by epoch
	names map[uint64]string
	calls map[uint64]core.Call
	trace strings.Builder
}

func newPlay(t *testing.T) *play {
	p := &play{t: t, timer: never, names: map[uint64]string{}, calls: map[uint64]core.Call{}}
	var mons []core.Dest
	for _, name := range []string{"mon.a", "mon.b", "mon.c"} {
		mons = append(mons, core.Dest{Peer: core.Peer{Entity: entity(name)}})
	}
	p.o = New(Config{Mons: mons, Seed: 3, MaxOps: 3})
	p.maps, p.steps = []*osdmap.Map{osdmap.New(fsid, 1000)}, [][]byte{nil}
	p.change(firstChange)
	p.change(boots)
	return p
}

func (p *play) change(edit func(*osdmap.Change)) {
	m := p.maps[len(p.maps)-1]
	c := m.Next(m.Modified() + 1000)
	edit(c)
	b, err := c.Encode()
	if err != nil {
		p.t.Fatal(err)
	}
	next, err := m.Apply(c)
	if err != nil {
		p.t.Fatal(err)
	}
	p.maps, p.steps = append(p.maps, next), append(p.steps, b)
}

func (p *play) newest() osdmap.Epoch { return osdmap.Epoch(len(p.maps) - 1) }

func (p *play) step(ev core.Event) {
	for _, e := range p.o.Step(p.now, ev) {
		p.show(e)
	}
}

func (p *play) do(w []string) {
	word := func(i int) string {
		if i < len(w) {
			return w[i]
		}
		return ""
	}
	switch w[0] {
	case "at":
		p.goOn(duration(p.t, w[1]))
	case "change":
		p.change(changeOf(p.t, p.maps[p.newest()], w[1:]))
	case "hint":
		p.step(core.Received{From: core.Peer{Entity: entity("mon.b")}, Type: wire.TypeMapHint, Body: &wire.MapHint{Epoch: p.newest(), Leader: "mon.b"}})
	case "push":
		after := p.newest() - 1
		if word(1) != "" {
			after = osdmap.Epoch(number(p.t, w[1]))
		}
		p.step(core.Received{From: core.Peer{Entity: entity("osd.0")}, Type: wire.TypeMaps, Body: &wire.Maps{Newest: p.newest(), Changes: p.steps[after+1:]}})
	case "maps":
		as := p.newest()
		if word(2) == "as" {
			as = osdmap.Epoch(number(p.t, w[4]))
		}
		p.answerMaps(number(p.t, w[1]), as)
	case "ok", "refused", "fails", "lost":
		p.answer(w)
	default:
		p.begin(w)
	}
}

// goOn lets time pass, and timers fire on the way.
func (p *play) goOn(to time.Duration) {
	for p.timer <= to {
		p.now.Mono, p.timer = max(p.now.Mono, p.timer), never
		p.step(core.Fired{Key: Timer{}})
	}
	p.now.Mono = to
}

func (p *play) answerMaps(n uint64, as osdmap.Epoch) {
	c, ok := p.calls[n]
	ask, isMaps := c.Body.(*wire.GetMaps)
	if !ok || !isMaps {
		p.t.Fatalf("call %d asks for no maps", n)
	}
	delete(p.calls, n)
	reply := &wire.GetMapsReply{Oldest: 1, Newest: as}
	ev := core.Answered{Token: c.Token, From: c.To.Peer, Epoch: as, Body: reply}
	if ask.Whole {
		b, err := p.maps[as].Encode()
		if err != nil {
			p.t.Fatal(err)
		}
		if ask.Epoch != 0 {
			b, _ = p.maps[ask.Epoch].Encode()
		}
		reply.Epoch, reply.Size = as, uint64(len(b))
		ev.Bulk = b[ask.Offset:]
	} else if ask.After < as {
		reply.Changes = p.steps[ask.After+1 : as+1]
	}
	p.step(ev)
}

func (p *play) answer(w []string) {
	n := number(p.t, w[1])
	c, ok := p.calls[n]
	if !ok {
		p.t.Fatalf("call %d is not under way", n)
	}
	delete(p.calls, n)
	ev := core.Answered{Token: c.Token, From: c.To.Peer, Epoch: p.o.epoch()}
	for i, word := range w {
		if word == "epoch" {
			ev.Epoch = osdmap.Epoch(number(p.t, w[i+1]))
		}
	}
	switch w[0] {
	case "ok":
		switch c.Type {
		case wire.TypeWrite:
			ev.Body = &wire.WriteReply{Version: version(p.t, w[2])}
		case wire.TypeRead:
			ev.Body = &wire.ReadReply{Version: version(p.t, w[2]), Results: make([]wire.Result, len(c.Body.(*wire.Read).Steps))}
		case wire.TypeList:
			ev.Body = &wire.ListReply{}
		default:
			reply := &wire.CommandReply{}
			if i := slices.Index(w, "makes"); i > 0 {
				reply.Epoch, w = osdmap.Epoch(number(p.t, w[i+1])), w[:i]
			}
			reply.Text = strings.Join(w[2:], " ")
			ev.Body = reply
		}
	case "refused":
		r := []wire.Result{{Code: code(p.t, w[2])}}
		ev.Body = any(&wire.WriteReply{Version: version(p.t, w[3]), Results: r})
		if c.Type == wire.TypeRead {
			ev.Body = &wire.ReadReply{Version: version(p.t, w[3]), Results: r}
		}
	case "fails":
		ev.Err = code(p.t, w[2]).Errorf("")
	case "lost":
		ev.Epoch = 0
		ev.Err = map[string]error{"reset": core.ErrReset, "timeout": core.ErrTimeout, "down": core.ErrDown, "full": core.ErrQueueFull}[w[2]]
		if ev.Err == nil {
			p.t.Fatalf("no such end: %s", w[2])
		}
	}
	p.step(ev)
}

func (p *play) token(name string) core.Token {
	n := uint64(len(p.names) + 1)
	p.names[n] = name
	return core.Token{N: n}
}

func (p *play) begin(w []string) {
	var timeout time.Duration
	if n := len(w); n > 2 && w[n-2] == "timeout" {
		timeout, w = duration(p.t, w[n-1]), w[:n-2]
	}
	switch w[0] {
	case "write":
		steps, bulk := stepsOf(p.t, w[3:])
		p.step(Write{Token: p.token(w[1]), Object: object(w[2]), Steps: steps, Bulk: bulk, Timeout: timeout})
	case "read":
		steps, bulk := stepsOf(p.t, w[3:])
		p.step(Read{Token: p.token(w[1]), Object: object(w[2]), Steps: steps, Bulk: bulk, Timeout: timeout})
	case "list":
		p.step(List{Token: p.token(w[1]), PG: pgid(p.t, w[2]), Timeout: timeout})
	case "mon":
		p.step(MonCommand{Token: p.token(w[1]), Name: strings.Join(w[2:], " "), Timeout: timeout})
	case "osd":
		p.step(OSDCommand{Token: p.token(w[1]), PG: pgid(p.t, w[2]), Name: strings.Join(w[3:], " "), Timeout: timeout})
	case "lookup":
		p.step(LookUp{Token: p.token(w[1]), Pool: Pool{Name: w[2]}, Timeout: timeout})
	case "getmap":
		p.step(GetMap{Token: p.token(w[1]), Fresh: len(w) > 2, Timeout: timeout})
	case "cancel":
		for n, name := range p.names {
			if name == w[1] {
				p.step(Cancel{Token: core.Token{N: n}})
			}
		}
	default:
		p.t.Fatalf("no such command: %v", w)
	}
}

// show adds an effect to the trace.
func (p *play) show(e core.Effect) {
	var s string
	switch e := e.(type) {
	case core.SetTimer:
		p.timer = min(p.timer, e.At)
		return
	case core.Call:
		p.calls[e.Token.N] = e
		s = fmt.Sprintf("call %d to %v: %s", e.Token.N, e.To.Entity, showBody(e))
		if e.To.GID != 0 {
			s = fmt.Sprintf("call %d to %v run %d: %s", e.Token.N, e.To.Entity, e.To.GID, showBody(e))
		}
	case NewMap:
		s = fmt.Sprintf("map e%d", e.Map.Epoch())
	case Waiting:
		s = fmt.Sprintf("%s waits: %s", p.names[e.Token.N], e.Why)
		if e.Why == "" {
			s = fmt.Sprintf("%s waits no longer", p.names[e.Token.N])
		}
	case Done:
		s = p.names[e.Token.N] + " done: " + showDone(e)
	default:
		s = fmt.Sprintf("%T %+v", e, e)
	}
	fmt.Fprintf(&p.trace, "| %6s  %s\n", p.now.Mono, s)
}

func showBody(c core.Call) string {
	switch b := c.Body.(type) {
	case *wire.GetMaps:
		if b.Whole {
			return "whole map"
		}
		return fmt.Sprintf("maps after e%d", b.After)
	case *wire.Write:
		s := fmt.Sprintf("write id %d pg %v %s %s floor %v", c.ID, osdmap.PGID(b.PG), b.Object, showSteps(b.Steps), b.Floor)
		if b.Resend {
			s += " resend"
		}
		return s
	case *wire.Read:
		return fmt.Sprintf("read id %d pg %v %s %s", c.ID, osdmap.PGID(b.PG), b.Object, showSteps(b.Steps))
	case *wire.List:
		return fmt.Sprintf("list id %d pg %v", c.ID, osdmap.PGID(b.PG))
	case *wire.Command:
		return fmt.Sprintf("command id %d %s", c.ID, b.Name)
	}
	return fmt.Sprintf("%T", c.Body)
}

func showSteps(steps []wire.Step) string {
	var s []string
	for _, step := range steps {
		s = append(s, step.Op.String())
	}
	return strings.Join(s, ", ")
}

func showDone(d Done) string {
	switch {
	case errors.Is(d.Err, ErrUnknown):
		return "UNKNOWN (" + d.Err.Error() + ")"
	case d.Err != nil:
		return "failed (" + d.Err.Error() + ")"
	}
	switch b := d.Body.(type) {
	case *wire.WriteReply:
		return "ok " + b.Version.String()
	case *wire.ReadReply:
		return "ok " + b.Version.String()
	case *wire.CommandReply:
		return "ok " + strconv.Quote(b.Text)
	case *osdmap.Pool:
		return fmt.Sprintf("ok pool %d", b.ID)
	case *osdmap.Map:
		return fmt.Sprintf("ok map e%d", b.Epoch())
	}
	return fmt.Sprintf("ok %T", d.Body)
}
