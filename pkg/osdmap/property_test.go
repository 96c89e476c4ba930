package osdmap

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"zeph/pkg/crush"
)

// A model is the same state kept in the plainest way: one Go map for each thing, edited in place.
type model struct {
	epoch    Epoch
	modified UnixMilli
	flags    Flags
	ratios   Ratios
	maxOSD   int32
	osds     map[OSDID]OSD
	poolMax  PoolID
	pools    map[PoolID]Pool
	hosts    int // of the CRUSH map
	upmap    map[PGID][]OSDID
	items    map[PGID][]UpmapItem
	pgTemp   map[PGID][]OSDID
	primary  map[PGID]OSDID
	runs     uint64 // gids given out
}

// full makes a Map of the model without any Change.
func (s *model) full() *Map {
	m := New(testFSID, 1_000_000)
	m.epoch, m.modified, m.flags, m.ratios, m.maxOSD, m.poolMax = s.epoch, s.modified, s.flags, s.ratios, s.maxOSD, s.poolMax
	for id := range OSDID(s.maxOSD) {
		var o *OSD
		if osd, ok := s.osds[id]; ok {
			o = &osd
		}
		m.osds = append(m.osds, o)
	}
	for _, id := range slices.Sorted(maps.Keys(s.pools)) {
		m.pools = append(m.pools, s.pools[id])
	}
	if s.hosts > 0 {
		m.crush = testCrush(s.hosts, 2)
	}
	m.upmap, m.upmapItems, m.pgTemp, m.primaryTemp = tableOf(s.upmap), tableOf(s.items), tableOf(s.pgTemp), tableOf(s.primary)
	return m
}

// begin puts the first CRUSH map, pool and OSDs in.
func (s *model) begin(c *Change) {
	s.hosts, s.maxOSD = 4, 8
	c.Crush, c.MaxOSD = testCrush(4, 2), new(int32)
	*c.MaxOSD = 8
	s.putPool(c, testPool(1, "first"))
	for id := range OSDID(6) {
		c.OSDs[id] = OSDChange{Create: true, Up: testBoot(id, 1), Weight: weight(crush.One)}
		boot := testBoot(id, 1)
		s.osds[id] = OSD{Up: true, Weight: crush.One, PrimaryAffinity: crush.One, Store: boot.Store, GID: boot.GID, Addrs: sortAddrs(boot.Addrs), UpFrom: s.epoch}
	}
	s.runs = 1
}

func (s *model) putPool(c *Change, p Pool) {
	if slices.ContainsFunc(c.Pools, func(q Pool) bool { return q.ID == p.ID }) || slices.Contains(c.RemovedPools, p.ID) {
		return
	}
	c.Pools = append(c.Pools, p)
	p.Created, p.LastChange = s.epoch, s.epoch
	if old, ok := s.pools[p.ID]; ok {
		p.Created = old.Created
	}
	s.pools[p.ID], s.poolMax = p, max(s.poolMax, p.ID)
}

// edit draws one allowed edit and makes it in both the Change and the model.
func (s *model) edit(t *rapid.T, c *Change) {
	pools := slices.Sorted(maps.Keys(s.pools))
	osds := slices.Sorted(maps.Keys(s.osds))
	switch kind := rapid.SampledFrom([]string{"osd", "osd", "osd", "pool", "pool", "unpool", "pg", "pg", "pg", "flags", "ratios", "crush", "max"}).Draw(t, "kind"); {
	case kind == "osd":
		s.editOSD(t, c, OSDID(rapid.Int32Range(0, s.maxOSD-1).Draw(t, "osd")))
	case kind == "pool":
		id := PoolID(rapid.Int64Range(1, int64(s.poolMax)+2).Draw(t, "pool"))
		p, live := s.pools[id]
		if !live {
			if id <= s.poolMax {
				return
			}
			p = testPool(id, PGID{id, 0}.String())
			p.PGNum = rapid.Uint32Range(1, 9).Draw(t, "pg_num")
			p.PGPNum = p.PGNum
		}
		if !touches(c, id) { // a mapping in the same Change may have the old size
			p.Size = rapid.Uint32Range(2, 5).Draw(t, "size")
		}
		p.Quota.MaxBytes = rapid.Uint64().Draw(t, "quota")
		p.ReadLeaseMS = rapid.SampledFrom([]uint32{0, MinReadLeaseMS, DefaultReadLeaseMS, MaxReadLeaseMS}).Draw(t, "lease")
		s.putPool(c, p)
	case kind == "unpool" && len(pools) > 0:
		id := rapid.SampledFrom(pools).Draw(t, "pool")
		if slices.ContainsFunc(c.Pools, func(p Pool) bool { return p.ID == id }) || touches(c, id) {
			return
		}
		c.RemovedPools = append(c.RemovedPools, id)
		delete(s.pools, id)
		of := func(pg PGID) bool { return pg.Pool == id }
		maps.DeleteFunc(s.upmap, func(pg PGID, _ []OSDID) bool { return of(pg) })
		maps.DeleteFunc(s.items, func(pg PGID, _ []UpmapItem) bool { return of(pg) })
		maps.DeleteFunc(s.pgTemp, func(pg PGID, _ []OSDID) bool { return of(pg) })
		maps.DeleteFunc(s.primary, func(pg PGID, _ OSDID) bool { return of(pg) })
	case kind == "pg" && len(pools) > 0 && len(osds) > 0:
		p := s.pools[rapid.SampledFrom(pools).Draw(t, "pool")]
		s.editPG(t, c, PGID{p.ID, rapid.Uint32Range(0, p.PGNum-1).Draw(t, "seed")}, osds)
	case kind == "flags":
		f := rapid.SampledFrom([]Flags{FlagNoOut, FlagPause, FlagNoScrub}).Draw(t, "flag")
		if c.SetFlags|c.ClearFlags != 0 {
			return
		}
		if s.flags&f == f {
			c.ClearFlags, s.flags = f, s.flags&^f
		} else {
			c.SetFlags, s.flags = f, s.flags|f
		}
	case kind == "ratios":
		r := Ratios{NearFull: Ratio(rapid.Uint32Range(1, 1_000_000).Draw(t, "nearfull")), BackfillFull: Whole, Full: Whole}
		c.Ratios, s.ratios = &r, r
	case kind == "crush":
		s.hosts = rapid.IntRange(1, 5).Draw(t, "hosts")
		c.Crush = testCrush(s.hosts, 2)
	case kind == "max" && s.maxOSD < 20:
		s.maxOSD++
		c.MaxOSD = new(int32)
		*c.MaxOSD = s.maxOSD
	}
}

func touches(c *Change, id PoolID) bool {
	of := func(pg PGID) bool { return pg.Pool == id }
	return slices.ContainsFunc(slices.Collect(maps.Keys(c.Upmap)), of) || slices.ContainsFunc(slices.Collect(maps.Keys(c.UpmapItems)), of) ||
		slices.ContainsFunc(slices.Collect(maps.Keys(c.PGTemp)), of) || slices.ContainsFunc(slices.Collect(maps.Keys(c.PrimaryTemp)), of)
}

func (s *model) editOSD(t *rapid.T, c *Change, id OSDID) {
	if _, twice := c.OSDs[id]; twice {
		return
	}
	o, exists := s.osds[id]
	var d OSDChange
	if !exists {
		d.Create, o = true, OSD{PrimaryAffinity: crush.One}
	}
	if rapid.Bool().Draw(t, "weigh") {
		w := crush.Weight(rapid.Uint32Range(0, 0x10000).Draw(t, "weight"))
		d.Weight, o.Weight, o.OldWeight = &w, w, 0
	} else if o.Weight > 0 && rapid.Bool().Draw(t, "autoout") {
		d.AutoOut, o.OldWeight, o.Weight = true, o.Weight, 0
	}
	if rapid.Bool().Draw(t, "prefer") {
		a := crush.Weight(rapid.Uint32Range(0, 0x10000).Draw(t, "affinity"))
		d.PrimaryAffinity, o.PrimaryAffinity = &a, a
	}
	switch what := rapid.SampledFrom([]string{"flip", "flip", "lost", "goodbye", "destroy", "remove", "thru", ""}).Draw(t, "what"); {
	case what == "flip" && o.Up:
		d.Down, o.Up, o.DownAt = true, false, s.epoch
	case what == "flip":
		s.runs++
		boot := testBoot(id, s.runs)
		if !o.Store.IsZero() {
			boot.Store = o.Store
		}
		d.Up, o.Up, o.Goodbye, o.Destroyed, o.UpFrom = boot, true, false, false, s.epoch
		o.GID, o.Store, o.Addrs = boot.GID, boot.Store, sortAddrs(boot.Addrs)
	case what == "thru" && o.Up && exists:
		d.UpThru, o.UpThru = s.epoch-1, s.epoch-1
	case o.Up || !exists:
	case what == "lost":
		d.Lost, o.LostAt = true, s.epoch
	case what == "goodbye":
		d.Goodbye, o.Goodbye = true, true
	case what == "destroy":
		d.Destroy, o.Destroyed, o.Store, o.GID, o.Addrs = true, true, UUID{}, 0, nil
	case what == "remove" && len(c.Upmap)+len(c.UpmapItems)+len(c.PGTemp)+len(c.PrimaryTemp) == 0: // else one may name it
		c.OSDs[id] = OSDChange{Remove: true}
		delete(s.osds, id)
		return
	}
	c.OSDs[id], s.osds[id] = d, o
}

func (s *model) editPG(t *rapid.T, c *Change, pg PGID, osds []OSDID) {
	gone := rapid.IntRange(0, 3).Draw(t, "clear") == 0
	list := rapid.Permutation(osds).Draw(t, "osds")
	list = slices.Clone(list[:min(len(list), int(s.pools[pg.Pool].Size))])
	switch table := rapid.SampledFrom([]string{"upmap", "items", "pg_temp", "primary_temp"}).Draw(t, "table"); {
	case gone:
		c.Upmap[pg], c.UpmapItems[pg], c.PGTemp[pg], c.PrimaryTemp[pg] = nil, nil, nil, NoOSD
		delete(s.upmap, pg)
		delete(s.items, pg)
		delete(s.pgTemp, pg)
		delete(s.primary, pg)
	case table == "upmap":
		c.Upmap[pg], s.upmap[pg] = list, list
	case table == "items" && len(list) > 1:
		items := []UpmapItem{{list[0], list[1]}}
		c.UpmapItems[pg], s.items[pg] = items, items
	case table == "pg_temp":
		c.PGTemp[pg], s.pgTemp[pg] = list, list
	case table == "primary_temp":
		c.PrimaryTemp[pg], s.primary[pg] = list[0], list[0]
	}
}

// Whatever happens to a cluster, the map made of all Changes one by one is the map made of
// the final state at once; so is every one on the way, with Changes and maps sent as bytes.
func TestChangesOneByOneEqualFullMap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := &model{
			modified: 1_000_000, ratios: DefaultRatios(), osds: map[OSDID]OSD{}, pools: map[PoolID]Pool{},
			upmap: map[PGID][]OSDID{}, items: map[PGID][]UpmapItem{}, pgTemp: map[PGID][]OSDID{}, primary: map[PGID]OSDID{},
		}
		m := New(testFSID, 1_000_000)
		for range rapid.IntRange(1, 12).Draw(t, "epochs") {
			s.epoch, s.modified = s.epoch+1, s.modified+1000
			c := m.Next(s.modified)
			if s.epoch == 1 {
				s.begin(c)
			} else {
				for range rapid.IntRange(0, 5).Draw(t, "edits") {
					s.edit(t, c)
				}
			}
			m = checkStep(t, m, c, s.full())
		}
	})
}

func checkStep(t *rapid.T, m *Map, c *Change, want *Map) *Map {
	before := mustEncode(t, m)
	after, err := m.Apply(resend(t, c))
	if err != nil {
		t.Fatal(err)
	}
	if mustEncode(t, m) != before {
		t.Fatal("Apply modified the map it was called on")
	}
	if err := after.Validate(); err != nil {
		t.Fatalf("Apply left a map that is not valid: %v", err)
	}
	full := mustEncode(t, want)
	if mustEncode(t, after) != full {
		t.Fatalf("applied: %+v\nat once: %+v", after, want)
	}
	read, err := DecodeMap([]byte(full))
	if err != nil || mustEncode(t, read) != full {
		t.Fatalf("the map does not read back: %v", err)
	}
	again, err := m.Apply(resend(t, Diff(m, after)))
	if err != nil || mustEncode(t, again) != full {
		t.Fatalf("Diff does not lead to the next map: %v\n%+v", err, Diff(m, after))
	}
	return read
}

// resend is the Change after a journey as bytes.
func resend(t *rapid.T, c *Change) *Change {
	b, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	read, err := DecodeChange(b)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func mustEncode(t *rapid.T, m *Map) string {
	b, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
