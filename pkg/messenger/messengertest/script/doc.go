// Package script is the contract between messengers written down as small plays, and what plays
// them: over real messengers (messengertest) and over the simulator's modelled links alike.
//
//	# A call under way when its peer dies ends with a reset.
//	start a; start b
//	a call b 1 hold          # b does not answer
//	b sees request 1
//	kill b
//	a sees call 1 reset, reset b
//
// A line holds statements, separated by semicolons; # begins a comment. Everything a node does
// or is told has a number, used once in a script; a range such as 1..500 does or expects each in
// turn. Runs of a daemon are b@1, b@2, …; b alone is the newest. CLASS is control, data (which
// need not be said), bulk or heartbeat.
//
// What happens to nodes:
//
//	needs FEATURE…                  worlds that do not model it leave the script out
//	limits [CLASS] KEY=VALUE…       of nodes started later: see Limits
//	start N [as=M] [client] [deaf]  a new run, at the address of the last; as=M: with the entity
//	                                and gid of M's; client: nobody can dial it; deaf: no handler
//	kill N                          it dies without a word
//	close N                         it ends in order
//	stall N [PLACE], resume N [..]  it moves no byte, at all or on one class, hints or reports
//	block N M, unblock N M          what one dials to the other is lost on the way
//	cut N M [CLASS]                 connections between them end; both live on
//
// What nodes do; size=BYTES is of the whole message, bulk=BYTES of its bulk alone:
//
//	N link M [CLASS]                wants a session
//	N wake M [CLASS]                dials at once
//	N drop M [CLASS]                resets the session of its link
//	N unlink M [CLASS]              wants none any more
//	N send M IDS [CLASS]            one-way messages, over its link
//	N push M IDS [CLASS]            one-way messages, over the session that M dialled
//	N call M IDS [CLASS] [hold]     requests; hold: M is to answer later. timeout=D, context=D:
//	                                gives up after D; expect=BYTES of bulk in the answer;
//	                                odd=type, class or field: M will not understand
//	N answer IDS, N fail IDS CODE   answers requests that it held
//	N hold, N release               from now on keeps messages that it received; lets go of all
//	N subscribe M TYPE…             wants M's hints
//	N publish IDS [TYPE]            hints
//	N report M IDS                  reports
//
// What is expected:
//
//	N sees EVENT, EVENT and EVENT   waits for them: a comma means then, and means in any order
//	N holds COUNT                   waits until it keeps as many messages
//	N tells COUNT                   waits until as many subscribe to its hints
//	N lost COUNT                    waits until it has dropped as many reports
//	N sent                          waits until nothing is queued
//	N idle                          waits until nothing is queued or kept, and no call open
//
//	settle                          lets happen what happens without time passing, where the world
//	                                can tell: in front of what must not have happened by then
//
// The events are
//
//	note 1, request 1, hint 1, report 1          it received; behind it bulk=BYTES, if any
//	call 1 answered                              likewise
//	call 1 failed CODE                           by the peer
//	call 1 reset|down|full|deadline|closed|too large   by its own messenger
//	send 1 down|full|closed|too large            refused by its own messenger; push and report too
//	up b, reset b [PLACE]                        a session began, ended
//	unreachable b [PLACE]                        dialling failed
//	some hints 1..9                              some of them, rising, the last for sure, not all
//
// Every event must be expected, but for up and unreachable, in the order in which it happened
// within its session. So a script says what happens and that nothing else does. Besides, the
// log itself holds for every world that nothing is received twice, that a call ends once, and that
// nothing of a session is received before it is up or after it was reset.
package script
