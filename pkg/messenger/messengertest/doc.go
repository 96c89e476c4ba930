// Package messengertest is what every messenger must do, whatever carries its bytes: see
// messenger.Transport. A back end runs it in one line of a test of its own:
//
//	messengertest.Run(t, messengertest.Backend{Transport: …, Endpoint: …})
//
// The cases are scripts, in testdata, which read as lessons; package script plays them. What a
// script would tell badly (memory, goroutines, numbers, many threads) is in Go, in case_*.go.
//
//	script ── commands ──▶ world ──▶ node: a Messenger ──▶ host ──▶ the Transport under test
//	       ◀── events ──── Log  ◀───        handler, peers   stalls, cuts, blocks, kills
//
// A world of real messengers goes by the wall clock, or by that of a synctest bubble (RunBubbles),
// where an hour's pause takes no time, a script can see that nothing more happens, and a goroutine
// that is left over fails the test.
//
// Beyond what the scripts say, each world checks that every message is freed once, that bulk
// arrives as it was sent and stays so until it is released, and that nothing is heard of a
// messenger after its Close.
package messengertest
