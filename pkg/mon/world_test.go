package mon

import (
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
//	pgs active+clean [objects= bytes= todo= cause= anew= only=1.0]      what primaries say of their PGs
//	cmd NAME [key=value …] [id=7 as=x via=b]           a command; values have ~ for a blank
//	health [detail=CODE next=CODE], osds, lines   what is wrong; the OSDs; the last lines of the cluster log
//	hold, commit, lose, late         the log keeps proposals back; agrees on them; refuses to tell, and never
//	                                 or, with the next leader or at agree, agrees on them
//	show io moving pgs …             parts of the status
//	epochs [n=60]                    so many epochs, quietly
//	maps [whole] [after= epoch=]     what a monitor has of them
//	stall 15s                        time passes, and nobody does anything
//	wall -1h                         clocks on walls are set
//	cut a, mend a                    a monitor hears no other one
//	warnings on                      what a monitor's own log warns of shows, too; off
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
	warns   bool                                         // their own logs show
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
	case "warnings":
		w.warns = plain[0] == "on"
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
	case core.Log:
		if w.warns && e.Level >= core.Warn {
			w.say("%s warns: %s %v", n.name, e.Message, e.Args)
		}
	case core.Publish, core.Ready:
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
