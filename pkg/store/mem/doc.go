// Package mem is a store in memory: the disk of the simulator, and of tests that need none.
//
// It does nothing by itself. With Config.Stepped a transaction waits until Commit makes it
// durable, Crash loses it, or Fail leaves open which of them happened; without, it is durable
// when Submit returns, and done has been called. So whoever owns it decides how long a disk takes, what a
// power cut leaves, and when it breaks; Damage makes bytes rot.
//
// Unlike the Store contract in general it is for one goroutine at a time. The same calls
// always give the same answers: no map is walked, no clock is read.
package mem
