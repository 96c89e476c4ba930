package mon

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
	"zeph/pkg/status"
	"zeph/pkg/wire"
)

const second = time.Second

var lookCommands = map[string]command{
	"status":           {look: func(l *leader, _ args) (any, error) { return l.status(), nil }},
	"health":           {args: "detail", look: func(l *leader, _ args) (any, error) { h := l.health(); return &h, nil }},
	"df":               {look: func(l *leader, _ args) (any, error) { return l.df(), nil }},
	"heartbeat matrix": {look: func(l *leader, _ args) (any, error) { return l.heartbeats(), nil }},
	"osd ls":           {look: func(l *leader, _ args) (any, error) { return &status.OSDList{OSDs: l.osdShapes(l.c.st.m)}, nil }},
	"osd tree":         {look: func(l *leader, _ args) (any, error) { return l.osdTree(), nil }},
	"osd df":           {look: func(l *leader, _ args) (any, error) { return l.osdDF(), nil }},
}

func (l *leader) status() *status.Status {
	m := l.c.st.m
	s := &status.Status{
		FSID: m.FSID().String(), Epoch: m.Epoch(), TimeMS: l.c.now.Wall, Health: l.health(), Mons: l.monCounts(), OSDs: l.osdCounts(),
		Flags: words(m.Flags().String()), Data: l.data(), PGs: l.pgCounts(), IO: l.clientIO(), Moving: l.moving(), Waiting: l.waiting(),
	}
	s.Known = len(s.Waiting) == 0
	return s
}

func (l *leader) monCounts() status.Mons {
	r := status.Mons{Quorum: []string{}, Missing: []string{}, Leader: l.c.cfg.Name, Term: l.term}
	for _, m := range l.c.mons() {
		r.Total++
		if l.monHeard(m.Name) {
			r.Quorum = append(r.Quorum, m.Name)
		} else {
			r.Missing = append(r.Missing, m.Name)
		}
	}
	return r
}

func (l *leader) osdCounts() status.OSDCounts {
	r := status.OSDCounts{Down: []status.Going{}}
	t := l.tree.of(l.c.st.m.Crush())
	for id, o := range l.c.st.m.OSDs() {
		r.Total++
		if o.Weight > 0 {
			r.In++
		}
		if o.Up {
			r.Up++
			continue
		}
		s := l.soft(id)
		left, held := l.outIn(id)
		g := status.Going{
			OSD: id, Host: t.name(id, "host"), In: o.Weight > 0, OutSeconds: int64((left + second - 1) / second), Held: held,
			Seconds: int64((l.c.now.Mono - s.downAt) / second), Why: s.why, Waits: s.waiting(l.c.now.Mono), Goodbye: o.Goodbye,
		}
		if held != "" {
			g.OutSeconds = -1
		}
		if !g.In {
			g.Held = ""
		}
		r.Down = append(r.Down, g)
	}
	return r
}

func (l *leader) data() status.Data {
	d := status.Data{}
	for pool := range l.c.st.m.Pools() {
		u := l.poolUse(&pool)
		d.Pools++
		d.Objects += u.objects
		d.StoredBytes += u.bytes
	}
	for _, s := range l.osds {
		if s.up {
			d.SizeBytes += s.beacon.Size
			d.UsedBytes += min(s.beacon.Used, s.beacon.Size)
		}
	}
	d.AvailBytes = d.SizeBytes - d.UsedBytes
	return d
}

func (l *leader) pgCounts() status.PGCounts {
	r := status.PGCounts{States: []status.StateCount{}}
	counts := make(map[string]int)
	for pool := range l.c.st.m.Pools() {
		u := l.poolUse(&pool)
		r.Total += int(pool.PGNum)
		r.Copies += u.objects * uint64(pool.Size)
		r.Degraded += u.degraded
		r.Misplaced += u.misplaced
		r.Unfound += u.unfound
		r.Damaged += u.damaged
		for seed := range pool.PGNum {
			counts[l.pgState(osdmap.PGID{Pool: pool.ID, Seed: seed})]++
		}
	}
	for state, n := range counts {
		r.States = append(r.States, status.StateCount{State: state, Count: n})
	}
	slices.SortFunc(r.States, func(a, b status.StateCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.State, b.State))
	})
	return r
}

func (l *leader) clientIO() status.IO {
	now := l.c.now.Mono
	return status.IO{
		ReadBytes: l.io.readBytes.rate(now, meterSpan), WriteBytes: l.io.writeBytes.rate(now, meterSpan),
		ReadOps: l.io.readOps.rate(now, meterSpan), WriteOps: l.io.writeOps.rate(now, meterSpan),
	}
}

// moving says why data moves, how much has, and how long the rest will take.
func (l *leader) moving() []status.Moving {
	by := make(map[string]*status.Moving)
	for _, p := range l.pgs {
		if p.ToRecover == 0 {
			continue
		}
		cause := l.cause(p.Cause)
		mv := by[cause]
		if mv == nil {
			mv = &status.Moving{Cause: cause}
			by[cause] = mv
		}
		mv.PGs++
		mv.LeftBytes += p.ToRecover
	}
	list := []status.Moving{}
	for cause, mv := range by {
		mv.ETASeconds = -1
		if known := l.moved[cause]; known != nil {
			mv.DoneBytes, mv.Rate = known.done, known.meter.rate(l.c.now.Mono, etaSpan)
		}
		if mv.Rate > 0 && l.moved[cause].meter.credible(l.c.now.Mono) {
			mv.ETASeconds = int64((mv.LeftBytes + mv.Rate - 1) / mv.Rate)
		}
		list = append(list, *mv)
	}
	slices.SortFunc(list, func(a, b status.Moving) int {
		return cmp.Or(cmp.Compare(b.LeftBytes, a.LeftBytes), cmp.Compare(a.Cause, b.Cause))
	})
	return list
}

// df says where the room is. What a pool can still take is bounded by the OSD that fills up first.
func (l *leader) df() *status.DF {
	d := l.data()
	r := &status.DF{
		SizeBytes: d.SizeBytes, UsedBytes: d.UsedBytes, AvailBytes: d.AvailBytes, Used: status.Share(d.UsedBytes, d.SizeBytes),
		StoredBytes: d.StoredBytes, Objects: d.Objects, Pools: []status.PoolUse{}, Known: l.unknown() == "",
	}
	for pool := range l.c.st.m.Pools() {
		u := l.poolUse(&pool)
		p := status.PoolUse{
			ID: pool.ID, Name: pool.Name, PGs: pool.PGNum, StoredBytes: u.bytes, UsedBytes: u.bytes * uint64(pool.Size), Objects: u.objects,
			MaxAvail: l.maxAvail(&pool), QuotaBytes: pool.Quota.MaxBytes, QuotaCount: pool.Quota.MaxObjects,
		}
		p.Used = status.Share(p.StoredBytes, p.StoredBytes+p.MaxAvail)
		r.Pools = append(r.Pools, p)
	}
	return r
}

// maxAvail is how many bytes of objects a pool can take before one of its OSDs is full: an OSD that holds n
// of the pool's copies of PGs gets n/pg_num of what is written.
func (l *leader) maxAvail(pool *osdmap.Pool) uint64 {
	copies := make(map[osdmap.OSDID]uint64)
	for _, place := range l.places.table.Pool(pool.ID) {
		for _, id := range place.Up {
			copies[id]++
		}
	}
	least, known := ^uint64(0), false
	for id, n := range copies {
		s := l.osds[id]
		if s == nil || s.beacon.Size == 0 {
			continue
		}
		limit := s.beacon.Size / 100 * uint64(l.c.st.m.Ratios().Full) / uint64(osdmap.Whole) * 100
		room := limit - min(limit, s.beacon.Used)
		least, known = min(least, room/n*uint64(pool.PGNum)), true
	}
	if !known {
		return 0
	}
	return least
}

func (l *leader) osdShapes(m *osdmap.Map) []status.OSD {
	shapes := []status.OSD{}
	var at tree
	at.of(m.Crush())
	for id, o := range m.OSDs() {
		s := status.OSD{
			ID: id, Up: o.Up, In: o.Weight > 0, State: stateOf(&o), Reweight: status.OfWeight(o.Weight), Affinity: status.OfWeight(o.PrimaryAffinity),
			Store: o.Store.String(), GID: wire.GID(o.GID).String(), UpFrom: o.UpFrom, UpThru: o.UpThru, DownAt: o.DownAt, LostAt: o.LostAt,
			Goodbye: o.Goodbye, Destroyed: o.Destroyed, AutoOut: o.OldWeight != 0, Location: at.location(id), Addrs: map[string]string{},
		}
		for _, ad := range o.Addrs {
			s.Addrs[ad.Name] = ad.Addr
		}
		shapes = append(shapes, s)
	}
	return shapes
}

func stateOf(o *osdmap.OSD) string {
	switch {
	case o.Destroyed:
		return "destroyed"
	case o.Up && o.Weight > 0:
		return "up+in"
	case o.Up:
		return "up+out"
	case o.Weight > 0:
		return "down+in"
	}
	return "down+out"
}

func (l *leader) osdTree() *status.OSDTree {
	m := l.c.st.m
	c := m.Crush()
	r := &status.OSDTree{Nodes: []status.TreeNode{}, Stray: []status.TreeNode{}}
	var walk func(id crush.ItemID, w crush.Weight, depth int)
	walk = func(id crush.ItemID, w crush.Weight, depth int) {
		if id.IsDevice() {
			r.Nodes = append(r.Nodes, osdNode(m, osdmap.OSDID(id), w, depth))
			return
		}
		b, _ := c.Bucket(id)
		n := status.TreeNode{ID: int32(id), Name: b.Name, Type: c.TypeName(b.Type), Depth: depth, CrushWeight: status.OfWeight(w), Children: []int32{}}
		items := slices.Clone(b.Items)
		slices.SortStableFunc(items, func(a, b crush.Item) int {
			if a.ID.IsDevice() && b.ID.IsDevice() {
				return cmp.Compare(a.ID, b.ID)
			}
			return strings.Compare(c.ItemName(a.ID), c.ItemName(b.ID))
		})
		for _, it := range items {
			n.Children = append(n.Children, int32(it.ID))
		}
		r.Nodes = append(r.Nodes, n)
		for _, it := range items {
			walk(it.ID, it.Weight, depth+1)
		}
	}
	for _, root := range c.Roots() {
		b, _ := c.Bucket(root)
		walk(root, b.Weight(), 0)
	}
	for id := range m.OSDs() {
		if !l.tree.of(c).held(id) {
			r.Stray = append(r.Stray, osdNode(m, id, 0, 0))
		}
	}
	return r
}

func osdNode(m *osdmap.Map, id osdmap.OSDID, w crush.Weight, depth int) status.TreeNode {
	o, exists := m.OSD(id)
	n := status.TreeNode{
		ID: int32(id), Name: id.String(), Type: "osd", Depth: depth, CrushWeight: status.OfWeight(w), Children: []int32{}, Status: "down",
		Reweight: status.OfWeight(o.Weight), PrimaryAffinity: status.OfWeight(o.PrimaryAffinity), AutoOut: o.OldWeight != 0,
	}
	if d, ok := m.Crush().Device(crush.ItemID(id)); ok {
		n.Class = d.Class
	}
	switch {
	case !exists:
		n.Status = "does not exist"
	case o.Up:
		n.Status = "up"
	case o.Destroyed:
		n.Status = "destroyed"
	}
	return n
}

func (l *leader) osdDF() *status.OSDDF {
	m := l.c.st.m
	held, primary := make(map[osdmap.OSDID]int), make(map[osdmap.OSDID]int)
	for pool := range m.Pools() {
		for _, place := range l.places.table.Pool(pool.ID) {
			for _, id := range place.Up {
				held[id]++
			}
			primary[place.ActingPrimary]++
		}
	}
	r := &status.OSDDF{OSDs: []status.OSDUse{}}
	t := l.tree.of(m.Crush())
	for id, o := range m.OSDs() {
		b := &l.soft(id).beacon
		w, _ := crushWeight(m.Crush(), id)
		u := status.OSDUse{
			ID: id, Host: t.name(id, "host"), CrushWeight: status.OfWeight(w), Reweight: status.OfWeight(o.Weight), SizeBytes: b.Size, UsedBytes: b.Used,
			AvailBytes: b.Size - min(b.Used, b.Size), Used: status.Share(b.Used, b.Size), PGs: held[id], Primary: primary[id], Up: o.Up, Known: b.Size > 0,
		}
		if d, ok := m.Crush().Device(crush.ItemID(id)); ok {
			u.Class = d.Class
		}
		r.OSDs = append(r.OSDs, u)
		r.All.SizeBytes += u.SizeBytes
		r.All.UsedBytes += u.UsedBytes
		r.All.AvailBytes += u.AvailBytes
		r.All.PGs += u.PGs
		r.All.Primary += u.Primary
		r.All.CrushWeight += u.CrushWeight
	}
	r.All.ID, r.All.Used = -1, status.Share(r.All.UsedBytes, r.All.SizeBytes)
	return r
}

// counted is "1 osd", "2 osds".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
