// Package world runs one core on the wall clock: with a messenger, a store, and a replicated log
// where the core has one.
//
//	                 ┌──────────── World ────────────┐
//	messenger ──▶ decode ──▶ mailbox ──▶ loop ──▶ core.Step
//	store  ── outcomes ─────▶   │         │ effects, in order
//	log ────── applied ─────▶   │         ▼
//	timers ───── due ───────────┘   messenger, store, readers, log, slog
//
// The loop is the only goroutine that touches the core. It takes what waits, up to a turn's worth,
// then reads the clock, once; steps the core through it; and carries out what the core wants, in
// order. It never waits for the network, the store or the log: what those do comes back as events.
// Bodies are decoded, and bulk copied out of the messenger's memory, on the goroutines that read
// sessions. Pings are answered there, too, with how long the loop and the disk have been at what
// they do: so a daemon that hangs answers, and shows that it hangs.
//
// # Who is dialled
//
// A Dest brings addresses by place, as the osdmap has them. Between OSDs the world dials
// cluster.control, cluster.data and so on, everyone else dials an OSD's public.* and a monitor's
// control, bulk, hints. There is one link for each entity and class. A message for another run of
// the entity, or another address, replaces it; one for whichever run (gid 0) goes by the link there
// is: two links to one peer would end each other's sessions for ever. A Send to somebody without an
// address goes back by a session that it dialled itself, if there is one.
//
// # Memory
//
// A message counts against its sender's credit until the core has been through with it: until a
// request is ended, until a one-way message was stepped. So what waits for a core is bounded by the
// messenger's limits.
//
// # The end
//
// Run ends when the core asks for it, when the store has died, or some time after its context
// ended: first the core gets Stop and may say goodbye. Kill ends it as a crash would. Run returns
// when every goroutine has ended. The store is its owner's to close.
package world
