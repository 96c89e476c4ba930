package main

import (
	"encoding/binary"
	"hash/crc32"

	"zeph/pkg/osdmap"
)

// osdmaptool can neither set upmaps and affinities nor read JSON. It reads Ceph's binary
// osdmap, of which this writes as much as placement needs. Ceph decodes structs of every
// older version and gives what they lack its defaults, so these are old versions, with few
// fields:
//
//	osdmap  = version 8, since 7, length; client part; osd part; crc32c of all before
//	client  = version 5, since 1, length; fsid, epoch, times, pools, names, pool_max, flags,
//	          osds: states, weights, addresses; pg_temp, primary_temp, affinities;
//	          crush; erasure code profiles; pg_upmap, pg_upmap_items
//	osd     = version 3, since 1, length; what is known about OSDs, here all zero; ratios
//
// Integers are little-endian; lists and maps are a 32-bit count and what they hold.
type encoder struct {
	buf []byte
}

func (e *encoder) u8(v uint8)   { e.buf = append(e.buf, v) }
func (e *encoder) u32(v uint32) { e.buf = binary.LittleEndian.AppendUint32(e.buf, v) }
func (e *encoder) u64(v uint64) { e.buf = binary.LittleEndian.AppendUint64(e.buf, v) }
func (e *encoder) zeros(n int)  { e.buf = append(e.buf, make([]byte, n)...) }

func (e *encoder) bytes(b []byte) {
	e.u32(uint32(len(b)))
	e.buf = append(e.buf, b...)
}

// versioned writes a struct with its version, the oldest reader's, and its length.
func (e *encoder) versioned(version, since uint8, body func()) {
	e.u8(version)
	e.u8(since)
	at := len(e.buf)
	e.u32(0)
	body()
	binary.LittleEndian.PutUint32(e.buf[at:], uint32(len(e.buf)-at-4))
}

// each writes the count of a list, then its entries.
func each[T any](e *encoder, list []T, entry func(T)) {
	e.u32(uint32(len(list)))
	for _, v := range list {
		entry(v)
	}
}

// encode is the osdmap in Ceph's form.
func (cl *cluster) encode() []byte {
	e := &encoder{}
	e.versioned(8, 7, func() {
		e.versioned(5, 1, func() { e.client(cl) })
		e.versioned(3, 1, func() { e.osdPart(cl) })
		e.zeros(4)
	})
	// The checksum leaves itself out, and has no final inversion.
	sum := ^crc32.Checksum(e.buf[:len(e.buf)-4], crc32.MakeTable(crc32.Castagnoli))
	binary.LittleEndian.PutUint32(e.buf[len(e.buf)-4:], sum)
	return e.buf
}

func (e *encoder) client(cl *cluster) {
	e.zeros(16)           // fsid
	e.u32(1)              // epoch
	e.zeros(2 * timeSize) // created, modified
	each(e, cl.pools, e.pool)
	each(e, cl.pools, func(p osdmap.Pool) {
		e.u64(uint64(p.ID))
		e.bytes([]byte(p.Name))
	})
	e.u32(uint32(cl.pools[len(cl.pools)-1].ID)) // pool_max
	e.u32(0)                                    // flags
	e.u32(uint32(len(cl.osds)))
	each(e, cl.osds, func(o osd) { e.u32(o.state()) })
	each(e, cl.osds, func(o osd) { e.u32(uint32(o.weight)) })
	each(e, cl.osds, e.noAddrs)
	pgTable(e, cl, func(t pgTables) []osdmap.OSDID { return t.temp }, e.osdIDs)
	pgTable(e, cl, func(t pgTables) []osdmap.OSDID { return t.primaryTemp }, func(ids []osdmap.OSDID) { e.u32(uint32(ids[0])) })
	each(e, cl.osds, func(o osd) { e.u32(uint32(o.affinity)) })
	e.bytes(cl.crush)
	e.u32(0) // erasure code profiles
	pgTable(e, cl, func(t pgTables) []osdmap.OSDID { return t.upmap }, e.osdIDs)
	pgTable(e, cl, func(t pgTables) []osdmap.UpmapItem { return t.items }, func(items []osdmap.UpmapItem) {
		each(e, items, func(it osdmap.UpmapItem) {
			e.u32(uint32(it.From))
			e.u32(uint32(it.To))
		})
	})
}

const timeSize = 8 // seconds and nanoseconds

// Bits of an OSD's state.
const (
	stateExists = 1
	stateUp     = 2
)

func (o osd) state() uint32 {
	switch {
	case !o.exists:
		return 0
	case !o.up:
		return stateExists
	}
	return stateExists | stateUp
}

// noAddrs is an OSD's list of addresses, which has a mark of its own.
func (e *encoder) noAddrs(osd) {
	e.u8(2)
	e.u32(0)
}

func (e *encoder) osdIDs(ids []osdmap.OSDID) {
	each(e, ids, func(id osdmap.OSDID) { e.u32(uint32(id)) })
}

// pgTable writes a map from PGs to something, of those that have it.
func pgTable[T any](e *encoder, cl *cluster, of func(pgTables) []T, value func([]T)) {
	var has []pgTables
	for _, t := range cl.pgs {
		if len(of(t)) > 0 {
			has = append(has, t)
		}
	}
	each(e, has, func(t pgTables) {
		e.u8(1) // version
		e.u64(uint64(t.pg.Pool))
		e.u32(t.pg.Seed)
		e.u32(1<<32 - 1) // a preferred OSD, no longer in use: -1
		value(of(t))
	})
}

// pool writes a pool as of version 7, with its id.
func (e *encoder) pool(p osdmap.Pool) {
	e.u64(uint64(p.ID))
	e.versioned(7, 5, func() {
		e.u8(uint8(p.Type))
		e.u8(uint8(p.Size))
		e.u8(uint8(p.Rule))
		e.u8(uint8(p.ObjectHash))
		e.u32(p.PGNum)
		e.u32(p.PGPNum)
		e.zeros(4 + 4)             // localized pgs, as were once
		e.zeros(4)                 // last_change
		e.zeros(8 + 4 + 4 + 4 + 8) // snapshots, auid
		e.u64(uint64(p.Flags))
		e.zeros(4) // crash_replay_interval
		e.u8(uint8(p.MinSize))
	})
}

// osdPart writes what only OSDs read.
func (e *encoder) osdPart(cl *cluster) {
	each(e, cl.osds, e.noAddrs) // heartbeat, back
	each(e, cl.osds, func(osd) {
		e.u8(1)        // version
		e.zeros(6 * 4) // epochs
	})
	e.u32(0)                                    // blocklist
	each(e, cl.osds, e.noAddrs)                 // cluster
	e.zeros(4 + 4)                              // snapshot epoch and name
	each(e, cl.osds, func(osd) { e.zeros(16) }) // uuid
	each(e, cl.osds, func(osd) {
		e.versioned(1, 1, func() { e.zeros(timeSize + 4 + 4) }) // down_stamp, laggy
	})
	each(e, cl.osds, e.noAddrs) // heartbeat, front
	e.zeros(3 * 4)              // ratios
}
