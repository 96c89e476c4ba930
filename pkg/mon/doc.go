// Package mon is a monitor: the state that all monitors agree on, and the core that one of them
// runs to look after the cluster.
//
//	           ┌ Machine ─────────────────────────┐
//	entries ──▶│ State ──▶ State ──▶ State        │  replicated: maps, settings, cluster log, answers
//	   ▲       └───────────────────────┬──────────┘
//	   │ Propose                       │ Applied
//	┌──┴─ Core ────────────────────────▼──────────┐
//	│ every monitor   serves maps, passes requests on to the leader
//	│ the leader      gathers what should change, into one entry at a time
//	│                 soft state: beacons, reports, numbers of PGs
//	└─────────────────────────────────────────────┘
//
// # One entry at a time
//
// Whatever wants the state changed is an intent: a boot, an up_thru, a command, a failed OSD. Intents
// queue up. When the queue has been gathered (protocol 14.7), each plans itself into a draft made of
// the newest state: one Change of the map, settings, lines of the log, and the answers for those who
// asked. The draft goes to the log as one entry, which names the version of the state it was made of.
// Where the state has moved on meanwhile, Apply changes nothing and the intents plan themselves anew. An
// intent that clashes with others of the draft (an OSD that goes down cannot come up) waits for the next.
//
// So a request is executed once: its answer is in the same entry as what it did, and whoever sends it
// again, to whichever leader, gets that answer (14.2). Refusals, and answers to questions, are given
// only after a Barrier: a leader that was replaced without noticing cannot pass its own one (14.3).
//
// # What only the leader knows
//
// Who has been heard, who reported whom, how full disks are and how PGs fare is soft: it comes with
// beacons, belongs to one term, and a new leader begins without (15.5). It says "unknown" until each OSD
// that is up has told it all.
//
// # Units
//
// Times are the core's monotonic clock (time.Duration), but for stamps that people read
// (osdmap.UnixMilli), which the leader puts into entries; they never fall from one entry to the next.
// Ratios are parts per million. Settings are listed in settings.go.
package mon
