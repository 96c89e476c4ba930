// Package client is how a Go program uses a Zeph cluster.
//
//	c, err := client.Connect(ctx, client.Config{Cluster: cluster, Transport: zmq.New(zmq.Settings{})})
//	pool, err := c.Pool(ctx, "demo")
//	_, err = pool.Put(ctx, "cat.jpg", file, client.PutOptions{})
//
// A Client is one connection of the program to the cluster: it keeps the osdmap, finds out by itself which OSD
// holds an object, and asks again when OSDs come and go. Any number of goroutines may share it. Every
// call takes a context and waits; what it may wait for besides, the error says.
//
// # What an error says
//
// Errors wrap sentinels to branch on. ErrUnknown is the one to think about: the write may have happened, or
// may yet happen. Every other error of a write means that nothing of it did. Reads never end with ErrUnknown.
//
// # Objects
//
// Put, Get, Stat, Remove, List and Copy work on objects of any size. What is larger than PieceSize is kept in
// pieces, behind a manifest that says which pieces are the object: docs/striping.md has the format, and why a Put
// is atomic at any size. Append, WriteAt and Truncate are for objects in one piece, of at most 128 MiB, and refuse
// others with ErrStriped. Attributes and the omap work on both.
//
// Apply does several things to one object, all or none; Put and Apply can be bound to conditions.
// Attributes whose names begin with "zeph." are the library's own.
package client
