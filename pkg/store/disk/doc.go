// Package disk is the local store of an OSD: package store's contract over a folder.
//
//	osd.3/
//	  super   text: format, cluster, OSD, store uuid; written by Mkfs, last
//	  lock    held by the process that has the store open; holds its pid
//	  kv.db   bbolt, one bucket for each kind of row (docs/store-format.md has the table)
//
// A write follows this path:
//
//	Submit   checks, counts the bytes, queues                         any goroutine
//	commit   takes all that is queued, up to a batch's limits         one goroutine
//	           holds each transaction against the state, applies it
//	           writes objects and PGs that changed, each once
//	           one bbolt commit, two fdatasyncs                       ← durable
//	           tells the outcomes in order
//
// While one batch is being written the next gathers: so the more there is to do, the more
// transactions share a sync, and nobody waits for a timer.
//
// Data is kept in chunks of 16 KiB. The hashes of their blocks stand in rows of their own, mixed
// with the object's name and the block's number, so a block that was lost, changed, or written to another
// block's place does not check. All other rows end in a hash of the bucket, the key and the value.
// bbolt's own pages have no checksums: what panics in it is reported as damage of the index.
//
// Any error while writing kills the store: after a failed sync nobody knows what the disk
// has, and bbolt would go on as if nothing had been. The process should end.
//
// Reads go through the page cache, Verify's too.
package disk
