package pg

import (
	"fmt"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// PG keeps one copy of a placement group in step with the others. It holds no lock, socket, disk, clock
// or goroutine: feed it events in order, carry out its effects in order.
//
// info, log, missing and dups are as submitted to the store; what is not durable yet may be lost with this
// run, so no answer leaves before it is (rule 5.2).
type PG struct {
	cfg Config
	set Settings
	now core.Time
	out []core.Effect

	m     *osdmap.Map
	place placement.Mapping
	pool  osdmap.Pool

	info    wire.PGInfo
	log     pglog
	missing missing
	dups    dups
	stats   store.PGStats // as last read
	room    *Room

	era    uint64 // counts intervals here; what an older one began is void
	bounds []bound
	heard  []wire.GID // runs that take part in this interval: their older leases are over (6.5)
	pri    *primary   // nil unless this OSD leads the PG
	rep    *replica   // of a member or stray

	tokens    uint64
	order     []submitted          // under way in the store, in order
	whenQuiet []whenDurable        // waits for what was submitted before it
	reads     map[uint64]func(any) // under way, by token
	calls     map[uint64]func(core.Answered)
	objects   map[store.Key]*object
	removing  *removal
	state     states // as last told
	statsRead time.Duration
	statsOf   uint64 // what they show: this many transactions, and maybe some of those under way
	submits   uint64 // transactions so far, counted from one: what was there before has yet to be looked at
	cause     string // why data moves: what began the interval
	gone      bool
	counts    counts
	bugs      *core.Rand // of Buggify
}

// counts are what happened since this run began.
type counts struct {
	readOps, readBytes, writeOps, writeBytes, recovered uint64
	damaged                                             uint64
}

type submitted struct {
	token uint64
	era   uint64
	then  func() // nil: nothing; only if the interval is still the same
	ever  func() // the same, whatever the interval
}

type whenDurable struct {
	token uint64 // the newest one submitted when it was asked for
	then  func()
}

// New makes the machine of a PG. Its first event is Open or Create.
func New(cfg Config) *PG {
	if cfg.Room == nil {
		cfg.Room = NewRoom()
	}
	return &PG{
		cfg: cfg, set: cfg.Settings.filled(), room: cfg.Room,
		reads: map[uint64]func(any){}, calls: map[uint64]func(core.Answered){},
		objects: map[store.Key]*object{},
		missing: newMissing(), dups: newDups(), submits: 1,
	}
}

// Step moves the PG by one event and says what must happen next.
func (pg *PG) Step(now core.Time, ev any) []core.Effect {
	pg.now = now
	pg.out = nil
	pg.handle(ev)
	if !pg.gone {
		pg.kick()
		if s := pg.states(); s != pg.state {
			pg.state = s
			pg.emit(core.Log{Level: core.Debug, Message: "pg state", Args: []any{"pg", pg.cfg.PG, "epoch", pg.Epoch(), "state", s.String()}})
			pg.emit(Changed{PG: pg.cfg.PG})
		}
	}
	return pg.out
}

func (pg *PG) handle(ev any) {
	switch ev := ev.(type) {
	case Open:
		pg.open(ev)
	case Create:
		pg.create(ev)
	case NewMap:
		pg.newMap(ev.View)
	case core.Received:
		pg.received(ev)
	case core.Durable:
		pg.becameDurable(ev)
	case core.ReadDone:
		if then := pg.reads[ev.Token.N]; then != nil {
			delete(pg.reads, ev.Token.N)
			then(ev.Result)
		}
	case core.Answered:
		if then := pg.calls[ev.Token.N]; then != nil {
			delete(pg.calls, ev.Token.N)
			then(ev)
		}
	case LeaseReceived:
		pg.leaseReceived(ev)
	case Slot:
		pg.slotGranted(ev)
	case Settings:
		pg.set = ev.filled()
	case NewGID:
		pg.cfg.GID = ev.GID
	case core.StoreStats:
		pg.room.Told(ev.Stats)
	case Tick:
		pg.tick()
	case core.Fired:
		if pg.pri != nil {
			pg.resendWrites()
		}
	case core.Continue: // kick looks at the rest
	default:
		panic(fmt.Sprintf("pg %v: Step: unknown event %T", pg.cfg.PG, ev))
	}
}

// received sorts what others say. What belongs to another interval, or to another run of ours, is dropped (4.5):
// an older one is over, and the OSD held back what is newer than its map.
func (pg *PG) received(r core.Received) {
	switch body := r.Body.(type) {
	case *wire.Write:
		pg.clientWrite(r, body)
		return
	case *wire.Read:
		pg.clientRead(r, body)
		return
	case *wire.List:
		pg.clientList(r, body)
		return
	case *wire.Command:
		pg.command(r, body)
		return
	case *wire.SubWrite:
		pg.subWrite(r, body)
		return
	}
	if pg.leaves() || !pg.fits(r) {
		if pg.leaves() {
			pg.sometimes("pg hears something after its pool has gone")
		}
		return
	}
	pg.heardFrom(r.From)
	switch body := r.Body.(type) {
	case *wire.PGQuery:
		pg.query(r, body)
	case *wire.PGNotify:
		pg.notify(r, body)
	case *wire.PGLog:
		pg.gotLog(r, body)
	case *wire.PGActivate:
		pg.activateReplica(r, body)
	case *wire.PGActivated:
		pg.activated(r, body)
	case *wire.PGHistory:
		pg.gotHistory(r, body)
	case *wire.PGHistoryAck:
		pg.historyAcked(r, body)
	case *wire.PGRemove:
		pg.toldToGo(r)
	case *wire.PGPull:
		pg.pulled(r, body)
	case *wire.PGPush:
		pg.pushed(r, body)
	case *wire.PGPushed:
		pg.pushAcked(r, body)
	case *wire.PGReserve:
		pg.reserve(r, body)
	case *wire.PGScan:
		pg.scanAsked(r, body)
	case *wire.PGScanned:
		pg.scanned(r, body)
	case *wire.PGCursor:
		pg.moveCursor(r, body)
	case *wire.PGCursorAck:
		pg.cursorMoved(r, body)
	case *wire.PGScrub:
		pg.scrubAsked(r, body)
	case *wire.PGScrubbed:
		pg.scrubbed(r, body)
	case *wire.PGRepair:
		pg.repairAsked(r, body)
	case *wire.PGRepaired:
		pg.repairNoted(r, body)
	}
}

// ---- effects

func (pg *PG) emit(e core.Effect) { pg.out = append(pg.out, e) }

func (pg *PG) token() core.Token {
	pg.tokens++
	return core.Token{PG: pg.cfg.PG, N: pg.tokens}
}

// submit hands a transaction to the store; then runs when it is durable, if the interval is still the same.
func (pg *PG) submit(t *store.Txn, then func()) { pg.submitEver(t, then, nil) }

// submitEver is submit with something that runs whatever the interval is then.
func (pg *PG) submitEver(t *store.Txn, then, ever func()) {
	pg.room.Submitted(t)
	pg.submits++
	tok := pg.token()
	pg.order = append(pg.order, submitted{token: tok.N, era: pg.era, then: then, ever: ever})
	pg.emit(core.Submit{Token: tok, Txn: t})
}

func (pg *PG) becameDurable(d core.Durable) {
	if d.Err != nil { // a copy has no "no" (7.4)
		pg.emit(core.Exit{Err: fmt.Errorf("pg %v: transaction: %w", pg.cfg.PG, d.Err)})
		return
	}
	if len(pg.order) == 0 || pg.order[0].token != d.Token.N {
		return // of an earlier life of this machine
	}
	s := pg.order[0]
	pg.order = pg.order[1:]
	if s.ever != nil {
		s.ever()
	}
	if s.then != nil && s.era == pg.era {
		s.then()
	}
	for len(pg.whenQuiet) > 0 && (len(pg.order) == 0 || pg.order[0].token > pg.whenQuiet[0].token) {
		w := pg.whenQuiet[0]
		pg.whenQuiet = pg.whenQuiet[1:]
		w.then()
	}
}

// quiet runs then once all that is submitted by now is durable (5.2), if the interval is still the same.
func (pg *PG) quiet(then func()) {
	if len(pg.order) == 0 {
		then()
		return
	}
	era := pg.era
	pg.whenQuiet = append(pg.whenQuiet, whenDurable{pg.order[len(pg.order)-1].token, func() {
		if pg.era == era {
			then()
		}
	}})
}

// read looks at the store; then gets the answer, if the interval is still the same.
func (pg *PG) read(do func(store.Reader) any, then func(any)) {
	tok, era := pg.token(), pg.era
	pg.reads[tok.N] = func(res any) {
		if pg.era == era {
			then(res)
		}
	}
	pg.emit(core.Read{Token: tok, Do: do})
}

// dest is how to reach an OSD that the map says is up.
func (pg *PG) dest(id osdmap.OSDID) (core.Dest, bool) {
	o, ok := pg.m.OSD(id)
	if !ok || !o.Up {
		return core.Dest{}, false
	}
	return core.Dest{Peer: core.Peer{Entity: entityOf(id), GID: wire.GID(o.GID)}, Addrs: o.Addrs}, true
}

func entityOf(id osdmap.OSDID) wire.Entity {
	return wire.Numbered(wire.OSD, int32(id))
}

// osdOf is the OSD that a peer is, if it is the run that the map has.
func (pg *PG) osdOf(p core.Peer) (osdmap.OSDID, bool) {
	n, ok := p.Entity.Number(wire.OSD)
	if !ok {
		return 0, false
	}
	id := osdmap.OSDID(n)
	o, ok := pg.m.OSD(id)
	return id, ok && o.Up && wire.GID(o.GID) == p.GID
}

// say sends a body, whose head is filled in here, to an OSD that is up.
func (pg *PG) say(id osdmap.OSDID, class wire.Class, t wire.Type, round uint64, body interface{ Head() *wire.PGHead }, bulk []byte) {
	to, ok := pg.dest(id)
	if !ok {
		return
	}
	*body.Head() = wire.PGHead{PG: wire.PG(pg.cfg.PG), Interval: pg.info.Interval.First, Round: round, To: to.GID}
	pg.emit(core.Send{To: to, Class: class, Type: t, Epoch: pg.m.Epoch(), Body: body, Bulk: bulk, Reserved: class != wire.Bulk})
}

func (pg *PG) warn(message string, args ...any) {
	pg.emit(core.Log{Level: core.Warn, Message: message, Args: append([]any{"pg", pg.cfg.PG, "epoch", pg.Epoch()}, args...)})
}

func (pg *PG) tell(message string, args ...any) {
	pg.emit(core.Log{Level: core.Info, Message: message, Args: append([]any{"pg", pg.cfg.PG, "epoch", pg.Epoch()}, args...)})
}

// wake asks to be stepped at a time.
func (pg *PG) wake(at time.Duration) {
	pg.emit(core.SetTimer{Key: TimerKey{PG: pg.cfg.PG, Gen: pg.era}, At: at})
}

// Epoch is the newest epoch that the PG was taken through.
func (pg *PG) Epoch() osdmap.Epoch {
	if pg.m == nil {
		return 0
	}
	return pg.m.Epoch()
}

// IsPrimary reports whether this OSD leads the PG now.
func (pg *PG) IsPrimary() bool { return pg.pri != nil }
