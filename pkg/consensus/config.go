package consensus

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/hashicorp/raft"

	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// Config says which member of which log a Node is. A zero duration or number means its default.
type Config struct {
	Dir     string           // this member's folder, made by Make
	Name    string           // the monitor's, such as "a"
	Store   string           // uuid of the folder; with the name it is the member's id
	Addr    string           // where its control class listens, for the others
	Machine core.Machine     // what the commands mean
	Call    Caller           // the way to the other members
	Deliver func(core.Event) // gets Leading, Applied, Proposed and Members, one at a time, in order
	Log     *slog.Logger     // nil: none

	Heartbeat time.Duration // silence of the leader before an election; default 500ms
	Election  time.Duration // of one attempt; default 1s
	Lease     time.Duration // after which a leader that hears no majority steps down; default 500ms
	HangAfter time.Duration // age of a write that silences this member; default 500ms
	ExitAfter time.Duration // age of a write that ends Run; default 5s

	SnapshotAfter uint64        // entries; default 2048
	Keep          uint64        // entries that stay behind a snapshot, for members that were away for a while; default 2048
	SnapshotEvery time.Duration // how often to look; default 10s
	Pending       int           // proposals under way, more are refused; default, and at most, a quarter of Keep
	NoSync        bool          // tests: do not wait for the disk
}

// MaxCommand is the most that a command may take.
const MaxCommand = 8 << 20

func (c *Config) setDefaults() {
	for _, d := range []struct {
		of *time.Duration
		to time.Duration
	}{
		{&c.Heartbeat, 500 * time.Millisecond},
		{&c.Election, time.Second},
		{&c.Lease, 500 * time.Millisecond},
		{&c.HangAfter, 500 * time.Millisecond},
		{&c.ExitAfter, 5 * time.Second},
		{&c.SnapshotEvery, 10 * time.Second},
	} {
		if *d.of == 0 {
			*d.of = d.to
		}
	}
	c.Lease = min(c.Lease, c.Heartbeat) // raft refuses another
	if c.SnapshotAfter == 0 {
		c.SnapshotAfter = 2048
	}
	if c.Keep == 0 {
		c.Keep = 2048
	}
	// What was never agreed on must not reach past what others keep: raft cannot mend such a log.
	if most := max(1, int(c.Keep/4)); c.Pending == 0 || c.Pending > most {
		c.Pending = most
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

// Validate names everything that is wrong.
func (c *Config) Validate() error {
	var errs []error
	if _, err := wire.ParseEntity("mon." + c.Name); err != nil {
		errs = append(errs, err)
	}
	if c.Dir == "" || c.Store == "" || c.Addr == "" {
		errs = append(errs, fmt.Errorf("folder %q, store %q, address %q: none may be empty", c.Dir, c.Store, c.Addr))
	}
	if c.Machine == nil || c.Call == nil || c.Deliver == nil {
		errs = append(errs, errors.New("a machine, a caller and somebody to deliver to are needed"))
	}
	if len(MemberID(c.Name, c.Store))+len(c.Addr) >= maxName {
		errs = append(errs, fmt.Errorf("name, store and address of %d bytes together", len(c.Name)+len(c.Store)+len(c.Addr)))
	}
	return errors.Join(errs...)
}

func (c *Config) id() string { return MemberID(c.Name, c.Store) }

func (c *Config) raft() *raft.Config {
	r := raft.DefaultConfig()
	r.ProtocolVersion = protocolVersion
	r.LocalID = raft.ServerID(c.id())
	r.HeartbeatTimeout, r.ElectionTimeout, r.LeaderLeaseTimeout = c.Heartbeat, c.Election, c.Lease
	r.BatchApplyCh = true // what waits goes to the disk together
	r.ShutdownOnRemove = false
	r.SnapshotThreshold, r.TrailingLogs, r.SnapshotInterval = c.SnapshotAfter, c.Keep, c.SnapshotEvery
	r.RestoreCommittedLogs = true
	r.NoLegacyTelemetry = true
	r.LogOutput = io.Discard
	r.Logger = newRaftLog(c.Log)
	return r
}

// timeouts are those of calls. A heartbeat that is lost must not cost the lease; an append may wait for a
// disk that is slow but not hung.
func (c *Config) timeouts() timeouts {
	return timeouts{heartbeat: c.Lease, vote: c.Election, append: 2 * c.Election, part: 5 * c.Election, install: 30 * c.Election}
}
