package mon

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
	"zeph/pkg/wire"
)

// fakeOSD is an OSD of which there is nothing but what it says.
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
		Degraded: opts.number("degraded", 0), Blocked: opts.ids("blocked"), Anew: opts.ids("anew"),
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
