package pg

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/store/mem"
	"zeph/pkg/wire"
)

// testClient is a client of a script.
type testClient struct {
	name string
	gid  wire.GID
	ids  uint64
	seen wire.PGVersion
	ops  map[uint64]*clientOp
}

// clientOp is one request, under one id however often it is sent.
type clientOp struct {
	c     *testClient
	id    uint64
	what  string
	write *wire.Write
	read  *wire.Read
	list  *wire.List
	bulk  []byte
	floor wire.PGVersion
}

// do carries out a line of a script, and returns what came of it.
func (w *world) do(line string) []string {
	w.out, w.steps = nil, 0
	f := fields(line)
	w.command(f[0], f[1:])
	if f[0] != "show" && f[0] != "alike" {
		w.settle()
		w.states()
	}
	return w.out
}

// fields splits a line, and takes quotes off.
func fields(line string) []string {
	var out []string
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		if line[0] == '"' {
			if end := strings.IndexByte(line[1:], '"'); end >= 0 {
				out, line = append(out, line[1:end+1]), line[end+2:]
				continue
			}
		}
		word, rest, _ := strings.Cut(line, " ")
		out, line = append(out, word), rest
	}
	return out
}

func (w *world) command(name string, args []string) {
	switch name {
	case "cluster":
		*w = world{t: w.t}
		w.begin(args)
	case "map":
		w.mapCommand(strings.Join(args, " "))
	case "auto":
		off := args[1] == "off"
		if args[0] == "upthru" {
			w.noUpThru = off
		} else {
			w.noTemp = off
		}
	case "maps":
		o := w.osd(args[1])
		o.noMaps = args[0] == "hold"
		w.giveMaps(o)
	case "crash":
		keep := 0
		if len(args) > 1 {
			keep, _ = strconv.Atoi(strings.TrimPrefix(args[1], "keep="))
		}
		w.crash(w.osd(args[0]), keep)
	case "start":
		w.start(w.osd(args[0]))
	case "pause", "resume":
		w.osd(args[0]).paused = name == "pause"
	case "disk":
		w.diskCommand(w.osd(args[0]), args[1:])
	case "rot":
		if args[1] == "pg" {
			if !w.osd(args[0]).store.DamagePG(thePG) {
				w.t.Fatalf("osd.%s has no pg", args[0])
			}
			break
		}
		w.rot(w.osd(args[0]), w.key(args[1]), args[2:])
	case "scrubs":
		o := w.osd(args[0])
		if o.noScrub = args[1] == "hold"; !o.noScrub {
			for _, s := range o.wantScrub {
				o.place(s.Remote, true, true)
				o.queue = append(o.queue, s)
			}
			o.wantScrub = nil
		}
	case "clock":
		w.osd(args[0]).rate, _ = strconv.ParseInt(args[1], 10, 64)
	case "hold", "drop", "cut":
		w.net.rules = append(w.net.rules, w.net.parse(args, name != "hold")...)
	case "refuse":
		rules := w.net.parse(args, true)
		w.net.reset(rules[0].from, rules[0].to)
		for _, r := range rules {
			r.refuse = true
			w.net.rules = append(w.net.rules, r)
		}
	case "release":
		for _, r := range w.net.parse(args, false) {
			w.net.rules = slices.DeleteFunc(w.net.rules, func(have rule) bool {
				return have.from == r.from && have.to == r.to && have.typ == r.typ
			})
		}
	case "heal":
		w.net.heal()
	case "reset":
		r := w.net.parse(args, false)[0]
		w.net.reset(r.from, r.to)
	case "record":
		w.net.on, w.net.record = true, nil
	case "send":
		again := w.net.record
		w.net.on, w.net.record = false, nil
		w.net.queue = append(w.net.queue, again...)
	case "verbose":
		w.verbose = args[0] == "on"
	case "wait":
		d, err := time.ParseDuration(args[0])
		if err != nil {
			w.t.Fatal(err)
		}
		w.settle()
		w.wait(d)
	case "until":
		w.until(args)
	case "alike":
		w.alike()
	case "show":
		w.show(w.osd(args[0]), args[1])
	case "ask":
		w.ask(strings.Join(args, " "))
	default:
		if !w.clientCommand(name, args) {
			w.t.Fatalf("%q: %v", name, errUnknownCommand)
		}
	}
}

func (w *world) until(args []string) {
	most := 20 * time.Second
	if len(args) > 1 {
		most, _ = time.ParseDuration(args[1])
	}
	w.settle()
	start := w.now
	for w.now < start+most {
		if p := w.primary(); p != nil && p.pg != nil && slices.Contains(strings.Split(p.pg.State(), "+"), args[0]) {
			return
		}
		w.wait(50 * time.Millisecond)
	}
	w.printf("not %s after %v", args[0], most)
}

func (w *world) diskCommand(o *testOSD, args []string) {
	switch args[0] {
	case "hold", "go":
		o.hold = args[0] == "hold"
	case "step":
		n := 1
		if len(args) > 1 {
			n, _ = strconv.Atoi(args[1])
		}
		o.store.Commit(n)
	case "wipe":
		*o = testOSD{id: o.id, store: mem.New(mem.Config{Stepped: true}), uuid: o.uuid, gid: o.gid, reqs: o.reqs, told: o.told}
		o.uuid[0]++
	case "full", "roomy":
		o.full = args[0] == "full"
	case "lost":
		w.lostWrite(o, args[1], args[2], args[3])
	}
}

// lostWrite makes a copy of an object what it was before: the disk said that it had written, and had not.
func (w *world) lostWrite(o *testOSD, name, version, text string) {
	var v store.Version
	if _, err := fmt.Sscanf(version, "%d'%d", &v.Epoch, &v.Seq); err != nil {
		w.t.Fatal(err)
	}
	var t store.Txn
	t.WriteFull(w.key(name), []byte(text))
	t.SetVersion(w.key(name), v, 0)
	if err := o.store.Submit(&t, func(error) {}); err != nil {
		w.t.Fatal(err)
	}
}

// mapCommand makes one epoch.
func (w *world) mapCommand(line string) {
	m := w.newest()
	c := m.Next(0)
	for _, part := range strings.Split(line, ", ") {
		f := strings.Fields(part)
		var id osdmap.OSDID
		if len(f) > 1 && !strings.ContainsAny(f[1], ",abcdefghijklmnopqrstuvwxyz") {
			id = w.ids(f[1])[0]
		}
		switch f[0] {
		case "down":
			c.OSDs[id] = osdmap.OSDChange{Down: true}
		case "goodbye":
			c.OSDs[id] = osdmap.OSDChange{Down: true, Goodbye: true}
		case "up":
			w.boot(c, w.osds[id])
		case "lost":
			c.OSDs[id] = osdmap.OSDChange{Lost: true}
		case "purge":
			c.OSDs[id] = osdmap.OSDChange{Remove: true}
		case "upthru":
			c.OSDs[id] = osdmap.OSDChange{UpThru: m.Epoch()}
		case "raw":
			w.raw = w.ids(f[1])
		case "temp":
			c.PGTemp[thePG] = nil
			if f[1] != "none" {
				c.PGTemp[thePG] = w.ids(f[1])
			}
		case "size", "min", "lease":
			w.changePool(c, f)
		case "remove":
			c.RemovedPools = []osdmap.PoolID{1}
		case "flag", "unflag":
			flag, err := osdmap.ParseFlag(f[1])
			if err != nil {
				w.t.Fatal(err)
			}
			if f[0] == "flag" {
				c.SetFlags |= flag
			} else {
				c.ClearFlags |= flag
			}
		case "nothing":
		default:
			w.t.Fatalf("map %q", part)
		}
	}
	w.commit(c)
	w.printf("epoch %d", c.Epoch())
}

func (w *world) boot(c *osdmap.Change, o *testOSD) {
	if !o.running {
		w.start(o)
		w.settle()
	}
	if have, _ := w.newest().OSD(o.id); have.GID == uint64(o.gid) { // it saw itself down: another run (1.4)
		w.gids++
		w.net.lose(o.id)
		o.gid = wire.GID(1000*uint64(o.id+1) + w.gids)
		if o.pg != nil {
			o.queue = append(o.queue, NewGID{GID: o.gid})
			w.settle()
		}
	}
	c.OSDs[o.id] = osdmap.OSDChange{Up: &osdmap.Boot{GID: uint64(o.gid), Store: o.uuid}}
}

func (w *world) changePool(c *osdmap.Change, f []string) {
	if len(c.Pools) == 0 {
		pool, _ := w.newest().Pool(1)
		c.Pools = []osdmap.Pool{pool}
	}
	n, _ := strconv.Atoi(f[1])
	switch f[0] {
	case "size":
		c.Pools[0].Size = uint32(n)
	case "min":
		c.Pools[0].MinSize = uint32(n)
	case "lease":
		d, _ := time.ParseDuration(f[1])
		c.Pools[0].ReadLeaseMS = uint32(d.Milliseconds())
	}
}

// ---- clients

func (w *world) client(name string) *testClient {
	c := w.clients[name]
	if c == nil {
		c = &testClient{name: name, gid: wire.GID(100 + len(w.clients)), ops: map[uint64]*clientOp{}}
		w.clients[name] = c
	}
	return c
}

func (w *world) key(object string) store.Key {
	pg := New(Config{PG: thePG})
	pg.pool, _ = w.newest().Pool(1)
	pg.info.PGNum = 1
	k, _ := pg.keyFor(&wire.Target{PG: wire.PG(thePG), Object: object})
	return k
}

func (w *world) clientCommand(name string, args []string) bool {
	c := w.client(args[0])
	plain, opts := args[1:], map[string]string{}
	for i, a := range plain {
		key, value, ok := strings.Cut(a, "=")
		if ok && slices.Contains([]string{"to", "epoch", "id", "floor", "timeout"}, key) || a == "resend" {
			if opts[key] = value; true {
				plain[i] = ""
			}
		}
	}
	plain = slices.DeleteFunc(slices.Clone(plain), func(s string) bool { return s == "" })
	op := &clientOp{c: c, what: strings.Join(append([]string{name}, plain...), " ")}
	if !op.fill(name, plain) {
		return false
	}
	c.ids++
	op.id = c.ids
	if id, ok := opts["id"]; ok {
		n, _ := strconv.ParseUint(id, 10, 64)
		op.id = n
		c.ids = max(c.ids, n)
		if old := c.ops[n]; old != nil && op.write != nil {
			op.floor = old.floor
		}
	}
	w.sendOp(op, opts)
	return true
}

// fill makes the request that a command stands for.
func (op *clientOp) fill(name string, args []string) bool {
	target := wire.Target{PG: wire.PG(thePG)}
	if len(args) > 0 {
		target.Object = args[0]
	}
	text := ""
	if len(args) > 1 {
		text = args[len(args)-1]
	}
	writes := func(steps ...wire.Step) { op.write = &wire.Write{Target: target, Steps: steps} }
	reads := func(steps ...wire.Step) { op.read = &wire.Read{Target: target, Steps: steps} }
	n := uint64(len(text))
	op.bulk = []byte(text)
	switch name {
	case "write":
		writes(wire.Step{Op: wire.StepWriteFull, Length: n})
	case "append":
		writes(wire.Step{Op: wire.StepAppend, Length: n})
	case "fill":
		size, _ := strconv.Atoi(text)
		op.bulk = make([]byte, size)
		for i := range op.bulk {
			op.bulk[i] = byte(i * 7 >> 3)
		}
		writes(wire.Step{Op: wire.StepWriteFull, Length: uint64(size)})
	case "remove":
		op.bulk = nil
		writes(wire.Step{Op: wire.StepRemove})
	case "create":
		op.bulk = nil
		writes(wire.Step{Op: wire.StepAbsent}, wire.Step{Op: wire.StepCreate})
	case "cas":
		op.bulk = []byte(args[1] + text + text)
		writes(wire.Step{Op: wire.StepIsXattr, Name: "v", Length: uint64(len(args[1]))},
			wire.Step{Op: wire.StepSetXattr, Name: "v", Length: n}, wire.Step{Op: wire.StepWriteFull, Length: n})
	case "set":
		op.bulk = []byte(text + text)
		writes(wire.Step{Op: wire.StepSetXattr, Name: "v", Length: n}, wire.Step{Op: wire.StepWriteFull, Length: n})
	case "omap":
		writes(wire.Step{Op: wire.StepSetOmap, Name: args[1], Length: n})
	case "read":
		op.bulk = nil
		reads(wire.Step{Op: wire.StepRead})
	case "stat":
		op.bulk = nil
		reads(wire.Step{Op: wire.StepStat})
	case "xattr":
		op.bulk = nil
		reads(wire.Step{Op: wire.StepGetXattr, Name: "v"})
	case "omapget":
		op.bulk = nil
		reads(wire.Step{Op: wire.StepListOmap})
	case "list":
		op.bulk = nil
		op.list = &wire.List{PG: wire.PG(thePG)}
	default:
		return false
	}
	return true
}

func (w *world) sendOp(op *clientOp, opts map[string]string) {
	epoch := w.newest().Epoch()
	o := w.primary()
	if to, ok := opts["to"]; ok {
		o = w.osd(to)
	}
	if e, ok := opts["epoch"]; ok {
		n, _ := strconv.Atoi(e)
		epoch = osdmap.Epoch(n)
	}
	old := op.c.ops[op.id]
	op.c.ops[op.id] = op
	if op.write != nil {
		_, op.write.Resend = opts["resend"]
		if s, ok := opts["timeout"]; ok {
			d, _ := time.ParseDuration(s)
			op.write.Timeout = wire.Millis(d / time.Millisecond)
		}
		if old == nil {
			op.floor = op.c.seen
			if at := (wire.PGVersion{Epoch: epoch}); at.Compare(op.floor) > 0 {
				op.floor = at
			}
		}
		if f, ok := opts["floor"]; ok {
			fmt.Sscanf(f, "%d'%d", &op.floor.Epoch, &op.floor.Seq)
		}
		op.write.Floor = op.floor
	}
	if o == nil || !o.running || o.pg == nil {
		w.printf("%s: nobody to ask", op)
		return
	}
	w.settle()
	w.net.reqs++
	r := core.Received{
		From:  core.Peer{Entity: clientEntity(op.c.name), GID: op.c.gid},
		Class: wire.Data, Epoch: epoch, Request: core.Request(w.net.reqs), ID: op.id, Bulk: slices.Clone(op.bulk),
	}
	switch {
	case op.write != nil:
		r.Type, r.Body = wire.TypeWrite, copied(op.write)
	case op.read != nil:
		r.Type, r.Body = wire.TypeRead, copied(op.read)
	default:
		r.Type, r.Body = wire.TypeList, copied(op.list)
	}
	o.reqs[r.Request] = &message{client: op}
	o.queue = append(o.queue, r)
}

func clientEntity(name string) wire.Entity {
	e, err := wire.ParseEntity("client." + name)
	if err != nil {
		panic(err)
	}
	return e
}

func (op *clientOp) String() string { return fmt.Sprintf("%s.%d %s", op.c.name, op.id, op.what) }

func (w *world) clientAnswer(op *clientOp, body any, bulk []byte, failed *wire.Error) {
	if failed != nil {
		w.printf("%s: %v", op, failed.Code)
		return
	}
	switch b := body.(type) {
	case *wire.WriteReply:
		if n := len(b.Results); n > 0 && b.Results[n-1].Code != 0 {
			w.printf("%s: %v, version %v", op, b.Results[n-1].Code, b.Version)
			return
		}
		if b.Version.Compare(op.c.seen) > 0 {
			op.c.seen = b.Version
		}
		w.printf("%s: done, version %v", op, b.Version)
	case *wire.ReadReply:
		if n := len(b.Results); n > 0 && b.Results[n-1].Code != 0 {
			w.printf("%s: %v", op, b.Results[n-1].Code)
			return
		}
		if len(bulk) > 60 {
			w.printf("%s: %d bytes, version %v", op, len(bulk), b.Version)
			return
		}
		w.printf("%s: %q, version %v", op, bulk, b.Version)
	case *wire.ListReply:
		var names []string
		for _, o := range b.Objects {
			names = append(names, o.Name)
		}
		slices.Sort(names)
		w.printf("%s: %v", op, names)
	case *wire.CommandReply:
		if b.Text == "" {
			w.printf("%s", bulk)
			return
		}
		w.printf("%s", b.Text)
	}
}

// ask is an operator's command to the primary.
func (w *world) ask(name string) {
	o := w.primary()
	w.net.reqs++
	o.reqs[core.Request(w.net.reqs)] = &message{client: &clientOp{c: &testClient{name: "op"}, what: name}}
	o.queue = append(o.queue, core.Received{Class: wire.Control, Type: wire.TypeCommand, Request: core.Request(w.net.reqs), Body: &wire.Command{Name: name}})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// rot damages the first block of an object, or what is named: its record, a row of its omap, a block by its number.
func (w *world) rot(o *testOSD, k store.Key, what []string) {
	there := false
	switch {
	case len(what) == 0:
		there = o.store.Damage(k, 0, 1)
	case what[0] == "record":
		there = o.store.DamageRecord(k)
	case what[0] == "row":
		there = o.store.DamageRow(k, what[1])
	default:
		n, _ := strconv.ParseUint(what[0], 10, 64)
		there = o.store.Damage(k, n*store.BlockSize, 1)
	}
	if !there {
		w.t.Fatalf("osd.%d has no %s %v", o.id, k.Name, what)
	}
}

// show prints what a machine, or a store without one, has.
func (w *world) show(o *testOSD, what string) {
	switch what {
	case "objects":
		from, to := store.SpanOf(thePG, 1).Bounds()
		items, _, _ := o.store.List(from, to, 0)
		for _, it := range items {
			data, _, err := o.store.Read(nil, it.Key, 0, 60)
			if err != nil {
				data = []byte("damaged")
			}
			w.printf("%s %v %q", it.Key.Name, it.Info.Version, data)
		}
		return
	}
	if o.pg == nil {
		w.printf("no pg")
		return
	}
	q := o.pg.Query()
	switch what {
	case "slots":
		w.printf("own place %v, for others %v", o.slot, o.remote)
	case "scrubs":
		w.printf("own place %v, for others %v", o.scrubs[0], o.scrubs[1])
	case "log":
		for _, e := range o.pg.log.entries {
			del := ""
			if e.Delete {
				del = " deleted"
			}
			w.printf("%v %s after %v%s", e.Version, e.Object.Name, e.Prior, del)
		}
	case "info":
		w.printf("last_update %s, tail %s, les %d, history.les %d, last_epoch_clean %d", q.Info.LastUpdate, q.Info.LogTail, q.Info.LES, q.Info.HistoryLES, q.Info.LEC)
		if q.Info.Incomplete {
			w.printf("incomplete, cursor %q", q.Info.Cursor)
		}
	case "missing":
		for _, k := range o.pg.missing.keys {
			w.printf("%s needs %v", k.Name, o.pg.missing.need[k].Need)
		}
	case "scrub":
		w.printf("scrubbed %d, deep %d, inconsistent %d", q.Info.ScrubMS, q.Info.DeepMS, q.Info.Inconsistent)
	case "why":
		w.printf("%s: %s %v", q.Phase, q.Why, q.Blocked)
	case "leases":
		for _, l := range q.Leases {
			w.printf("osd.%d may serve %dms longer", l.OSD, l.Left)
		}
		w.printf("own lease: %dms left", q.Lease)
	case "past":
		for _, p := range q.Past {
			w.printf("%d to %d: %v wrote=%v needed=%v", p.First, p.Last, p.Acting, p.Wrote, p.Needed)
		}
	case "dups":
		w.printf("%d kept, forgotten up to %s", q.Info.ResultsKept, q.Info.ResultsForgotten)
	case "query":
		b, _ := json.MarshalIndent(q, "", "  ")
		for _, line := range strings.Split(string(b), "\n") {
			w.printf("%s", line)
		}
	default:
		w.t.Fatalf("show %q", what)
	}
}
