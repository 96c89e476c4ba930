package osd

import (
	"encoding/json"
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
	"zeph/pkg/placement"
	"zeph/pkg/store/mem"
	"zeph/pkg/wire"
)

var update = flag.Bool("update", false, "rewrite testdata/*.txt to what the OSD does now")

// TestScripts plays testdata/*.txt. A line that starts with "> " is a command; what the OSD does because of
// it follows in lines that start with "| ". All other lines are for the reader.
//
// The OSD is osd.0 of six, two to a host; what is around it the script plays. Monitors a, b and c answer
// questions for maps by themselves; other requests have numbers, and wait. Pings are answered at once, or not.
// What PGs do is not shown, but for new intervals after "pgs".
//
//	mkfs · start · restart · crash · stop     osd.0, with its store; a restart has another seed
//	at TIME                                   the clock goes on; timers fire
//	sleep TIME                                the same, but nobody runs meanwhile
//	change EDIT; EDIT; …                      the map, an epoch for each: up N [GID] · down N · me · pool ID NAME · nopool ID · nothing
//	oldest EPOCH                              changes before it are gone from the monitors
//	hint · push FROM [TO]                     the monitors, or osd.1, tell of new maps
//	ok N [EPOCH] · fails N CODE · lost N      how request N ends
//	beacons [term=T] [oldest=E] [NAME=VALUE]  answered by themselves from now on, so; told when they change
//	osd N silent|refuses|stuck|well           what becomes of pings
//	rot PG                                    the record of a PG rots on the disk
//	refused N CLASS TIMES                     dials of osd.N by a class are refused
//	from WHO GID EPOCH write|read|leases|subwrite|getmaps|stats [pg=P] [bulk=N] [timeout=T] [oneway]
//	     [id=N] [resend] [asked]               asked: as a request, though it has no answer
//	pgs                                       from now on their intervals are told
//	disk holds · disk goes on                 nothing is made durable meanwhile
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

type timer struct {
	at  time.Duration
	key any
}

type play struct {
	t      *testing.T
	atlas  *atlas
	store  *mem.Store
	core   *Core
	starts uint64
	now    time.Duration
	timers []timer
	queue  []core.Event

	asked   map[int]core.Call // requests that wait, by number
	numbers int
	pings   map[osdmap.OSDID]string
	beacons *wire.BeaconReply // how they are answered; nil: as other requests
	beacon  string            // the last one
	held    bool
	pgs     bool // what PGs log is shown
	submits []core.Submit
	reqs    core.Request
	who     map[core.Request]string
	gid     wire.GID
	trace   strings.Builder
}

func newPlay(t *testing.T) *play {
	p := &play{t: t, atlas: newAtlas(t, 6, 2), store: mem.New(mem.Config{Stepped: true, Size: 1 << 40}), asked: map[int]core.Call{},
		pings: map[osdmap.OSDID]string{}, who: map[core.Request]string{}}
	return p
}

func (p *play) say(format string, args ...any) {
	fmt.Fprintf(&p.trace, "| %6v  %s\n", p.now, fmt.Sprintf(format, args...))
}

func (p *play) begin(seed uint64) {
	var mons []core.Dest
	for _, name := range []string{"mon.a", "mon.b", "mon.c"} {
		e, _ := wire.ParseEntity(name)
		mons = append(mons, core.Dest{Peer: core.Peer{Entity: e}})
	}
	p.timers, p.queue, p.submits, p.asked, p.held = nil, nil, nil, map[int]core.Call{}, false
	p.core = New(Config{ID: 0, FSID: testFSID, Seed: seed, Mons: mons, Addrs: addrs(0)})
	p.step(core.StoreStats{Stats: p.store.Stats()})
}

func (p *play) step(ev core.Event) {
	p.queue = append(p.queue, ev)
	for len(p.queue) > 0 {
		ev := p.queue[0]
		p.queue = p.queue[1:]
		for _, e := range p.core.Step(core.Time{Mono: p.now, Wall: osdmap.UnixMilli(p.now / time.Millisecond)}, ev) {
			p.effect(e)
		}
	}
}

func (p *play) put(ev core.Event) { p.queue = append(p.queue, ev) }

func (p *play) effect(e core.Effect) {
	switch e := e.(type) {
	case core.Call:
		if e.Token.PG == (osdmap.PGID{}) {
			p.call(e)
		}
	case core.Send:
		if m, ok := e.Body.(*wire.Maps); ok {
			p.say("sends %v run %d the changes %d to %d", e.To.Entity, e.To.GID, m.Newest-osdmap.Epoch(len(m.Changes))+1, m.Newest)
		}
	case core.Reply:
		p.say("%s: answered %s", p.who[e.To], reply(e.Body, e.Bulk))
	case core.Fail:
		p.say("%s: refused: %v", p.who[e.To], e.Err)
	case core.Drop:
		p.say("%s: dropped", p.who[e.To])
	case core.Submit:
		p.submits = append(p.submits, e)
		p.shown(e)
		if !p.held {
			p.commit()
		}
	case core.Read:
		p.put(core.ReadDone{Token: e.Token, Result: e.Do(p.store)})
	case core.Continue:
		p.put(e)
	case core.SetTimer:
		p.timers = append(p.timers, timer{e.At, e.Key})
	case core.Rename:
		p.gid = e.GID
		p.say("is another run now")
	case core.Ready:
		p.say("is ready")
	case core.Exit:
		p.say("ends: %v", e.Err)
	case core.Log:
		if e.Level >= core.Info && (p.pgs || !strings.HasPrefix(e.Message, "pg ")) {
			p.say("log: %s %v", e.Message, e.Args)
		}
	default:
		p.t.Fatalf("effect %T", e)
	}
}

// shown tells of the OSD's own rows.
func (p *play) shown(e core.Submit) {
	var what []string
	for _, op := range e.Txn.Ops {
		if op.Key == superKey {
			var s superblock
			if err := wire.ParseBody(op.Data[1:], &s, true); err != nil {
				p.t.Fatal(err)
			}
			what = append(what, fmt.Sprintf("superblock: maps %d to %d, %d gids", s.Base, s.Newest, len(s.GIDs)))
		}
	}
	if len(what) > 0 {
		p.say("stores %s", strings.Join(what, ", "))
	}
}

func (p *play) commit() {
	submits := p.submits
	p.submits = nil
	for _, s := range submits {
		if err := p.store.Submit(s.Txn, func(err error) { p.put(core.Durable{Token: s.Token, Err: err}) }); err != nil {
			p.t.Fatal(err)
		}
	}
	p.store.Commit(len(submits))
}

func (p *play) call(e core.Call) {
	answer := func(body any, bulk []byte) {
		p.put(core.Answered{Token: e.Token, From: e.To.Peer, Epoch: p.atlas.newest().Epoch(), Body: body, Bulk: bulk})
	}
	switch b := e.Body.(type) {
	case *wire.GetMaps:
		what := fmt.Sprintf("maps after %d", b.After)
		if b.Whole {
			what = fmt.Sprintf("map %d", b.Epoch)
		}
		id, osd := osdOf(e.To.Entity)
		if osd && p.pings[id] != "" {
			p.refuse(e, id)
			return
		}
		if b.Whole || b.After != p.atlas.newest().Epoch() {
			p.say("asks %v for %s", e.To.Entity, what)
		}
		body, bulk := p.atlas.answer(b, p.atlas.newest().Epoch())
		answer(body, bulk)
	case *wire.Ping:
		id, _ := osdOf(e.To.Entity)
		switch p.pings[id] {
		case "":
			answer(&wire.Pong{Sent: b.Sent, Clock: uint64(p.now.Microseconds())}, nil)
		case "stuck":
			answer(&wire.Pong{Sent: b.Sent, Commit: uint64(p.now.Microseconds())}, nil)
		default:
			p.refuse(e, id)
		}
	case *wire.Beacon:
		said := fmt.Sprintf("beacon: %d copies, leads %d, complete %v, unheard %v, term %d", b.Copies, len(b.PGs), b.Complete, b.Unheard, b.Term)
		if p.beacons != nil {
			r := *p.beacons
			r.Epoch = p.atlas.newest().Epoch()
			answer(&r, nil)
		}
		if said == p.beacon && p.beacons != nil {
			return
		}
		p.beacon = said
		if p.beacons != nil {
			p.say("%s", said)
			return
		}
		p.wait(e, said)
	case *wire.Boot:
		if b.Waits != "" {
			p.say("tells %v that it waits: %s", e.To.Entity, b.Waits)
			answer(&wire.Done{Epoch: p.atlas.newest().Epoch()}, nil)
			return
		}
		p.gid = b.GID
		p.wait(e, fmt.Sprintf("boot, map %d, %d gids", b.Epoch, len(b.GIDs)))
	case *wire.Failure:
		what := b.Reason.String()
		if b.Withdraw {
			what = "well again"
		}
		p.wait(e, fmt.Sprintf("osd.%d run %d: %s", b.Target, b.TargetGID, what))
	case *wire.Goodbye:
		p.wait(e, "goodbye")
	case *wire.UpThru:
		p.wait(e, fmt.Sprintf("up_thru %d", b.Want))
	case *wire.PGTemp:
		p.wait(e, fmt.Sprintf("pg_temp %v", b.Asks))
	default:
		p.t.Fatalf("call %T", b)
	}
}

func (p *play) refuse(e core.Call, id osdmap.OSDID) {
	if p.pings[id] == "refuses" {
		p.put(core.Unreachable{To: e.To.Peer, Class: e.Class, Refused: true})
		p.put(core.Answered{Token: e.Token, From: e.To.Peer, Err: core.ErrDown})
		return
	}
	p.timers = append(p.timers, timer{p.now + e.Timeout, core.Answered{Token: e.Token, From: e.To.Peer, Err: core.ErrTimeout}})
}

func (p *play) wait(e core.Call, what string) {
	p.numbers++
	p.asked[p.numbers] = e
	p.say("request %d to %v: %s", p.numbers, e.To.Entity, what)
}

func reply(body any, bulk []byte) string {
	switch b := body.(type) {
	case *wire.GetMapsReply:
		return fmt.Sprintf("%d changes, oldest %d, newest %d", len(b.Changes), b.Oldest, b.Newest)
	case *wire.CommandReply:
		var n Numbers
		if err := json.Unmarshal(bulk, &n); err != nil {
			return err.Error()
		}
		return fmt.Sprintf("%d operations, %d bytes; %d done, %d had no room", n.Ops, n.Bytes, n.Done, n.Refused)
	}
	return fmt.Sprintf("%T", body)
}

func (p *play) number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}

func (p *play) do(w []string) {
	switch w[0] {
	case "mkfs":
		if err := p.store.Submit(Mkfs(testFSID, osdmap.OSDID(p.number(w[1])), storeOf(0)), func(error) {}); err != nil {
			p.t.Fatal(err)
		}
		p.store.Commit(1)
	case "start", "restart", "crash":
		p.store.Crash(0)
		p.starts++
		p.begin(p.starts)
	case "stop":
		p.step(core.Stop{})
	case "at":
		p.at(w[1])
	case "sleep":
		p.now += p.length(w[1])
		p.at(p.now.String())
	case "change":
		for _, edit := range strings.Split(strings.Join(w[1:], " "), ";") {
			p.edit(strings.Fields(edit))
		}
	case "oldest":
		p.atlas.oldest = osdmap.Epoch(p.number(w[1]))
	case "hint":
		e, _ := wire.ParseEntity("mon.b")
		p.step(core.Received{From: core.Peer{Entity: e}, Type: wire.TypeMapHint, Body: &wire.MapHint{Epoch: p.atlas.newest().Epoch(), Leader: "mon.b"}})
	case "push":
		from, to := p.number(w[1]), len(p.atlas.maps)-1
		if len(w) > 2 {
			to = p.number(w[2])
		}
		p.from(1, wire.TypeMaps, &wire.Maps{Oldest: 1, Newest: osdmap.Epoch(to), Changes: p.atlas.changes[from : to+1]})
	case "ok":
		done := &wire.Done{}
		if len(w) > 2 {
			done.Epoch = osdmap.Epoch(p.number(w[2]))
		}
		p.end(w[1], done, nil)
	case "fails":
		p.end(w[1], nil, codeNamed(w[2]).Errorf("because"))
	case "lost":
		p.end(w[1], nil, core.ErrReset)
	case "beacons":
		p.setBeacons(w[1:])
	case "osd":
		p.pings[osdmap.OSDID(p.number(w[1]))] = strings.TrimPrefix(w[2], "well")
	case "disk":
		if p.held = w[1] == "holds"; !p.held {
			p.commit()
			p.step(core.StoreStats{Stats: p.store.Stats()})
		}
	case "refused":
		o, _ := p.atlas.newest().OSD(osdmap.OSDID(p.number(w[1])))
		for range p.number(w[3]) {
			p.step(core.Unreachable{To: core.Peer{Entity: Entity(osdmap.OSDID(p.number(w[1]))), GID: wire.GID(o.GID)}, Class: classNamed(w[2]), Refused: true})
		}
	case "rot":
		id, err := osdmap.ParsePGID(w[1])
		if err != nil || !p.store.DamagePG(id) {
			p.t.Fatalf("%v: %v", w, err)
		}
	case "pgs":
		p.pgs = true
	case "from":
		p.message(w[1:])
	case "reset":
		p.step(core.SessionReset{From: p.peer(w[1], w[2]), Session: session(w[1], w[2]), Class: wire.Data})
	default:
		p.t.Fatalf("command %q", w[0])
	}
}

func (p *play) length(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

func (p *play) at(s string) {
	until := p.length(s)
	for {
		i := -1
		for j, t := range p.timers {
			if t.at <= until && (i < 0 || t.at < p.timers[i].at) {
				i = j
			}
		}
		if i < 0 {
			break
		}
		t := p.timers[i]
		p.timers = slices.Delete(p.timers, i, i+1)
		p.now = max(p.now, t.at)
		if ev, ok := t.key.(core.Answered); ok {
			p.step(ev)
		} else {
			p.step(core.Fired{Key: t.key})
		}
	}
	p.now = until
}

func (p *play) edit(w []string) {
	id := func() osdmap.OSDID { return osdmap.OSDID(p.number(w[1])) }
	switch w[0] {
	case "up":
		gid := p.atlas.maps[len(p.atlas.maps)-1]
		was, _ := gid.OSD(id())
		run := wire.GID(was.GID + 100)
		if was.GID == 0 {
			run = 100 + wire.GID(id())
		}
		p.atlas.up(id(), run)
	case "me":
		p.atlas.up(0, p.gid)
	case "down":
		p.atlas.down(id())
	case "pool":
		p.atlas.pool(osdmap.PoolID(p.number(w[1])), w[2], 3, 4)
	case "nopool":
		p.atlas.change(func(c *osdmap.Change) { c.RemovedPools = []osdmap.PoolID{osdmap.PoolID(p.number(w[1]))} })
	case "nothing":
		p.atlas.change(func(*osdmap.Change) {})
	default:
		p.t.Fatalf("edit %q", w)
	}
}

func (p *play) end(number string, body any, err error) {
	e, ok := p.asked[p.number(number)]
	if !ok {
		p.t.Fatalf("no request %s", number)
	}
	delete(p.asked, p.number(number))
	a := core.Answered{Token: e.Token, From: e.To.Peer, Epoch: p.atlas.newest().Epoch(), Err: err}
	if err == nil {
		a.Body = body
	}
	p.step(a)
}

func codeNamed(name string) wire.Code {
	for c := wire.Code(1); c.Known(); c++ {
		if strings.ReplaceAll(c.Error(), " ", "-") == name {
			return c
		}
	}
	panic("no code " + name)
}

func classNamed(name string) wire.Class {
	for c := range wire.NumClasses {
		if c.String() == name {
			return c
		}
	}
	panic("no class " + name)
}

func (p *play) setBeacons(w []string) {
	r := &wire.BeaconReply{Term: 1}
	if p.beacons != nil {
		*r = *p.beacons
	}
	for _, arg := range w {
		name, value, _ := strings.Cut(arg, "=")
		switch name {
		case "term":
			r.Term = uint64(p.number(value))
		case "oldest":
			r.Oldest = osdmap.Epoch(p.number(value))
		case "patience":
			id, d, _ := strings.Cut(value, ":")
			r.Grace = append(r.Grace, wire.PeerGrace{OSD: osdmap.OSDID(p.number(id)), Grace: wire.Millis(p.length(d) / time.Millisecond)})
		default:
			r.Config++
			r.Settings = append(r.Settings, wire.Setting{Name: name, Value: value})
		}
	}
	p.beacons = r
}

func (p *play) peer(who, gid string) core.Peer {
	e, err := wire.ParseEntity(who)
	if err != nil {
		p.t.Fatal(err)
	}
	return core.Peer{Entity: e, GID: wire.GID(p.number(gid))}
}

func session(who, gid string) uint64 {
	n := uint64(0)
	for _, c := range []byte(who + gid) {
		n = 31*n + uint64(c)
	}
	return n
}

// from is a message of an OSD as the newest map has it.
func (p *play) from(id osdmap.OSDID, typ wire.Type, body any) {
	o, _ := p.atlas.newest().OSD(id)
	p.step(core.Received{From: core.Peer{Entity: Entity(id), GID: wire.GID(o.GID)}, Session: uint64(id), Type: typ, Body: body})
}

func (p *play) message(w []string) {
	who, gid, epoch, what := w[0], w[1], osdmap.Epoch(p.number(w[2])), w[3]
	args := map[string]string{}
	for _, a := range w[4:] {
		k, v, _ := strings.Cut(a, "=")
		args[k] = v
	}
	m := core.Received{From: p.peer(who, gid), Session: session(who, gid), Class: wire.Data, Epoch: epoch}
	target := wire.Target{Object: "a"}
	if pool, ok := p.atlas.newest().Pool(1); ok {
		target.PG = wire.PG(placement.Object{Name: "a"}.PG(&pool))
	}
	if s, ok := args["pg"]; ok {
		id, err := osdmap.ParsePGID(s)
		if err != nil {
			p.t.Fatal(err)
		}
		target.PG = wire.PG(id)
	}
	var patience wire.Millis
	if s, ok := args["timeout"]; ok {
		patience = wire.Millis(p.length(s) / time.Millisecond)
	}
	if s, ok := args["bulk"]; ok {
		m.Bulk = make([]byte, p.number(s))
	}
	switch what {
	case "write":
		m.Type, m.Body = wire.TypeWrite, &wire.Write{Target: target, Timeout: patience, Floor: wire.PGVersion{Epoch: epoch},
			Steps: []wire.Step{{Op: wire.StepWriteFull, Length: uint64(len(m.Bulk))}}}
		_, m.Body.(*wire.Write).Resend = args["resend"]
	case "read":
		m.Type, m.Body = wire.TypeRead, &wire.Read{Target: target, Timeout: patience, Steps: []wire.Step{{Op: wire.StepRead}}}
	case "subwrite":
		m.Type, m.Body = wire.TypeSubWrite, &wire.SubWrite{Target: target}
	case "getmaps":
		m.Type, m.Body = wire.TypeGetMaps, &wire.GetMaps{After: epoch}
	case "stats":
		m.Type, m.Body = wire.TypeCommand, &wire.Command{Name: "osd stats"}
	case "leases":
		m.Type, m.Body = wire.TypePGLeases, &wire.PGLeases{To: p.gid}
	default:
		p.t.Fatalf("message %q", what)
	}
	_, oneway := args["oneway"]
	if _, asked := args["asked"]; asked || !m.Type.OneWay() && !oneway {
		p.reqs++
		m.Request, m.ID = p.reqs, uint64(p.reqs)
		if id, ok := args["id"]; ok {
			m.ID = uint64(p.number(id))
		}
		p.who[p.reqs] = fmt.Sprintf("%s %s", what, who)
	}
	p.step(m)
}
