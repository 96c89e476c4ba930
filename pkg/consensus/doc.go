// Package consensus is the replicated log of the monitors: hashicorp/raft over the messenger, on a log
// store of its own. It alone imports raft.
//
//	core's effects                                          core's events
//	Propose, Barrier, ChangeMembers                         Leading, Applied, Proposed, Members
//	       │                                                        ▲
//	       ▼                                                        │ one queue, in order
//	  ┌── Node ─────────────────────────────────────────────────────┴──┐
//	  │  proposals ──► raft ──► machine (core.Machine: commands → state)│
//	  │                 │ ▲                                            │
//	  │   logStore ◄────┤ │      snapshots ◄── state                   │
//	  │   (bbolt)       ▼ │      (a file each)                         │
//	  └────────────── transport ───────────────────────────────────────┘
//	         Caller: LogCall out      Serve: LogCall in
//
// What it promises is what core says of Propose, Barrier and Applied; package logtest holds it, and any
// model of it, to that. It is more careful than raft alone in these places (docs/decisions/0004-raft.md
// tells why):
//
//   - A disk that hangs silences the member. While a write is older than HangAfter nothing is sent and
//     nothing accepted, so that the others elect; after ExitAfter Run ends with ErrDisk.
//   - A disk that fails does the same at once: raft never hears of the error, for it would panic.
//   - A vote is for an id, not for an address: an id is a name and a store, so a monitor that lost its store
//     is somebody else.
//   - Pipelining, VerifyLeader and last contact are not used.
//
// A LogCall's bulk is the request, or a part of a snapshot; a LogReply's is the answer. Integers are
// big-endian; bytes have a four-byte length before them:
//
//	every request    version u8, id bytes, address bytes (of the sender), term u64
//	append           previous index u64, its term u64, commit index u64, entries u32, then each:
//	                 index u64, term u64, type u8, appended at i64 (ns), data bytes
//	vote, pre-vote   last index u64, last term u64, transfer u8 (0 or 1)
//	timeout now      nothing more
//	who              nothing more; its answer says who answers
//	snapshot (Body)  last index u64, last term u64, configuration index u64, size u64, configuration bytes
//	every answer     version u8, id bytes, address bytes, term u64, success u8, last index u64, no backoff u8
package consensus
