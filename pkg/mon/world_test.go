package mon

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
	"zeph/pkg/status"
	"zeph/pkg/wire"
)

// world is a few monitors over a model of the replicated log, and OSDs that say what a script has them say:
//
//	mons a b c                       the monitors; lead has to follow
//	lead a [knows=a,b agree=later]   the log has another leader; only those named hear of it; agree: see late
//	boot osd.1 host=h1 [gid= store= notes= rack= weight= size= via=b]
//	goodbye|upthru|beacon osd.1 …    what OSDs say; from then on they send beacons by themselves each second
//	report osd.1 osd.2 silent|refused|hung for=2s      withdraw osd.1 osd.2
//	temp osd.1 pg=1.0 interval=4 osds=1,2
//	waits osd.1 why=hears~nobody     it is down, runs, and does not ask to be up yet
//	silence osd.1 …, alive osd.1 …   no more beacons; again
//	unheard osd.1 osd.2, slow osd.1 3   also what its beacons say
//	hears osd.1 osd.2=5ms …          the same: round trips of pings; age=2s: of the answers
//	apart a b                        two monitors do not hear each other; apart a: they do again
//	matrix                           who hears whom
//	disk osd.1 size= used=           what its beacons say
//	pgs active+clean [objects= bytes= todo= cause= only=1.0]      what primaries say of their PGs
//	cmd NAME [key=value …] [id=7 as=x via=b]           a command; values have ~ for a blank
//	health, osds, lines              what is wrong; the OSDs; the last lines of the cluster log
//	hold, commit, lose, late         the log keeps proposals back; agrees on them; refuses to tell, and never
//	                                 or, with the next leader or at agree, agrees on them
//	show io moving pgs …             parts of the status
//	epochs [n=60]                    so many epochs, quietly
//	maps [whole] [after= epoch=]     what a monitor has of them
//	stall 15s                        time passes, and nobody does anything
//	wall -1h                         clocks on walls are set
//	cut a, mend a                    a monitor hears no other one
//	+2s                              time passes
//
// An indented line is what a command brings about: eN is the change that makes epoch N, ! a line of the
// cluster log, -> an answer.
type world struct {
	t     *testing.T
	trace []string
	now   time.Duration
	wall  osdmap.UnixMilli // what the clocks on the walls were set forward by
	beat  time.Duration    // when OSDs send their next beacons
	mons  map[string]*node
	order []string

	leader   string
	term     uint64
	log      [][]byte // commands agreed on
	hold     bool
	held     []heldProposal
	late     [][]byte
	requests map[core.Request]request
	next     core.Request
	apart    map[string]string
	events   []queued
	timers   []timer

	osds    map[osdmap.OSDID]*fakeOSD
	pgs     map[osdmap.PGID]wire.PGStat
	allPGs  wire.PGStat
	counter uint64
	peek    func(body any, bulk []byte, err *wire.Error) // sees answers instead of the trace
}

// node is a monitor.
type node struct {
	name    string
	core    *Core
	state   core.State
	applied int
	cut     bool
}

type heldProposal struct {
	node    *node
	token   core.Token
	command []byte
}

type request struct {
	label string // of who asked; empty: another monitor
	quiet bool
	from  *node
	token core.Token
}

type queued struct {
	node *node
	ev   core.Event
}

type timer struct {
	at   time.Duration
	node *node
	key  any
}

type fakeOSD struct {
	id         osdmap.OSDID
	gids       []wire.GID
	store      osdmap.UUID
	alive      bool
	size, used uint64
	slow       uint32
	unheard    []wire.Unheard
	hears      []wire.Heard
	config     uint64
	term       uint64
}

func newWorld(t *testing.T) *world {
	return &world{
		t: t, beat: time.Second, mons: make(map[string]*node), requests: make(map[core.Request]request), apart: make(map[string]string),
		osds: make(map[osdmap.OSDID]*fakeOSD), pgs: make(map[osdmap.PGID]wire.PGStat), allPGs: wire.PGStat{State: "active+clean"},
	}
}

func (w *world) say(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
}

// options are the words key=value of a command.
type options map[string]string

func split(words []string) (plain []string, opts options) {
	opts = make(options)
	for _, word := range words {
		if key, value, ok := strings.Cut(word, "="); ok {
			opts[key] = strings.ReplaceAll(value, "~", " ")
		} else {
			plain = append(plain, word)
		}
	}
	return plain, opts
}

func (o options) number(key string, otherwise uint64) uint64 {
	if v, ok := o[key]; ok {
		n, err := strconv.ParseUint(v, 10, 64)
		if err != nil {
			panic(err)
		}
		return n
	}
	return otherwise
}

func (o options) ids(key string) (ids []osdmap.OSDID) {
	for _, s := range strings.FieldsFunc(o[key], func(r rune) bool { return r == ',' }) {
		n, err := strconv.Atoi(s)
		if err != nil {
			panic(err)
		}
		ids = append(ids, osdmap.OSDID(n))
	}
	return ids
}

func (w *world) do(words []string) error {
	verb := words[0]
	plain, opts := split(words[1:])
	if d, ok := strings.CutPrefix(verb, "+"); ok {
		length, err := time.ParseDuration(d)
		w.pass(length)
		return err
	}
	switch verb {
	case "mons":
		w.start(plain)
	case "lead":
		w.lead(plain[0], opts)
	case "hold":
		w.hold = true
	case "commit", "lose", "late":
		w.release(verb)
	case "agree":
		w.agreeLate()
	case "cut", "mend":
		w.mons[plain[0]].cut = verb == "cut"
	case "silence", "alive":
		for _, name := range plain {
			w.osd(name).alive = verb == "alive"
		}
	case "disk":
		o := w.osd(plain[0])
		o.size, o.used = opts.number("size", o.size), opts.number("used", o.used)
	case "pgs":
		w.setPGs(plain, opts)
	case "cmd":
		w.command(plain, opts)
	case "epochs":
		for n := range opts.number("n", 60) {
			w.command([]string{"flag", []string{"set", "unset"}[n%2]}, options{"flag": "noscrub"})
			w.settle()
		}
		w.trace = []string{fmt.Sprintf("e%d", w.mons[w.leader].state.(*State).Epoch())}
	case "maps":
		w.receive(w.mons[w.leader], request{label: "maps"}, core.Received{
			From: core.Peer{Entity: entityOf("x")}, Class: wire.Control, Type: wire.TypeGetMaps,
			Body: &wire.GetMaps{After: osdmap.Epoch(opts.number("after", 0)), Whole: len(plain) > 0, Epoch: osdmap.Epoch(opts.number("epoch", 0))},
		})
	case "apart":
		w.apart[plain[0]] = strings.Join(plain[1:], "")
	case "matrix":
		w.matrix()
	case "show":
		w.show(plain)
	case "stall":
		d, err := time.ParseDuration(plain[0])
		w.now += d
		w.beat = w.now.Truncate(time.Second) + time.Second
		w.pass(0)
		return err
	case "wall":
		d, err := time.ParseDuration(plain[0])
		w.wall += osdmap.UnixMilli(d / time.Millisecond)
		return err
	case "health":
		w.health(opts)
	case "osds":
		w.showOSDs()
	case "lines":
		w.showLines(opts)
	default:
		return w.osdSays(verb, plain, opts)
	}
	w.settle()
	return nil
}

// start makes monitors.
func (w *world) start(names []string) {
	var cluster []Mon
	for i, name := range names {
		cluster = append(cluster, Mon{Name: name, Store: fsidOf(byte(200 + i)), Control: "inproc://" + name})
	}
	var members []core.Member
	for _, m := range cluster {
		members = append(members, core.Member{Name: m.Name, ID: MemberID(m.Name, m.Store), Addr: m.Control, Voter: true})
	}
	for _, name := range names {
		n := &node{name: name, core: New(Config{Name: name, FSID: fsidOf(1), Mons: cluster}), state: Machine().New()}
		w.mons[name] = n
		w.order = append(w.order, name)
		w.post(n, core.Members{Members: members})
	}
}

func (w *world) lead(name string, opts options) {
	w.leader = name
	w.term++
	if opts["agree"] != "later" {
		w.agreeLate()
	}
	knows := w.order
	if v, ok := opts["knows"]; ok {
		knows = strings.Split(v, ",")
	}
	for _, other := range knows {
		w.post(w.mons[other], core.Leading{Term: w.term, Me: other == name, Leader: entityOf(name)})
	}
}

// agree is the log: a command is agreed on and applied everywhere.
func (w *world) agree(command []byte) (index int, result any) {
	w.log = append(w.log, command)
	for _, name := range w.order {
		n := w.mons[name]
		before := n.state.(*State)
		var r any
		n.state, r = Machine().Apply(n.state, uint64(len(w.log)), command)
		n.applied = len(w.log)
		if name == w.order[0] {
			result = r
			w.showEntry(before, n.state.(*State), r.(Result))
		}
		w.post(n, core.Applied{From: uint64(n.applied), To: uint64(n.applied), State: n.state})
	}
	return len(w.log), result
}

func (w *world) showEntry(before, after *State, r Result) {
	if r.Err != nil {
		w.say("the log: nothing changes: %v", r.Err)
		return
	}
	if after.Epoch() > before.Epoch() {
		if b, ok := after.Change(after.Epoch()); ok {
			c, err := osdmap.DecodeChange(b)
			if err != nil {
				w.t.Fatal(err)
			}
			w.say("e%d %s", after.Epoch(), changeText(c))
		} else {
			w.say("e%d the first map", after.Epoch())
		}
	}
	for n := before.lines.end(); n < after.lines.end(); n++ {
		l, _ := after.lines.at(n)
		w.say("! %s: %s", l.Who, l.Text)
	}
}

func changeText(c *osdmap.Change) string {
	var parts []string
	for _, id := range slices.Sorted(maps.Keys(c.OSDs)) {
		parts = append(parts, id.String()+osdText(c.OSDs[id]))
	}
	for _, p := range c.Pools {
		text := fmt.Sprintf("pool %s size %d/%d flags %v", p.Name, p.Size, p.MinSize, p.Flags)
		if p.ReadLeaseMS != 0 {
			text += fmt.Sprintf(" leases %dms", p.ReadLeaseMS)
		}
		parts = append(parts, text)
	}
	for _, id := range c.RemovedPools {
		parts = append(parts, fmt.Sprintf("pool %d gone", id))
	}
	for _, pg := range slices.SortedFunc(maps.Keys(c.PGTemp), osdmap.PGID.Compare) {
		parts = append(parts, fmt.Sprintf("pg_temp %v %v", pg, c.PGTemp[pg]))
	}
	if c.SetFlags != 0 {
		parts = append(parts, "set "+c.SetFlags.String())
	}
	if c.ClearFlags != 0 {
		parts = append(parts, "clear "+c.ClearFlags.String())
	}
	if c.Crush != nil {
		parts = append(parts, "crush")
	}
	return strings.Join(parts, ", ")
}

func osdText(c osdmap.OSDChange) string {
	text := ""
	for _, flag := range []struct {
		on   bool
		name string
	}{
		{c.Create, " new"}, {c.Remove, " removed"}, {c.Destroy, " destroyed"}, {c.Lost, " lost"}, {c.Down, " down"}, {c.Goodbye, " goodbye"},
		{c.AutoOut, " out by itself"},
	} {
		if flag.on {
			text += flag.name
		}
	}
	if c.Up != nil {
		text += fmt.Sprintf(" up gid %d", c.Up.GID)
	}
	if c.Weight != nil {
		text += fmt.Sprintf(" weight %v", *c.Weight)
	}
	if c.PrimaryAffinity != nil {
		text += fmt.Sprintf(" affinity %v", *c.PrimaryAffinity)
	}
	if c.UpThru != 0 {
		text += fmt.Sprintf(" up_thru %d", c.UpThru)
	}
	return text
}

func (w *world) proposed(n *node, token core.Token, command []byte) {
	switch {
	case w.leader != n.name:
		w.post(n, core.Proposed{Token: token, Outcome: core.Refused, Err: errors.New("not the leader")})
	case w.hold:
		w.held = append(w.held, heldProposal{n, token, command})
	default:
		index, result := w.agree(command)
		w.post(n, core.Proposed{Token: token, Outcome: core.Committed, Index: uint64(index), Result: result})
	}
}

// release ends the proposals that were held back.
func (w *world) release(how string) {
	held := w.held
	w.held, w.hold = nil, false
	for _, h := range held {
		switch how {
		case "commit":
			w.proposed(h.node, h.token, h.command)
			continue
		case "late":
			w.late = append(w.late, h.command)
		}
		w.post(h.node, core.Proposed{Token: h.token, Outcome: core.Unknown, Err: errors.New("leadership lost")})
	}
}

func (w *world) agreeLate() {
	for _, command := range w.late {
		w.agree(command)
	}
	w.late = nil
}

func (w *world) post(n *node, ev core.Event) { w.events = append(w.events, queued{n, ev}) }

// settle gives the monitors all events that wait, until nothing does but time.
func (w *world) settle() {
	for steps := 0; len(w.events) > 0; steps++ {
		if steps > 100_000 {
			w.t.Fatal("the monitors do not come to rest")
		}
		i := slices.IndexFunc(w.events, func(q queued) bool { _, idle := q.ev.(core.Continue); return !idle })
		i = max(i, 0) // what is told only when nothing else waits comes last
		q := w.events[i]
		w.events = slices.Delete(w.events, i, i+1)
		for _, e := range q.node.core.Step(w.time(), q.ev) {
			w.effect(q.node, e)
		}
	}
}

func (w *world) time() core.Time {
	return core.Time{Mono: w.now, Wall: 1_000_000_000 + w.wall + osdmap.UnixMilli(w.now/time.Millisecond)}
}

func (w *world) effect(n *node, e core.Effect) {
	switch e := e.(type) {
	case core.Propose:
		w.proposed(n, e.Token, e.Command)
	case core.Barrier:
		outcome := core.Committed
		if w.leader != n.name {
			outcome = core.Refused
		}
		w.post(n, core.Proposed{Token: e.Token, Outcome: outcome})
	case core.ChangeMembers:
		w.say("%s asks the log: %s mon.%s", n.name, map[core.MemberAction]string{core.AddMember: "add", core.RemoveMember: "remove", core.TransferTo: "transfer to"}[e.Action], e.Member.Name)
		w.post(n, core.Proposed{Token: e.Token, Outcome: core.Committed})
	case core.SetTimer:
		w.timers = append(w.timers, timer{e.At, n, e.Key})
	case core.Continue:
		w.post(n, e)
	case core.Call:
		w.call(n, e)
	case core.Reply:
		w.answered(e.To, n, e.Body, e.Bulk, nil)
	case core.Fail:
		w.answered(e.To, n, nil, nil, e.Err)
	case core.Drop:
		delete(w.requests, e.To)
	case core.Publish, core.Log, core.Ready:
	case core.Exit:
		w.say("%s exits", n.name)
	default:
		w.t.Fatalf("effect %T", e)
	}
}

// call is between monitors.
func (w *world) call(n *node, e core.Call) {
	to := w.mons[strings.TrimPrefix(e.To.Entity.String(), "mon.")]
	if to == nil || n.cut || to.cut || w.apart[n.name] == to.name || w.apart[to.name] == n.name {
		w.post(n, core.Answered{Token: e.Token, Err: core.ErrTimeout})
		return
	}
	if ping, ok := e.Body.(*wire.Ping); ok {
		w.post(n, core.Answered{Token: e.Token, From: e.To.Peer, Body: &wire.Pong{Sent: ping.Sent}})
		return
	}
	w.receive(to, request{from: n, token: e.Token}, core.Received{
		From: core.Peer{Entity: entityOf(n.name), GID: 1}, Class: e.Class, Type: e.Type, ID: uint64(w.next) + 1000, Body: e.Body,
	})
}

func (w *world) receive(n *node, r request, ev core.Received) {
	w.next++
	w.requests[w.next] = r
	ev.Request = w.next
	w.post(n, ev)
}

func (w *world) answered(req core.Request, n *node, body any, bulk []byte, err *wire.Error) {
	r, ok := w.requests[req]
	if !ok {
		w.t.Fatalf("request %d is ended twice", req)
	}
	delete(w.requests, req)
	if r.from != nil {
		a := core.Answered{Token: r.token, From: core.Peer{Entity: entityOf(n.name)}, Body: body, Bulk: bulk}
		if err != nil {
			a.Err = err
		}
		w.post(r.from, a)
		return
	}
	if b, ok := body.(*wire.BeaconReply); ok {
		w.beaconAnswered(r, b)
		return
	}
	if w.peek != nil {
		w.peek(body, bulk, err)
		return
	}
	if r.quiet {
		return
	}
	switch {
	case err != nil:
		w.say("-> %s: %s: %v", r.label, err.Code.Outcome(), err)
	default:
		w.say("-> %s: %s", r.label, bodyText(body, bulk))
	}
}

func bodyText(body any, bulk []byte) string {
	switch body := body.(type) {
	case *wire.Done:
		return fmt.Sprintf("done, e%d", body.Epoch)
	case *wire.CommandReply:
		if body.Text != "" {
			return fmt.Sprintf("%s (e%d)", body.Text, body.Epoch)
		}
		return string(bulk)
	case *wire.GetMapsReply:
		return fmt.Sprintf("maps: oldest change %d, newest %d, %d changes, whole %d", body.Oldest, body.Newest, len(body.Changes), body.Epoch)
	}
	return fmt.Sprintf("%+v", body)
}

// pass lets time go by: timers fire in order, and OSDs send beacons each second.
func (w *world) pass(d time.Duration) {
	until := w.now + d
	for {
		w.settle()
		first := -1
		for i, t := range w.timers {
			if first < 0 || t.at < w.timers[first].at {
				first = i
			}
		}
		switch {
		case first >= 0 && w.timers[first].at <= min(until, w.beat):
			t := w.timers[first]
			w.timers = slices.Delete(w.timers, first, first+1)
			w.now = max(w.now, t.at)
			w.post(t.node, core.Fired{Key: t.key})
		case w.beat <= until:
			w.now = w.beat
			w.beat += time.Second
			w.beacons()
		default:
			w.now = until
			return
		}
	}
}

func (w *world) osd(name string) *fakeOSD {
	id, ok := osdNamed(name)
	if !ok {
		w.t.Fatalf("%q is no osd", name)
	}
	o := w.osds[id]
	if o == nil {
		o = &fakeOSD{id: id, store: fsidOf(byte(id + 10)), size: 100 << 30, used: 1 << 30}
		w.osds[id] = o
	}
	return o
}

func (o *fakeOSD) gid() wire.GID {
	if len(o.gids) == 0 {
		return 0
	}
	return o.gids[len(o.gids)-1]
}

func (w *world) sendOSD(o *fakeOSD, what string, opts options, typ wire.Type, body any) {
	via := w.leader
	if v, ok := opts["via"]; ok {
		via = v
	}
	entity, _ := wire.ParseEntity(o.id.String())
	w.receive(w.mons[via], request{label: o.id.String() + " " + what, quiet: what == ""}, core.Received{
		From: core.Peer{Entity: entity, GID: o.gid()}, Class: wire.Control, Type: typ, ID: uint64(w.next) + 1, Body: body,
	})
}

func (w *world) osdSays(verb string, plain []string, opts options) error {
	switch verb {
	case "boot":
		w.boot(w.osd(plain[0]), opts)
	case "waits":
		o := w.osd(plain[0])
		w.sendOSD(o, verb, opts, wire.TypeBoot, &wire.Boot{OSD: o.id, GID: o.gid() + 1, Store: o.store, Waits: opts["why"]})
	case "goodbye":
		o := w.osd(plain[0])
		o.alive = false
		w.sendOSD(o, verb, opts, wire.TypeGoodbye, &wire.Goodbye{OSD: o.id, GID: o.gid()})
	case "upthru":
		o := w.osd(plain[0])
		w.sendOSD(o, verb, opts, wire.TypeUpThru, &wire.UpThru{OSD: o.id, GID: wire.GID(opts.number("gid", uint64(o.gid()))), Want: osdmap.Epoch(opts.number("want", 0))})
	case "report", "withdraw":
		o, target := w.osd(plain[0]), w.osd(plain[1])
		f := &wire.Failure{OSD: o.id, GID: o.gid(), Target: target.id, TargetGID: wire.GID(opts.number("gid", uint64(target.gid()))), Withdraw: verb == "withdraw"}
		if verb == "report" {
			f.Reason = map[string]wire.Reason{"silent": wire.Silent, "refused": wire.Refused, "hung": wire.NoProgress}[plain[2]]
			length, _ := time.ParseDuration(opts["for"])
			f.For = wire.Millis(length / time.Millisecond)
		}
		w.sendOSD(o, "", opts, wire.TypeFailure, f)
	case "temp":
		o := w.osd(plain[0])
		pg, err := osdmap.ParsePGID(opts["pg"])
		if err != nil {
			return err
		}
		ask := wire.TempAsk{PG: wire.PG(pg), Interval: osdmap.Epoch(opts.number("interval", 0)), OSDs: opts.ids("osds")}
		w.sendOSD(o, verb, opts, wire.TypePGTemp, &wire.PGTemp{OSD: o.id, GID: o.gid(), Asks: []wire.TempAsk{ask}})
	case "unheard":
		o := w.osd(plain[0])
		o.unheard = nil
		length, err := time.ParseDuration(or(opts["for"], "700ms"))
		if err != nil {
			return err
		}
		for _, name := range plain[1:] {
			o.unheard = append(o.unheard, wire.Unheard{OSD: w.osd(name).id, Reason: wire.Silent, For: wire.Millis(length / time.Millisecond)})
		}
	case "hears":
		o := w.osd(plain[0])
		o.hears = nil
		age, _ := time.ParseDuration(or(opts["age"], "0s"))
		for _, name := range slices.Sorted(maps.Keys(opts)) {
			if name != "age" {
				rtt, err := time.ParseDuration(opts[name])
				if err != nil {
					return err
				}
				us := uint32(rtt / time.Microsecond)
				o.hears = append(o.hears, wire.Heard{OSD: w.osd(name).id, RTT: us, Last: us / 2, Age: wire.Millis(age / time.Millisecond)})
			}
		}
	case "slow":
		n, err := strconv.ParseUint(plain[1], 10, 32)
		w.osd(plain[0]).slow = uint32(n)
		return err
	case "beacon":
		o := w.osd(plain[0])
		o.config = opts.number("config", o.config)
		w.beacon(o, "beacon", opts)
	default:
		return fmt.Errorf("unknown command %q", verb)
	}
	w.settle()
	return nil
}

func (w *world) boot(o *fakeOSD, opts options) {
	notes := slices.Clone(o.gids)
	gid := wire.GID(opts.number("gid", uint64(o.id)*10+uint64(len(o.gids))+1))
	if v, ok := opts["notes"]; ok {
		notes = nil
		for _, n := range strings.Split(v, ",") {
			g, _ := strconv.ParseUint(n, 10, 64)
			notes = append(notes, wire.GID(g))
		}
	}
	if v, ok := opts["store"]; ok {
		n, _ := strconv.Atoi(v)
		o.store = fsidOf(byte(n))
	}
	if o.gid() != gid {
		o.gids = append(o.gids, gid)
	}
	o.alive = true
	b := &wire.Boot{
		OSD: o.id, GID: gid, Store: o.store, GIDs: append(notes, gid), Weight: uint32(opts.number("weight", 1) << 16), Size: opts.number("size", 0), Host: opts["host"],
		Addrs: []osdmap.Addr{{Name: "public.control", Addr: fmt.Sprintf("inproc://osd.%d/%d", o.id, gid)}},
	}
	for _, kind := range []string{"host", "rack"} {
		if v, ok := opts[kind]; ok {
			b.Location = append(b.Location, kind+"="+v)
		}
	}
	w.sendOSD(o, "boot", opts, wire.TypeBoot, b)
}

// setPGs says what primaries tell of their PGs from now on.
func (w *world) setPGs(plain []string, opts options) {
	s := wire.PGStat{
		State: plain[0], Objects: opts.number("objects", 0), Bytes: opts.number("bytes", 0), ToRecover: opts.number("todo", 0), Recovered: opts.number("done", 0),
		Cause: opts["cause"], WriteBytes: opts.number("written", 0), WriteOps: opts.number("writes", 0), Clean: osdmap.Epoch(opts.number("clean", 0)),
		Degraded: opts.number("degraded", 0), Blocked: opts.ids("blocked"),
	}
	if v, ok := opts["only"]; ok {
		pg, err := osdmap.ParsePGID(v)
		if err != nil {
			w.t.Fatal(err)
		}
		w.pgs[pg] = s
		return
	}
	w.pgs, w.allPGs = make(map[osdmap.PGID]wire.PGStat), s
}

func (w *world) beacons() {
	for _, id := range slices.Sorted(maps.Keys(w.osds)) {
		if o := w.osds[id]; o.alive {
			w.beacon(o, "", nil)
		}
	}
}

func (w *world) beacon(o *fakeOSD, what string, opts options) {
	b := &wire.Beacon{OSD: o.id, GID: o.gid(), Size: o.size, Used: o.used, Complete: true, Term: o.term, Config: o.config, SlowOps: o.slow, Unheard: o.unheard, Hears: o.hears}
	if n := w.mons[w.leader]; n != nil && n.state.(*State).m != nil {
		w.fill(b, n.state.(*State))
	}
	w.sendOSD(o, what, opts, wire.TypeBeacon, b)
}

// fill gives the beacon what an OSD with the newest map would know of its PGs.
func (w *world) fill(b *wire.Beacon, st *State) {
	var p places
	p.follow(st)
	for pool := range st.m.Pools() {
		for seed, place := range p.table.Pool(pool.ID) {
			pg := osdmap.PGID{Pool: pool.ID, Seed: uint32(seed)}
			if slices.Contains(place.Acting, b.OSD) {
				b.Copies++
			}
			if place.ActingPrimary == b.OSD {
				b.PGs = append(b.PGs, w.stat(st, pg, &place, p.start[pg]))
			}
		}
	}
}

func (w *world) stat(st *State, pg osdmap.PGID, place *placement.Mapping, interval osdmap.Epoch) wire.PGStat {
	s, special := w.pgs[pg]
	if !special {
		s = w.allPGs
	}
	s.PG, s.Epoch, s.Interval, s.Up, s.Acting = wire.PG(pg), st.Epoch(), interval, place.Up, place.Acting
	if s.Clean == 0 {
		s.Clean = st.Epoch()
	}
	return s
}

func (w *world) beaconAnswered(r request, b *wire.BeaconReply) {
	name, _, _ := strings.Cut(r.label, " ")
	o := w.osd(name)
	o.config, o.term = b.Config, b.Term
	if r.quiet {
		return
	}
	text := fmt.Sprintf("e%d, oldest %d, term %d, config %d", b.Epoch, b.Oldest, b.Term, b.Config)
	for _, s := range b.Settings {
		text += fmt.Sprintf(", %s=%s", s.Name, s.Value)
	}
	for _, g := range b.Grace {
		text += fmt.Sprintf(", grace of %v %d ms", g.OSD, g.Grace)
	}
	w.say("-> %s: %s", r.label, text)
}

func (w *world) command(plain []string, opts options) {
	via := w.leader
	if v, ok := opts["via"]; ok {
		via = v
	}
	who := "admin"
	if v, ok := opts["as"]; ok {
		who = v
	}
	w.counter++
	id := opts.number("id", w.counter+100)
	cmd := &wire.Command{Name: strings.Join(plain, " ")}
	for _, key := range slices.Sorted(maps.Keys(opts)) {
		if key != "via" && key != "as" && key != "id" || key == "id" && strings.HasPrefix(cmd.Name, "osd") {
			cmd.Args = append(cmd.Args, wire.Setting{Name: key, Value: opts[key]})
		}
	}
	if strings.HasPrefix(cmd.Name, "osd") {
		id = opts.number("request", w.counter+100)
		cmd.Args = slices.DeleteFunc(cmd.Args, func(s wire.Setting) bool { return s.Name == "request" })
	}
	entity, err := wire.ParseEntity("client." + who)
	if err != nil {
		w.t.Fatal(err)
	}
	w.receive(w.mons[via], request{label: who}, core.Received{
		From: core.Peer{Entity: entity, GID: 7}, Class: wire.Control, Type: wire.TypeCommand, ID: id, Body: cmd,
	})
}

func (w *world) health(opts options) {
	l := w.mons[w.leader].core.lead
	w.settle()
	h := l.health()
	w.say("%s", h.Status)
	for _, c := range h.Checks {
		w.say("%s %s: %s", strings.TrimPrefix(c.Severity, "HEALTH_"), c.Code, c.Summary)
		for _, d := range c.Detail {
			if opts["detail"] == c.Code {
				w.say("  %s", d)
			}
		}
	}
}

func (w *world) matrix() {
	h := w.mons[w.leader].core.lead.heartbeats()
	for _, o := range h.OSDs {
		if o.Heard {
			w.say("%v hears %v: %d us, the last one %d us, %d ms ago", o.OSD, o.Peer, o.RoundTripUS, o.LastUS, o.AgeMS)
		} else {
			w.say("%v does not hear %v: %s for %d ms", o.OSD, o.Peer, o.Reason, o.AgeMS)
		}
	}
	for _, m := range h.Mons {
		w.say("mon.%s hears mon.%s: %v, %d us, %d ms ago", m.Mon, m.Peer, m.Heard, m.RoundTripUS, m.AgeMS)
	}
	for _, text := range h.Words {
		w.say("in words: %s", text)
	}
}

// show prints parts of the status.
func (w *world) show(parts []string) {
	s := w.mons[w.leader].core.lead.status()
	for _, part := range parts {
		v := map[string]any{"io": s.IO, "moving": s.Moving, "pgs": s.PGs, "osds": s.OSDs, "mons": s.Mons, "data": s.Data}[part]
		w.say("%s %s", part, must(json.Marshal(v)))
	}
}

func (w *world) showOSDs() {
	list := w.mons[w.leader].core.lead.osdShapes(w.mons[w.leader].state.(*State).m)
	slices.SortFunc(list, func(a, b status.OSD) int { return cmp.Compare(a.ID, b.ID) })
	for _, o := range list {
		w.say("%v %s weight %v up_from %d up_thru %d down_at %d at %s", o.ID, o.State, o.Reweight, o.UpFrom, o.UpThru, o.DownAt, strings.Join(o.Location, " "))
	}
}

func (w *world) showLines(opts options) {
	st := w.mons[w.order[0]].state.(*State)
	for _, l := range st.lines.last(int(opts.number("last", 10))).slice() {
		w.say("%d %s", l.Time, l.Text)
	}
}
