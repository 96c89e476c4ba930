// Package osdmap is the map of a cluster: which OSDs and pools there are, in what state, and
// by what rules the ones spread over the others. Everybody who holds the map of an epoch
// computes the same places from it (package placement does), so nobody has to be asked.
//
//	epoch 0     New       empty
//	  │ Change            first CRUSH map, OSDs, pools
//	epoch 1     Map ──────────────── read by anyone, for as long as they like
//	  │ Change            osd.3 down
//	epoch 2     Map       shares with epoch 1 all but osd.3
//	  │ Change            osd.3 out, pg_temp of 1.7f
//	epoch 3     Map
//
// A Map never changes. Monitors agree on Changes, one for each epoch; all others apply the
// same Changes one by one, in order, and so hold the same maps, byte for byte. Apply refuses
// a Change that was made for another epoch or cluster, that names what does not exist, or
// that would leave a map nobody could place data with. It looks at no clock: the time of a
// Change is in it, and epochs (up_from, down_at, lost_at, last_change) are those of the map
// that it makes.
//
// # What a map holds
//
//	OSD       up or down, in weight, primary affinity; uuid of its store; gid and addresses of its
//	          run; up_from, up_thru, down_at, lost_at
//	Pool      type, size, min_size, pg_num, pgp_num, CRUSH rule, flags, quota
//	CRUSH     the hierarchy, its rules and weight sets: package crush
//	PG        corrections for single PGs: pg_upmap, pg_upmap_items (a balancer's), pg_temp,
//	          primary_temp (while data moves)
//	cluster   fsid, flags (noout, pause, …), full ratios
//
// Up and in are different things. A down OSD serves nothing but keeps its place in the
// mappings for a while; an out one loses its place, and its data moves.
//
// A run of an OSD is known by its gid, the disk below it by the store's uuid. One Change never
// marks an OSD both down and up, because readers tell runs apart by up_from: a boot while the
// map says up takes an epoch that marks the old run down, then one with the new run up. A
// store other than the one the map knows comes in only after the OSD was marked lost.
//
// # Units
//
// Weights and affinities are 16.16 fixed point (crush.Weight, crush.One is 1.0), ratios parts
// per million (Ratio), times milliseconds since 1970 (UnixMilli). There is no floating point
// here but in ParseDump, which reads Ceph's JSON.
//
// # Bytes
//
// Encode writes four letters, a version, and CBOR; mapWire and changeWire list the fields. A value has
// one encoding, and DecodeMap and DecodeChange take no other. They trust nothing: any input
// gives a value or ErrMalformed or ErrVersion.
//
// Unlike Ceph's, an encoded Change never carries a whole map, and there are no snapshots,
// cache tiers, blocklists, stretch mode or per-OSD flags.
package osdmap
