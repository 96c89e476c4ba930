// Package osd is the logic of an OSD: the daemon that keeps objects on one disk, in step with others.
//
//	messages ──▶ whose run is it, is our map as new? ──▶ admission ──▶ PG machines (package pg)
//	maps     ──▶ stored ──▶ in force ──▶ every PG, epoch by epoch        │ leases, up_thru, pg_temp, places
//	ticks    ──▶ pings, reports of failures, beacons, boot               ▼ for recovery: gathered here
//	                                                                   effects
//
// The PGs do the work; this package is what surrounds them. It gets the OSD up and lets it leave,
// keeps the maps, knows who else lives, admits clients while there is room, and puts together what
// many PGs ask for at once.
//
//	core.go, boot.go, stop.go       from its store to up, and back
//	maps.go, fetch.go, life.go      maps on their way into force, and the PGs that they make
//	messages.go, waiting.go         what concerns whom, and what has to wait for a newer map
//	clients.go, command.go          admission; operators
//	beat.go, report.go, drift.go    who lives (protocol 15)
//	beacon.go, asks.go              what the monitors are told and asked, for all PGs at once
//	carry.go, leases.go, places.go  what PGs want of each other and of the OSD
//
// What it keeps in its store is in super.go. The store is made an OSD's by the transaction of Mkfs.
//
// Whoever runs a Core gives it core.StoreStats first (or any other event: the first one makes it begin), then
// what happens; core.Stop ends it well. Until its first core.Rename it asks nobody but monitors.
package osd
