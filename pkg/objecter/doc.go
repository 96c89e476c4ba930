// Package objecter is the client core: it knows the osdmap, finds the OSD that serves an object,
// asks it, and asks again for as long as that is right. (The word is Ceph's.)
//
//	events of its caller                          effects for its caller
//	Write, Read         on one object             Done      each ends exactly once
//	List                objects of one PG         Waiting   what an operation waits for
//	MonCommand          to the monitors           NewMap    the osdmap moved on
//	OSDCommand          to an OSD or a PG's primary
//	LookUp, GetMap      a pool, the osdmap
//	Cancel              give up now
//
// An operation goes through these states; a new map can take it from any to any:
//
//	          no room             room
//	event ──▶ queued ───────────▶ sent ──── answer ────────────▶ Done
//	  │                           ▲  │
//	  └─▶ waiting ── new map ─────┘  └─ retry, reset, 5 s of silence, new interval ──▶ sent again
//	      (paused, full, down, no map)
//
// # What is promised
//
// A write executes at most once. Every send of it has the same request id, and one that may follow an
// executed one is marked (protocol 9.3); floor is fixed at the first send, and anew when every send
// so far was answered by "nothing happened".
//
// Done says no more than is known. Err is nil when the write is durable on all copies that count;
// ErrUnknown when it may have happened, or may yet happen; any other error when it did not and
// will not. A refusal is believed only from the last send: an older one may have been refused by a
// primary that has been replaced, and the newer one executed.
//
// No order is promised between operations that are under way together, not even on one object:
// whoever needs one waits for Done in between, or puts the steps into one Write.
//
// # Bounds
//
// Operations and bytes that are sent and not answered are bounded, and so is the queue behind: when
// that is full an operation ends with core.ErrQueueFull at once. Operations that wait for the
// cluster take no room in either, except that they count in the queue's.
package objecter
