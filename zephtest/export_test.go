package zephtest

import "fmt"

// Open are the requests that daemons have received and not ended.
func (c *Cluster) Open() []string {
	var all []string
	for _, d := range c.daemons {
		if d.runs() {
			for _, r := range d.world.Open() {
				all = append(all, fmt.Sprintf("%s: %v %d of %v/%v", d.name, r.Type, r.ID, r.From.Entity, r.From.GID))
			}
		}
	}
	return all
}
