// Package history keeps what clients did to objects and what they were told, and judges whether
// all of it could have happened one after the other, each operation at some instant between its
// begin and its end (linearizability; Herlihy and Wing, 1990). The search is porcupine's.
//
//	Operation    write, read, append, compare-and-set, remove; of one object
//	Outcome      done, refused by the object's state (a failed compare, not found), or unknown
//	Check        operations → verdict, object by object; with a short reason when it is bad
//
// What is definitely not done (no room, a pool that is gone) belongs in no history. What may
// have been done is Unknown: it took effect at any time after its begin, or never.
package history
