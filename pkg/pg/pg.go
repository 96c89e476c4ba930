package pg

import (
	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// PG keeps one copy of a placement group in step with the others.
type PG struct {
	cfg Config
}

// New makes the machine of a PG. Its first event is Open or Create.
func New(cfg Config) *PG { return &PG{cfg: cfg} }

// Step moves the PG by one event and says what must happen next.
func (pg *PG) Step(now core.Time, ev any) []core.Effect { return nil }

// State is how the PG is, in Ceph's words: active+clean.
func (pg *PG) State() string { return "unknown" }

// Stat are the PG's numbers, for the beacon of its primary.
func (pg *PG) Stat() wire.PGStat { return wire.PGStat{PG: wire.PG(pg.cfg.PG), State: pg.State()} }

// IsPrimary reports whether this OSD leads the PG now.
func (pg *PG) IsPrimary() bool { return false }

// Epoch is the newest epoch that the PG was taken through.
func (pg *PG) Epoch() osdmap.Epoch { return 0 }

// Query explains the PG: what it is, whom it waits for, and why. It becomes JSON.
func (pg *PG) Query() Query { return Query{} }

// Query is the answer to "pg query".
type Query struct{}

// ReadImage reads what a store has of a PG: to be run in a core.Read.
func ReadImage(r store.Reader, id osdmap.PGID) *Image { return &Image{PG: id} }

// Absent answers a message about a PG that this OSD neither has nor is mapped to: a question of peering is
// answered with "none", so that nobody waits for it. Interval, round and gids were not checked.
func Absent(cfg Config, view View, r core.Received) []core.Effect { return nil }

// Peers lists the OSDs that the PG talks to now: whom the OSD should ping.
func (pg *PG) Peers() []osdmap.OSDID { return nil }
