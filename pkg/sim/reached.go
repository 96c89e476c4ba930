package sim

import "slices"

// Rare are the states of the cores that a search is expected to reach sooner or later: core.Rare counts them. A set
// of seeds in which one of them was never reached says nothing about it. The cores count more than these: what some
// two hundred seeds did not reach is not demanded.
var Rare = []string{
	"osd is marked down while it runs",
	"pg asks for writes again",
	"pg finds no copy of an object",
	"pg hears something after its pool has gone",
	"pg is down",
	"pg is refused a place for recovery",
	"pg makes a member begin anew",
	"pg removal goes on in a new interval",
	"pg stray is removed",
	"pg takes over a log that reaches further back",
	"pg undoes divergent entries",
	"pg waits for an older lease to run out",
}

// NotReached are the rare states that some runs have not reached, of all that there are.
func NotReached(reached map[string]int) []string {
	return slices.DeleteFunc(slices.Clone(Rare), func(state string) bool { return reached[state] > 0 })
}

// reach counts a state.
func (c *Cluster) reach(state string) {
	if c.reached == nil {
		c.reached = make(map[string]int)
	}
	c.reached[state]++
}
