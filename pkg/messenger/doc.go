// Package messenger carries the messages of daemons and clients, whatever the connections below
// it are made of. What a peer does, claims, sends or fails to do harms its own connection and no
// other.
//
//	a daemon above     Link.Call, Send        Handler, PeerEvent      Publish   Report
//	                       │                        ▲                    │         │
//	this package       Link ─▶ Session ◀────────▶ Session           subscribers  reporter
//	                    outbox, calls, credit     inbox                  │         │
//	                       │ frames                 ▲ frames             ▼         ▼
//	Transport          Conn DEALER ───────────▶ ROUTER Conn          PUB ▶ SUB  PUSH ▶ PULL
//
// # Sessions
//
// A session is one connection after a hello: one class of traffic between one run of one entity
// and another's. Who dials asks, who is dialled answers; both may send what nobody answers. Within
// a session messages arrive in the order they were sent, each at most once. It has an end, which
// is told after its last message (PeerEvent Reset), and nothing of it comes later.
//
// A Link is the side that dials. It keeps a session going: when one ends it dials again after 20 ms,
// then less and less often up to every 500 ms, and at once when it is told to (Wake).
//
// # Calls
//
// A call ends exactly once, and never late:
//
//	answer        a Message, or a *wire.Error if the answer is one
//	ErrDown       there is no session: nothing was sent
//	ErrQueueFull  no room: nothing was sent
//	ErrTooLarge   the class, or the peer, takes no such message: nothing was sent
//	ErrReset      the session ended: nobody knows what the peer did
//	deadline      context.DeadlineExceeded or Canceled: the same
//	ErrClosed     the messenger or link was closed: the same
//
// # Bounds
//
// Nothing here grows with what a peer does. All numbers are in Limits; in bytes, for each session
// and for each class in the process:
//
//	what we queue for a peer      Outbox; beyond it Send says ErrQueueFull. Answers have a Reserve
//	                              on top; who lets that fill up does not read, and is cut
//	what a peer sends us          Window: a peer has no more under way than we have not released;
//	                              one that sends more is cut. Credits make it go on
//	what a peer answers us        each call takes its expected answer out of what the peer queues for
//	                              us, so that a reader who keeps promises is never cut
//	what all peers make us hold   Receive: a reader waits until there is room, and meanwhile TCP
//	                              stops its peer; the session slowest to finish a message is cut
//	connections without a hello   Strangers, for Hello at most; the oldest goes, not the newest
//	peers that do not move        cut when less than 4 KiB moved in Stall and more was to move
//
// # Memory
//
// Bulk data is passed by reference: from Send until Free is called, and from receipt until Release,
// nobody may change it. What is received lies in memory that is used again, with the bulk at the
// beginning of a page. Small messages are copied once on each side.
//
// # Goroutines
//
// A session has two: one reads, and calls Handler and the ends of calls as it goes; one writes, when
// the sender cannot do so without waiting (see write.go). No lock is held while anything waits, so
// all of this runs in a testing/synctest bubble too. Close joins every one.
package messenger
