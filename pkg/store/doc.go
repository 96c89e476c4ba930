// Package store says what an OSD's local store promises, and in which words. It opens no
// file: store/mem keeps everything in memory, store/disk on a disk, and storetest holds both
// to what is written here.
//
//	pool 0            rows that a core keeps for itself: maps by epoch, gids it has used
//	pool 1, 2, …      objects: bytes, attributes, an omap of sorted rows, version, time
//	   └─ PG 1.0      owns a span of its pool's hashes; has
//	                     an info     bytes that the store does not understand
//	                     a log       entries by version, in order
//	                     rows        sorted, by key: missing objects, results of requests
//	                     statistics  kept by the store with every transaction
//
// # Writing
//
// All changes are made by transactions. A Txn is plain data: a list of Ops, made by one
// goroutine and then owned by the store, bytes and all, until its outcome is told.
//
// Submit queues it and never waits. An error from Submit means that nothing happened and
// nothing will: ErrBusy (too much is queued; the next outcome makes room), ErrFull,
// ErrTooBig, ErrInvalid, ErrDead. Otherwise done is called once, later, in the order of Submit:
//
//	nil          all of it is durable, and every read sees it
//	ErrConflict  it contradicts the state that it came upon: nothing of it happened, and
//	             those after it go on as if it had never been
//	ErrTooBig    the same, for an object that would have outgrown a limit
//	ErrDead      the store died: whether it happened, only opening the store again tells
//
// A transaction is atomic, and transactions are durable in order: after a crash a prefix of
// those submitted is there, and every one whose done(nil) was called is in it.
//
// # Reading
//
// A read sees whole transactions, a prefix of those submitted: every one whose done(nil) was
// called before the read began, and none that a crash could still undo. (It may see one a
// moment before its done is called.) This is what a store with a group commit has at hand: bbolt
// shows the last commit, and an engine with a write-ahead log publishes what it has synced. An
// answer built on a read is therefore never taken back. Whoever orders writes keeps the state
// that those under way will make; the store does not show it.
//
// Answers are plain values. Nothing in them belongs to the store, and the caller may keep
// them. Listings come in pages: at most as many items as were asked for, fewer when they are big, and
// whether there are more. A page goes on after the last item of the one before it.
//
// # Order
//
// Within a pool objects are ordered by bit-reversed hash, then namespace, then name: the same on
// every OSD, so that two of them can be compared side by side. The objects of a PG are
// contiguous in it (see Span), and splitting a PG would cut its span in two without a row being moved.
//
// # Damage
//
// Every byte read has been checked. What does not check gives a *CorruptError, never wrong
// bytes, and leaves all else readable. Damage stays until what is damaged is replaced: a block of data
// (BlockSize bytes) by a write over all of it, a row of an omap by setting or deleting it,
// an object whose own record is damaged by Remove. Other operations on such an object succeed and
// leave it damaged: a replica cannot say no to a write that its primary has ordered.
//
// A store that could not write or sync is dead for good: every call gives ErrDead, and only a new
// process learns from the disk what is there. Ceph and PostgreSQL learnt that a second sync after a failed one
// may say yes without having written anything.
package store
