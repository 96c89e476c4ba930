package client

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"zeph/pkg/core"
	"zeph/pkg/crush"
	"zeph/pkg/messenger"
	"zeph/pkg/messenger/inproc"
	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
	"zeph/pkg/wire"
	"zeph/pkg/world"
)

// fake is a cluster that is nothing but right: one monitor that knows one map, and OSDs that share one store
// in memory. So these tests are about the client alone.
type fake struct {
	t         *testing.T
	transport messenger.Transport
	cluster   *world.Cluster
	omap      *osdmap.Map

	mu      sync.Mutex
	objects map[fakeKey]*fakeObject
	seq     uint64

	// before is asked about each write and read; a false drops it without an answer, as a lost one.
	before func(name string, body any) bool
	after  func(name string, body any) bool // the same of answers to writes
}

type fakeKey struct {
	pool     osdmap.PoolID
	ns, name string
}

type fakeObject struct {
	data        []byte
	attrs, rows map[string][]byte
	version     wire.PGVersion
}

const fakeOSDs = 3

func newFake(t *testing.T) *fake {
	f := &fake{t: t, transport: inproc.New(), objects: map[fakeKey]*fakeObject{}}
	fsid := world.NewUUID()
	boots := map[osdmap.OSDID]*osdmap.Boot{}
	for id := range osdmap.OSDID(fakeOSDs) {
		w := f.run(fmt.Sprintf("osd.%d", id), fsid, []string{"public.control", "public.data"}, f.osd)
		boots[id] = &osdmap.Boot{GID: uint64(w.GID()), Store: world.NewUUID(), Addrs: w.Addrs()}
	}
	f.omap = f.makeMap(fsid, boots)
	w := f.run("mon.a", fsid, []string{"control", "hints"}, f.mon)
	f.cluster = &world.Cluster{FSID: fsid, Mons: []world.ClusterMon{{Name: "a"}}}
	for _, a := range w.Addrs() {
		if a.Name == "control" {
			f.cluster.Mons[0].Control = a.Addr
		} else {
			f.cluster.Mons[0].Hints = a.Addr
		}
	}
	return f
}

// acts is a core without memory of its own.
type acts func(core.Received) core.Effect

func (f acts) Step(_ core.Time, ev core.Event) []core.Effect {
	switch ev := ev.(type) {
	case core.Received:
		if ev.Request != 0 {
			return []core.Effect{f(ev)}
		}
	case core.Stop:
		return []core.Effect{core.Exit{}}
	}
	return nil
}

func (f *fake) run(name string, fsid osdmap.UUID, places []string, do acts) *world.World {
	e, err := wire.ParseEntity(name)
	if err != nil {
		f.t.Fatal(err)
	}
	listen := map[string]string{}
	for _, p := range places {
		listen[p] = "inproc://*"
	}
	w, err := world.New(world.Config{Entity: e, FSID: fsid, Transport: f.transport, Listen: listen, Poison: true})
	if err != nil {
		f.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { w.Run(context.Background(), do); close(ended) }()
	f.t.Cleanup(func() { w.Kill(); <-ended })
	return w
}

func (f *fake) makeMap(fsid osdmap.UUID, boots map[osdmap.OSDID]*osdmap.Boot) *osdmap.Map {
	m := &crush.Map{
		Tunables: crush.DefaultTunables(),
		Types:    []crush.Type{{ID: 0, Name: "osd"}, {ID: 2, Name: "root"}},
		Buckets:  []crush.Bucket{{ID: -1, Name: "default", Type: 2, Alg: crush.Straw2}},
		Rules: []crush.Rule{{ID: 0, Name: "replicated", Type: crush.Replicated, MinSize: 1, MaxSize: 10, Steps: []crush.Step{
			{Op: crush.OpTake, Arg1: -1}, {Op: crush.OpChooseFirstn}, {Op: crush.OpEmit}}}},
	}
	n, one := int32(fakeOSDs), crush.One
	for id := range crush.ItemID(fakeOSDs) {
		m.Devices = append(m.Devices, crush.Device{ID: id, Name: fmt.Sprintf("osd.%d", id)})
		m.Buckets[0].Items = append(m.Buckets[0].Items, crush.Item{ID: id, Weight: crush.One})
	}
	first := osdmap.New(fsid, 1)
	c := first.Next(2)
	c.Crush, c.MaxOSD = m, &n
	for i, name := range []string{"demo", "other"} {
		c.Pools = append(c.Pools, osdmap.Pool{ID: osdmap.PoolID(i + 1), Name: name, Type: osdmap.Replicated, Size: 3, MinSize: 2,
			PGNum: 8, PGPNum: 8, Flags: osdmap.PoolHashPSPool, ObjectHash: osdmap.HashRJenkins})
	}
	for id := range boots {
		c.OSDs[id] = osdmap.OSDChange{Create: true}
	}
	second, err := first.Apply(c)
	if err != nil {
		f.t.Fatal(err)
	}
	c = second.Next(3)
	for id, b := range boots {
		c.OSDs[id] = osdmap.OSDChange{Up: b, Weight: &one}
	}
	third, err := second.Apply(c)
	if err != nil {
		f.t.Fatal(err)
	}
	return third
}

func (f *fake) mon(ev core.Received) core.Effect {
	switch body := ev.Body.(type) {
	case *wire.GetMaps:
		reply := &wire.GetMapsReply{Oldest: f.omap.Epoch(), Newest: f.omap.Epoch()}
		if !body.Whole {
			return core.Reply{To: ev.Request, Epoch: f.omap.Epoch(), Body: reply}
		}
		b, err := f.omap.Encode()
		if err != nil {
			panic(err)
		}
		reply.Epoch, reply.Size = f.omap.Epoch(), uint64(len(b))
		end := min(body.Offset+1000, reply.Size) // several parts
		return core.Reply{To: ev.Request, Epoch: f.omap.Epoch(), Body: reply, Bulk: b[body.Offset:end]}
	case *wire.Command:
		return f.command(ev, body)
	}
	return core.Fail{To: ev.Request, Err: wire.NoHandler.Errorf("")}
}

// command answers "echo", whose JSON comes in pieces, and nothing else.
func (f *fake) command(ev core.Received, c *wire.Command) core.Effect {
	if c.Name != "echo" {
		return core.Fail{To: ev.Request, Err: wire.Denied.Errorf("no such command")}
	}
	json, _ := c.Arg("json")
	from := 0
	if off, ok := c.Arg("offset"); ok {
		fmt.Sscan(off, &from)
	}
	return core.Reply{To: ev.Request, Body: &wire.CommandReply{Text: "echoed", Size: uint64(len(json))}, Bulk: []byte(json[from:min(from+5, len(json))])}
}

func (f *fake) osd(ev core.Received) core.Effect {
	f.mu.Lock()
	defer f.mu.Unlock()
	epoch := f.omap.Epoch()
	switch body := ev.Body.(type) {
	case *wire.Write:
		if f.before != nil && !f.before(body.Object, body) {
			return core.Drop{To: ev.Request}
		}
		reply := f.write(body, ev.Bulk)
		if f.after != nil && !f.after(body.Object, body) {
			return core.Drop{To: ev.Request}
		}
		return core.Reply{To: ev.Request, Epoch: epoch, Body: reply}
	case *wire.Read:
		if f.before != nil && !f.before(body.Object, body) {
			return core.Drop{To: ev.Request}
		}
		reply, bulk := f.read(body, ev.Bulk)
		return core.Reply{To: ev.Request, Epoch: epoch, Body: reply, Bulk: bulk}
	case *wire.List:
		return core.Reply{To: ev.Request, Epoch: epoch, Body: f.list(body)}
	}
	return core.Fail{To: ev.Request, Err: wire.NoHandler.Errorf("")}
}

func keyOf(t wire.Target) fakeKey { return fakeKey{t.PG.Pool, t.Namespace, t.Object} }

// list gives pages of two.
func (f *fake) list(l *wire.List) *wire.ListReply {
	pool, _ := f.omap.Pool(l.PG.Pool)
	reply := &wire.ListReply{}
	for k, o := range f.objects {
		at := placement.Object{Name: k.name, Namespace: k.ns}
		if k.pool != pool.ID || at.PG(&pool).Seed != l.PG.Seed || !l.All && k.ns != l.Namespace {
			continue
		}
		if l.From.Name != "" && (k.ns < l.From.Namespace || k.ns == l.From.Namespace && k.name <= l.From.Name) {
			continue
		}
		reply.Objects = append(reply.Objects, wire.Listed{Namespace: k.ns, Name: k.name, Size: uint64(len(o.data)), Version: o.version, Modified: 1})
	}
	slices.SortFunc(reply.Objects, func(a, b wire.Listed) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	if len(reply.Objects) > 2 {
		reply.Objects, reply.More = reply.Objects[:2], true
		last := reply.Objects[1]
		reply.Next = wire.Cursor{Namespace: last.Namespace, Name: last.Name}
	}
	return reply
}

func (o *fakeObject) copy() *fakeObject {
	if o == nil {
		return nil
	}
	c := &fakeObject{data: slices.Clone(o.data), attrs: map[string][]byte{}, rows: map[string][]byte{}, version: o.version}
	for k, v := range o.attrs {
		c.attrs[k] = v
	}
	for k, v := range o.rows {
		c.rows[k] = v
	}
	return c
}

func (f *fake) write(w *wire.Write, bulk []byte) *wire.WriteReply {
	key := keyOf(w.Target)
	o := f.objects[key].copy()
	reply := &wire.WriteReply{}
	if o != nil {
		reply.Version = o.version
	}
	for _, s := range w.Steps {
		var data []byte
		if s.Op.Uses()&wire.SendsBulk != 0 {
			data, bulk = bulk[:s.Length], bulk[s.Length:]
		}
		var code wire.Code
		if o, code = change(o, s, data); code != 0 {
			reply.Results = append(reply.Results, wire.Result{Code: code})
			return reply
		}
		reply.Results = append(reply.Results, wire.Result{})
	}
	f.seq++
	reply.Version, reply.Results = wire.PGVersion{Epoch: f.omap.Epoch(), Seq: f.seq}, nil
	if o == nil {
		delete(f.objects, key)
	} else {
		o.version = reply.Version
		f.objects[key] = o
	}
	return reply
}

// change does one step of a write.
func change(o *fakeObject, s wire.Step, data []byte) (*fakeObject, wire.Code) {
	if code := compare(o, s, data); code != 0 {
		return o, code
	}
	switch s.Op {
	case wire.StepExists, wire.StepAbsent, wire.StepIsVersion, wire.StepIsXattr:
		return o, 0
	case wire.StepRemove:
		if o == nil {
			return nil, wire.NotFound
		}
		return nil, 0
	case wire.StepRemoveXattr, wire.StepRemoveOmap, wire.StepClearOmap, wire.StepTruncate, wire.StepZero:
		if o == nil {
			return nil, wire.NotFound
		}
	}
	if o == nil {
		o = &fakeObject{attrs: map[string][]byte{}, rows: map[string][]byte{}}
	}
	grow := func(n uint64) {
		if n > uint64(len(o.data)) {
			o.data = append(o.data, make([]byte, n-uint64(len(o.data)))...)
		}
	}
	switch s.Op {
	case wire.StepWrite:
		grow(s.Offset + uint64(len(data)))
		copy(o.data[s.Offset:], data)
	case wire.StepWriteFull:
		o.data = slices.Clone(data)
	case wire.StepAppend:
		o.data = append(o.data, data...)
	case wire.StepTruncate:
		grow(s.Offset)
		o.data = o.data[:s.Offset]
	case wire.StepSetXattr:
		o.attrs[s.Name] = slices.Clone(data)
	case wire.StepRemoveXattr:
		if _, ok := o.attrs[s.Name]; !ok {
			return o, wire.NotFound
		}
		delete(o.attrs, s.Name)
	case wire.StepSetOmap:
		o.rows[s.Name] = slices.Clone(data)
	case wire.StepRemoveOmap:
		delete(o.rows, s.Name)
	case wire.StepClearOmap:
		clear(o.rows)
	}
	return o, 0
}

func compare(o *fakeObject, s wire.Step, data []byte) wire.Code {
	switch s.Op {
	case wire.StepAbsent:
		if o != nil {
			return wire.Exists
		}
		return 0
	case wire.StepExists, wire.StepIsVersion, wire.StepIsXattr:
	default:
		return 0
	}
	if o == nil {
		return wire.NotFound
	}
	value, ok := o.attrs[s.Name]
	if s.Op == wire.StepIsVersion && s.Version != o.version || s.Op == wire.StepIsXattr && (!ok || string(value) != string(data)) {
		return wire.Mismatch
	}
	return 0
}

func (f *fake) read(r *wire.Read, bulk []byte) (*wire.ReadReply, []byte) {
	o := f.objects[keyOf(r.Target)]
	reply := &wire.ReadReply{}
	if o != nil {
		reply.Version, reply.Size, reply.Modified = o.version, uint64(len(o.data)), 1
	}
	var out []byte
	for _, s := range r.Steps {
		var with []byte
		if s.Op.Uses()&wire.SendsBulk != 0 {
			with, bulk = bulk[:s.Length], bulk[s.Length:]
		}
		got, code := look(o, s, with)
		reply.Results = append(reply.Results, wire.Result{Code: code, Length: uint64(len(got))})
		if code != 0 {
			return reply, nil
		}
		out = append(out, got...)
	}
	return reply, out
}

// look does one step of a read.
func look(o *fakeObject, s wire.Step, with []byte) ([]byte, wire.Code) {
	if code := compare(o, s, with); code != 0 {
		return nil, code
	}
	if o == nil {
		return nil, wire.NotFound
	}
	switch s.Op {
	case wire.StepRead:
		from := min(s.Offset, uint64(len(o.data)))
		to := uint64(len(o.data))
		if s.Length > 0 {
			to = min(to, from+s.Length)
		}
		return o.data[from:to], 0
	case wire.StepGetXattr, wire.StepGetOmap:
		m := o.attrs
		if s.Op == wire.StepGetOmap {
			m = o.rows
		}
		v, ok := m[s.Name]
		if !ok {
			return nil, wire.NotFound
		}
		return v, 0
	case wire.StepListXattrs:
		return pairs(o.attrs, "", 1000), 0
	case wire.StepListOmap:
		return pairs(o.rows, s.Name, 2), 0
	}
	return nil, 0
}

func pairs(m map[string][]byte, after string, most int) []byte {
	var p wire.Pairs
	for _, k := range sortedKeys(m) {
		if k <= after && after != "" {
			continue
		}
		if len(p.Pairs) == most {
			p.More = true
			break
		}
		p.Pairs = append(p.Pairs, wire.Pair{Name: k, Value: m[k]})
	}
	return wire.AppendBody(nil, &p)
}

// names lists what the store holds in a namespace.
func (f *fake) names(ns string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var names []string
	for k := range f.objects {
		if k.ns == ns {
			names = append(names, k.name)
		}
	}
	slices.Sort(names)
	return names
}
