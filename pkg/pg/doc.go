// Package pg is one placement group on one OSD, as a machine: events in, effects out. It makes all
// copies of the group agree on one history of writes, whatever fails.
//
//	           ┌───────────────────── every new interval ─────────────────────┐
//	           ▼                                                              │
//	stop ─▶ Peering{ GetInfo ─▶ GetLog ─▶ WaitUpThru } ─▶ Activating ─▶ Active or Peered
//	           │       │ nobody of an interval that wrote answers: Down            │ recovery, backfill
//	           │       │ no copy is complete and new enough: Incomplete            ▼
//	           │       └ other OSDs should be acting: WaitActing (pg_temp)       Clean
//	           └─▶ Replica (acting, or a backfill target)   └─▶ Stray (neither: kept until told to go)
//
// The rules are those of the protocol; their numbers stand where they decide something.
//
// What the machine asks of the OSD that runs it, and what it must be told, is in event.go. It owns its
// part of the store (info, log, rows, objects of the PG), and nobody else writes there.
//
//	info   wire.PGInfo: history, intervals, how far the log goes
//	log    wire.PGEntry by version
//	rows   missing/KEY   objects the log has and the copy lacks
//	       dup/VERSION   results of requests whose log entry is gone
//
// Merging of logs happens where the log is: the primary sends each copy the authoritative entries that
// it may lack, the copy finds where its own log agrees, and answers with what it misses. So Ceph's
// GetMissing has no state of its own here: it is what the acknowledgement of an activation brings.
package pg
