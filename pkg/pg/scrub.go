package pg

import (
	"zeph/pkg/core"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// scrubber is where scrub keeps its place. The rest of the machine knows of scrub only what is in this file: that it may
// lock objects against writes, wants ticks, and shows states.
type scrubber struct{}

func (s *scrubber) states() states { return 0 }

func (pg *PG) scrubLocks(store.Key) bool { return false }

func (pg *PG) tickScrub() {}

func (pg *PG) scrubCommand(to core.Request, c *wire.Command) {
	pg.fail(to, wire.NoHandler.Errorf("%q", c.Name))
}
