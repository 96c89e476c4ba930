package pg

import (
	"cmp"
	"slices"

	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// Room is what is known of the space in stores: this OSD's own, and those that its PGs write to. All PGs of an OSD
// share one, since they fill the same stores. A copy cannot refuse a write (7.4), so the primary must not order more than
// every store has room for, although it hears of the stores late, and others write to them, too:
//
//	on disk │ coming: it has them, its statistics do not show them │ under way: sent, not acknowledged │ others'
//	        └─────────────── the store says both ──────────────────┘ this OSD knows these               └ guessed
//
// What others have under way to a store is nowhere known. So each OSD takes but its share of what is left: half of
// it, divided by all who may write there. Near the limit that makes writes wait for each other; far from it nobody
// notices. Ceph has no such bound: its full ratio leaves 5 % of large disks.
type Room struct {
	stats     store.Stats // of our own store, as last told
	began     uint64      // its transactions before the first of ours
	told      bool
	submitted uint64   // transactions of ours
	coming    []growth // of those that statistics may not show yet, oldest first
	sum       uint64   // of them

	stores []*space // ascending id; ours has only what is under way
	news   uint64   // counts what it learned: some writes may be waiting for that

	m       *osdmap.Map
	writers uint64 // OSDs that may write to a store, by that map
}

// Space is what an OSD says of its store.
type Space struct {
	Used, Size uint64 // bytes
	Coming     uint64 // growth that Used does not show yet
	At         uint64 // when that was so, in microseconds of that OSD's clock
}

type growth struct {
	txn   uint64
	bytes uint64
}

// space is what is known of one OSD's store.
type space struct {
	osd   osdmap.OSDID
	gid   wire.GID
	said  Space
	under uint64 // growth that this OSD's PGs have ordered, and that it has not acknowledged
}

// verdict is whether a store takes more.
type verdict uint8

const (
	fits    verdict = iota
	later           // once what is under way is known to be there, or not
	tooMuch         // until something is removed
)

// NewRoom knows of no store.
func NewRoom() *Room { return &Room{} }

// Told is how our own store is.
func (r *Room) Told(st store.Stats) {
	if !r.told {
		r.told, r.began = true, st.Txns
	}
	r.stats = st
	r.news++
	n := 0
	for n < len(r.coming) && r.coming[n].txn <= st.Txns-r.began {
		r.sum -= r.coming[n].bytes
		n++
	}
	r.coming = slices.Delete(r.coming, 0, n)
}

// Submitted is a transaction on its way to our own store; each counts, also one that takes no space.
func (r *Room) Submitted(t *store.Txn) {
	r.submitted++
	if n := onDisk(t.Growth()); n > 0 {
		r.coming = append(r.coming, growth{r.submitted, n})
		r.sum += n
	}
}

// onDisk is about what growth takes, with the parts of pages that it leaves empty.
func onDisk(growth uint64) uint64 { return growth + growth/4 }

// Space is what others are told of our store.
func (r *Room) Space(microseconds uint64) Space {
	return Space{Used: r.stats.Used, Size: r.stats.Size, Coming: r.sum, At: microseconds}
}

// Heard is what a run of another OSD says of its store.
func (r *Room) Heard(id osdmap.OSDID, gid wire.GID, said Space) {
	s := r.store(id)
	if s.gid == gid && said.At < s.said.At {
		return // it was overtaken
	}
	s.gid, s.said = gid, said
	r.news++
}

func (r *Room) store(id osdmap.OSDID) *space {
	i, found := slices.BinarySearchFunc(r.stores, id, func(s *space, id osdmap.OSDID) int { return cmp.Compare(s.osd, id) })
	if !found {
		r.stores = slices.Insert(r.stores, i, &space{osd: id})
	}
	return r.stores[i]
}

// owe notes how much a PG has under way to a store: before and now.
func (r *Room) owe(id osdmap.OSDID, before, now uint64) {
	s := r.store(id)
	s.under = s.under - before + now
	if now < before {
		r.news++
	}
}

// takes reports whether so much more may be ordered of a store.
func (r *Room) takes(id, self osdmap.OSDID, n uint64, m *osdmap.Map) verdict {
	s := *r.store(id)
	if id == self { // of its own writes it knows also those that are under way
		s.said = r.Space(0)
		s.said.Coming -= min(s.said.Coming, s.under)
	}
	if s.said.Size == 0 {
		return fits
	}
	if beyondRatio(s.said.Used+n, s.said.Size, m.Ratios().Full) {
		return tooMuch
	}
	limit := s.said.Size / 1_000_000 * store.FullAt
	left := limit - min(limit, s.said.Used+s.said.Coming)
	switch {
	case s.under+n <= left/(2*r.writersBy(m)):
		return fits
	case s.under > 0 || s.said.Coming > 0 || id == self && r.sum > 0:
		return later
	}
	return tooMuch
}

// writersBy is how many OSDs may write to a store: any that is up may lead PGs of it.
func (r *Room) writersBy(m *osdmap.Map) uint64 {
	if r.m != m {
		r.m, r.writers = m, 0
		for _, o := range m.OSDs() {
			if o.Up {
				r.writers++
			}
		}
	}
	return max(1, r.writers)
}

// beyond reports whether our own store, with all that is coming and so much more, is past a ratio.
func (r *Room) beyond(n uint64, ratio osdmap.Ratio) bool {
	return beyondRatio(r.stats.Used+r.sum+n, r.stats.Size, ratio)
}

func beyondRatio(used, size uint64, r osdmap.Ratio) bool {
	return size > 0 && r > 0 && used/1000*1000 >= size/1000*uint64(r)/1000
}

// spaceFor reports whether a write may be ordered that makes the object so much larger, on all members.
func (pg *PG) spaceFor(growth uint64) verdict {
	if pg.m.Has(osdmap.FlagFull) || pg.pool.Flags&(osdmap.PoolFull|osdmap.PoolFullQuota) != 0 {
		return tooMuch
	}
	pg.pri.writes.room = pg.room.news
	n := onDisk(growth)
	v := pg.room.takes(pg.cfg.OSD, pg.cfg.OSD, n, pg.m)
	for _, q := range pg.members() {
		v = max(v, pg.room.takes(q.id, pg.cfg.OSD, n, pg.m))
	}
	return v
}

// owe notes a write that is under way to all members, and to ourselves.
func (pg *PG) owe(n uint64) {
	ws := &pg.pri.writes
	pg.room.owe(pg.cfg.OSD, ws.growing, ws.growing+n)
	ws.growing += n
	for _, q := range pg.members() {
		pg.room.owe(q.id, q.under, q.under+n)
		q.under += n
	}
}

// countUnder notes what is still under way to a member, now that it has acknowledged more.
func (pg *PG) countUnder(q *peer) {
	if pg.peerOf(q.id) != q {
		return // it is no peer any more, and was forgiven
	}
	var sum uint64
	for _, w := range pg.pri.writes.flight {
		if w.sub.Version.Compare(q.acked) > 0 {
			sum += onDisk(w.growth)
		}
	}
	pg.room.owe(q.id, q.under, sum)
	q.under = sum
}

// onOwnDisk notes that a write is not under way to ourselves any more.
func (pg *PG) onOwnDisk(w *write) {
	ws := &pg.pri.writes
	n := onDisk(w.growth)
	pg.room.owe(pg.cfg.OSD, ws.growing, ws.growing-n)
	ws.growing -= n
}

// oweNothing forgets what was under way in an interval that ends.
func (pg *PG) oweNothing() {
	if pg.pri == nil {
		return
	}
	ws := &pg.pri.writes
	pg.room.owe(pg.cfg.OSD, ws.growing, 0)
	ws.growing = 0
	for _, q := range pg.pri.peers {
		pg.forgiveUnder(q)
	}
}

func (pg *PG) forgiveUnder(q *peer) {
	pg.room.owe(q.id, q.under, 0)
	q.under = 0
}

// tooFull reports whether recovery should not bring so many bytes here (7.4).
func (pg *PG) tooFull(bytes int) bool {
	return pg.room.beyond(onDisk(uint64(bytes)), pg.m.Ratios().BackfillFull)
}

// space is what the primary is told of our store.
func (pg *PG) space() Space {
	return pg.room.Space(uint64(pg.now.Mono.Microseconds()))
}
