// Package zephtest runs a whole Zeph cluster inside a Go test: monitors that agree by Raft, OSDs with their
// stores in memory, all of them the real thing, in this process and over a network of its own.
//
//	func TestMine(t *testing.T) {
//		c := zephtest.Start(t, 1, 3)
//		pool := c.Pool("demo")
//		pool.Put(t.Context(), "cat.jpg", file, client.PutOptions{})
//		c.Kill("osd.1") // and so on
//	}
//
// Start returns when the cluster is healthy. When the test ends, so does the cluster, with every goroutine
// of its. A daemon that ends by itself fails the test; what the daemons log is part of a failing test's
// output. Anything that does not work fails the test at once: these methods are for its own goroutine.
package zephtest
