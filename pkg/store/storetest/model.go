package storetest

import (
	"bytes"
	"maps"
	"slices"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
)

// model is a store as naive as can be: maps, and a copy of everything to go back to. It
// shares no code with the stores that it judges, not even store.Txn.Against.
type model struct {
	objects map[store.Key]modelObject
	pgs     map[osdmap.PGID]modelPG
}

type modelObject struct {
	data     []byte
	attrs    map[string]string
	omap     map[string]string
	version  store.Version
	modified osdmap.UnixMilli
}

type modelPG struct {
	pgNum uint32
	info  string
	head  store.Version
	log   []store.LogEntry
	rows  map[string]string
}

func newModel() *model {
	return &model{objects: map[store.Key]modelObject{}, pgs: map[osdmap.PGID]modelPG{}}
}

// submit carries out a transaction, and reports whether it may be.
func (m *model) submit(t *store.Txn) bool {
	next := &model{maps.Clone(m.objects), maps.Clone(m.pgs)}
	for _, op := range t.Ops {
		if !next.apply(op) {
			return false
		}
	}
	*m = *next
	return true
}

// seedOf is the PG that an object falls to, told as Ceph tells it.
func seedOf(hash, pgNum uint32) uint32 {
	mask := uint32(1)
	for mask < pgNum {
		mask *= 2
	}
	if s := hash & (mask - 1); s < pgNum {
		return s
	}
	return hash & (mask/2 - 1)
}

// owner is the PG of an object.
func (m *model) owner(k store.Key) (osdmap.PGID, bool) {
	for id, p := range m.pgs {
		if id.Pool == k.Pool && seedOf(k.Hash, p.pgNum) == id.Seed {
			return id, true
		}
	}
	return osdmap.PGID{}, false
}

// of are the keys of a PG's objects, in order.
func (m *model) of(id osdmap.PGID) []store.Key {
	return slices.DeleteFunc(m.keys(), func(k store.Key) bool {
		owner, _ := m.owner(k)
		return k.Pool != id.Pool || owner != id
	})
}

func (m *model) keys() []store.Key {
	return slices.SortedFunc(maps.Keys(m.objects), store.Key.Compare)
}

func (m *model) apply(op store.Op) bool {
	if op.Kind.OnObject() {
		if _, owned := m.owner(op.Key); !owned && op.Key.Pool != 0 {
			return false
		}
		o, there := m.objects[op.Key]
		if !there && !op.Kind.Makes() {
			return true
		}
		if op.Kind == store.OpRemove {
			delete(m.objects, op.Key)
			return true
		}
		m.objects[op.Key] = o.apply(op)
		return true
	}
	p, there := m.pgs[op.PG]
	if op.Kind == store.OpMakePG {
		if !there { // the generator makes a pool's PGs with one pg_num only
			m.pgs[op.PG] = modelPG{pgNum: op.Count}
		}
		return !there || p.pgNum == op.Count
	}
	if !there {
		return false
	}
	if op.Kind == store.OpRemovePG {
		m.removePG(op)
		return true
	}
	p, ok := p.apply(op)
	m.pgs[op.PG] = p
	return ok
}

func (m *model) removePG(op store.Op) {
	keys := m.of(op.PG)
	for i, k := range keys {
		if i < int(op.Count) {
			delete(m.objects, k)
		}
	}
	if len(keys) <= int(op.Count) {
		delete(m.pgs, op.PG)
	}
}

func (o modelObject) apply(op store.Op) modelObject {
	switch op.Kind {
	case store.OpWrite:
		o.data = bytes.Clone(o.data)
		if end := int(op.Off) + len(op.Data); len(op.Data) > 0 && end > len(o.data) {
			o.data = append(o.data, make([]byte, end-len(o.data))...)
		}
		if len(op.Data) > 0 {
			copy(o.data[op.Off:], op.Data)
		}
	case store.OpWriteFull:
		o.data = op.Data
	case store.OpZero:
		o.data = bytes.Clone(o.data)
		for i := op.Off; i < op.Off+op.Len && i < uint64(len(o.data)); i++ {
			o.data[i] = 0
		}
	case store.OpTruncate:
		o.data = append(bytes.Clone(o.data), make([]byte, op.Len)...)[:op.Len]
	case store.OpSetAttr:
		o.attrs = with(o.attrs, op.Name, string(op.Data))
	case store.OpRemoveAttr:
		o.attrs = without(o.attrs, op.Name, store.AfterRow(op.Name))
	case store.OpSetOmap:
		for _, r := range op.Rows {
			o.omap = with(o.omap, r.Key, string(r.Value))
		}
	case store.OpDeleteOmap:
		o.omap = without(o.omap, op.From, op.To)
	case store.OpSetVersion:
		o.version, o.modified = op.Version, op.Modified
	}
	return o
}

func (p modelPG) apply(op store.Op) (modelPG, bool) {
	switch op.Kind {
	case store.OpSetInfo:
		p.info = string(op.Data)
	case store.OpAppendLog:
		p.log = slices.Clone(p.log)
		for _, e := range op.Entries {
			if e.Version.Compare(p.head) <= 0 {
				return p, false
			}
			p.log, p.head = append(p.log, e), e.Version
		}
	case store.OpTrimLog:
		p.log = slices.DeleteFunc(slices.Clone(p.log), func(e store.LogEntry) bool { return e.Version.Compare(op.Version) <= 0 })
	case store.OpRewindLog:
		p.log = slices.DeleteFunc(slices.Clone(p.log), func(e store.LogEntry) bool { return e.Version.Compare(op.Version) > 0 })
		if p.head.Compare(op.Version) > 0 {
			p.head = op.Version
		}
	case store.OpSetRows:
		for _, r := range op.Rows {
			p.rows = with(p.rows, r.Key, string(r.Value))
		}
	case store.OpDeleteRows:
		p.rows = without(p.rows, op.From, op.To)
	}
	return p, true
}

func with(m map[string]string, key, value string) map[string]string {
	m = maps.Clone(m)
	if m == nil {
		m = map[string]string{}
	}
	m[key] = value
	return m
}

func without(m map[string]string, from, to string) map[string]string {
	m = maps.Clone(m)
	maps.DeleteFunc(m, func(key, _ string) bool { return key >= from && (to == "" || key < to) })
	return m
}

// rowsOf are the rows of a range, in order.
func rowsOf(m map[string]string, from, to string) []store.Row {
	var rows []store.Row
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if key >= from && (to == "" || key < to) {
			rows = append(rows, store.Row{Key: key, Value: []byte(m[key])})
		}
	}
	return rows
}

func (o modelObject) info() store.Info {
	return store.Info{Size: uint64(len(o.data)), OmapRows: uint64(len(o.omap)), Version: o.version, Modified: o.modified}
}

func (m *model) stats(id osdmap.PGID) store.PGStats {
	s := store.PGStats{LogEntries: uint64(len(m.pgs[id].log))}
	for _, k := range m.of(id) {
		s.Objects++
		s.Bytes += uint64(len(m.objects[k].data))
		s.OmapRows += uint64(len(m.objects[k].omap))
	}
	return s
}
