package zephtest

// Requests is how many requests the daemons have received and not ended.
func (c *Cluster) Requests() int {
	n := 0
	for _, d := range c.daemons {
		if d.runs() {
			n += d.world.Stats().Requests
		}
	}
	return n
}
