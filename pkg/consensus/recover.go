package consensus

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/hashicorp/raft"

	"zeph/pkg/core"
)

// Recovery is what Recover found and did.
type Recovery struct {
	Member      string        // whose folder
	Snapshot    uint64        // the newest whole snapshot was up to here; 0: there was none
	First, Last uint64        // entries after it, or before
	Known       uint64        // up to here they were known to be agreed on; what is behind may not have been
	Index       uint64        // the state is now up to here
	Was, Is     []core.Member // the members
}

// Recover makes a log with new members of one folder, whose member must not run: for when so many others
// are lost for good that a majority cannot be had again. All entries in it count as agreed on, whether they
// were or not; what only lost members had is lost. One folder alone is to be recovered, the most recent, with
// its own member as the only voter; the others are added again, with new stores.
func Recover(dir, name, store string, machine core.Machine, members []core.Member) (*Recovery, error) {
	id := MemberID(name, store)
	if err := checkFirst(id, members); err != nil || len(members) == 0 {
		return nil, errors.Join(fmt.Errorf("recover %s with %d members", id, len(members)), err)
	}
	cfg := Config{Dir: dir, Name: name, Store: store, Machine: machine}
	cfg.setDefaults()
	n := &Node{cfg: cfg, failed: make(chan error, 1)}
	if err := n.open(); err != nil {
		return nil, err
	}
	done := make(chan error, 1)
	r := new(Recovery)
	go func() { done <- n.recover(r, members) }() // a write that fails does not return
	select {
	case err := <-n.failed:
		return nil, fmt.Errorf("%w: %w", ErrDisk, err)
	case err := <-done:
		if err = errors.Join(err, n.Close()); err != nil {
			return nil, fmt.Errorf("recover %s in %s: %w", id, filepath.Clean(dir), err)
		}
		return r, nil
	}
}

func (n *Node) recover(r *Recovery, members []core.Member) error {
	newest, err := newestWhole(n.snaps)
	if err != nil {
		return err
	}
	b := n.store.held()
	*r = Recovery{Member: n.cfg.id(), Snapshot: newest.Index, First: b.first, Last: b.last, Is: members}
	r.Known, _ = n.store.GetCommitIndex()
	r.Known = max(r.Known, newest.Index)
	was, _, _, err := lastConfiguration(n.store, newest, b.last)
	if err != nil {
		return err
	}
	r.Was = membersOf(was)
	f := &recovered{newFSM(n.cfg.Machine, func(core.Event) {}), configurationOf(members)}
	t := newTransport(n.cfg.id(), "", nil, n.cfg.Dir, timeouts{})
	if err := raft.RecoverCluster(n.cfg.raft(), f, n.store, n.store, n.snaps, t, f.to); err != nil {
		return err
	}
	newest, err = newestWhole(n.snaps)
	r.Index = newest.Index
	return err
}

// recovered is a machine whose snapshots name other members.
type recovered struct {
	*fsm
	to raft.Configuration
}

// Snapshot is the state, with the new members.
func (f *recovered) Snapshot() (raft.FSMSnapshot, error) {
	s, err := f.fsm.Snapshot()
	if err == nil {
		s.(*fsmSnapshot).members = f.to
	}
	return s, err
}

// Report is the recovery, for people.
func (r *Recovery) Report(w io.Writer) error {
	_, err := fmt.Fprintf(w, "member %s: state up to entry %d\n", r.Member, r.Index)
	if r.Index > r.Known {
		_, err2 := fmt.Fprintf(w, "entries %d to %d may not have been agreed on before; they are now\n", r.Known+1, r.Index)
		err = errors.Join(err, err2)
	}
	for _, list := range []struct {
		what    string
		members []core.Member
	}{{"was", r.Was}, {"is", r.Is}} {
		for _, m := range list.members {
			_, err2 := fmt.Fprintf(w, "%s a member: %s at %s, voter %v\n", list.what, m.ID, m.Addr, m.Voter)
			err = errors.Join(err, err2)
		}
	}
	return err
}
