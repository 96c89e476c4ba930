// Package core says what a core is: the logic of a monitor, an OSD or a client, as a machine
// that is fed events in order and answers each with effects to be carried out in order.
//
//	           events                                      effects
//	messages   Received, SessionReset, Unreachable         Send, Call, Reply, Fail, Drop, Publish
//	calls      Answered                                    Call
//	store      Durable, ReadDone                           Submit, Read
//	time       Fired                                       SetTimer
//	log        Leading, Applied, Proposed                  Propose, Barrier, ChangeMembers
//	itself     Continue                                    Continue
//	people     Stop, and those of each core's own package  Log, Ready, Rename, Exit
//
// A core has no clock, socket, disk, goroutine, or randomness but what its seed gives; it walks
// no map where the order shows. So the same events give the same effects on every machine. What
// runs it is a world: package world with a real clock, ZeroMQ and a disk, package sim with a
// queue of events in virtual time. Both keep what is promised here, and no more:
//
//   - Messages of one session arrive in order, each at most once. After SessionReset nothing of
//     that session comes. Sends may be lost with the session, or for want of room.
//   - A Call ends exactly once, by Answered. An error of its that is no *wire.Error leaves open
//     what the other side did, unless it is ErrDown, ErrQueueFull or ErrTooLarge.
//   - A request that was Received must be ended once: by Reply, Fail or Drop.
//   - Transactions become durable in the order of Submit, and Durable comes in that order.
//     Reads see at least what was told durable before they were asked for.
//   - Timers may fire arbitrarily late, never early. They cannot be taken back; a core
//     ignores those that it no longer wants.
//   - now never falls from one Step to the next.
package core
