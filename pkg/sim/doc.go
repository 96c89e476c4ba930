// Package sim is a world in virtual time: it runs the cores of monitors, OSDs and clients exactly as
// they are shipped, with modelled links, disks, clocks and a modelled replicated log around them.
//
//	World   one queue of events by (time, sequence), one seed; a trace, a line for each event
//	Node    a machine: a clock that drifts, a disk, a process that can crash, pause, hang
//	links   sessions by class: in order, reset at any point, cut without a word, refused
//	disk    what gathered while one commit ran is the next; a crash keeps a prefix of the rest
//	Log     one order that members agree on, and no more than hashicorp/raft promises
//
// The same seed gives the same run, byte for byte: Hash is that of the trace's lines. Nothing here
// reads a clock, starts a goroutine, or walks a map where the order shows. Random numbers come
// from generators split by name, so that one more draw for a disk does not move those of the links.
//
// On top of the world stands a cluster (Cluster), what people and nature do to it (faults, workload), and
// the judges: histories of clients, invariants at every virtual second, and the state at the end.
// Run does all of it for one seed.
package sim
