package consensus

import (
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"

	"zeph/pkg/core"
)

// changeTimeout is how long a change waits for the one before it, and joinTimeout for a new member to answer.
const (
	changeTimeout = 5 * time.Second
	joinTimeout   = 5 * time.Second
)

func (n *Node) startChange(c core.ChangeMembers) {
	n.mu.Lock()
	err := n.accept()
	if err == nil {
		if c.Action == core.RemoveMember {
			n.leaving[raft.ServerID(c.Member.ID)]++ // it is not waited for any more
		}
		n.changes <- c // there is room for all that are accepted
	}
	n.mu.Unlock()
	if err != nil {
		n.endChange(c, refused(err))
	}
}

func (n *Node) endChange(c core.ChangeMembers, p core.Proposed) {
	p.Token = c.Token
	n.queue.put(p)
}

// change makes changes of the members, one after the other.
func (n *Node) change() {
	for {
		select {
		case c := <-n.changes:
			n.endChange(c, n.makeChange(c))
			n.release()
		case <-n.stopping:
			for {
				select {
				case c := <-n.changes:
					n.endChange(c, refused(ErrStopped))
					n.release()
				default:
					return
				}
			}
		}
	}
}

func (n *Node) makeChange(c core.ChangeMembers) core.Proposed {
	id := raft.ServerID(c.Member.ID)
	switch c.Action {
	case core.AddMember:
		return n.add(id, raft.ServerAddress(c.Member.Addr), c.Member.Voter)
	case core.RemoveMember:
		defer n.left(id)
		return n.remove(id)
	case core.TransferTo:
		return n.transfer(id)
	}
	return refused(fmt.Errorf("unknown change %d", c.Action))
}

// ended is what became of one step.
func ended(f raft.IndexFuture) core.Proposed {
	err := f.Error()
	switch {
	case err == nil:
		return core.Proposed{Outcome: core.Committed, Index: f.Index()}
	case f.Index() == 0 && !errors.Is(err, raft.ErrRaftShutdown): // it never got an index
		return refused(plain(err))
	}
	return core.Proposed{Outcome: core.Unknown, Err: err}
}

// add makes a member, at first without a vote: a voter that does not answer may cost the log its majority.
func (n *Node) add(id raft.ServerID, addr raft.ServerAddress, voter bool) core.Proposed {
	if id == "" || addr == "" || entityOf(string(id)).IsZero() || len(id)+len(addr) >= maxName {
		return refused(fmt.Errorf("member %q at %q: an id of a name, a slash and a store is needed, and an address", id, addr))
	}
	s, known := n.server(id)
	if !known || s.Suffrage != raft.Voter || s.Address != addr {
		if n.raft.State() != raft.Leader {
			return refused(ErrNotLeader)
		}
		if err := n.transport.identify(id, addr); err != nil {
			return refused(err)
		}
	}
	if known && s.Suffrage == raft.Voter && voter {
		return ended(n.raft.AddVoter(id, addr, 0, changeTimeout)) // it moved, if anything
	}
	p := ended(n.raft.AddNonvoter(id, addr, 0, changeTimeout))
	if p.Outcome != core.Committed || !voter {
		return p
	}
	if !n.joined(id) {
		if !known {
			ended(n.raft.RemoveServer(id, 0, changeTimeout))
		}
		return refused(fmt.Errorf("mon.%s does not answer at %s any more", nameOf(string(id)), addr))
	}
	return ended(n.raft.AddVoter(id, addr, 0, changeTimeout))
}

func (n *Node) left(id raft.ServerID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.leaving[id]--; n.leaving[id] == 0 {
		delete(n.leaving, id)
	}
}

func (n *Node) leaves(id raft.ServerID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.leaving[id] > 0
}

// joined waits until a new member answers.
func (n *Node) joined(id raft.ServerID) bool {
	tick := time.NewTicker(n.cfg.Heartbeat / 5)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < joinTimeout && !n.leaves(id); {
		if n.transport.recent(id, n.cfg.Heartbeat) {
			return true
		}
		select {
		case <-tick.C:
		case <-n.stopping:
			return false
		}
	}
	return false
}

// remove takes the vote first, then the member. The leader leaves in one step: without a vote it would step
// down, and could not take the other.
func (n *Node) remove(id raft.ServerID) core.Proposed {
	s, known := n.server(id)
	if !known {
		return refused(fmt.Errorf("%s is no member", id))
	}
	if s.Suffrage == raft.Voter && string(id) != n.cfg.id() {
		if p := ended(n.raft.DemoteVoter(id, 0, changeTimeout)); p.Outcome != core.Committed {
			return p
		}
	}
	return ended(n.raft.RemoveServer(id, 0, changeTimeout))
}

func (n *Node) server(id raft.ServerID) (raft.Server, bool) {
	for _, s := range n.raft.GetConfiguration().Configuration().Servers {
		if s.ID == id {
			return s, true
		}
	}
	return raft.Server{}, false
}

// heir is a voter that has answered just now; none if there is none.
func (n *Node) heir() raft.ServerID {
	for _, s := range n.raft.GetConfiguration().Configuration().Servers {
		if s.Suffrage == raft.Voter && string(s.ID) != n.cfg.id() && n.transport.recent(s.ID, n.cfg.Heartbeat) {
			return s.ID
		}
	}
	return ""
}

// transfer makes another member the leader, whichever if none is named. It must have answered just now: raft
// waits for a member that does not, and takes no proposals meanwhile.
func (n *Node) transfer(id raft.ServerID) core.Proposed {
	if id == "" {
		id = n.heir()
	}
	s, known := n.server(id)
	switch {
	case n.raft.State() != raft.Leader:
		return refused(ErrNotLeader)
	case string(id) == n.cfg.id():
		return core.Proposed{Outcome: core.Committed} // it leads already
	case !known || s.Suffrage != raft.Voter:
		return refused(fmt.Errorf("%s has no vote", id))
	case !n.transport.recent(id, n.cfg.Heartbeat):
		return refused(fmt.Errorf("%s does not answer", id))
	}
	if err := n.raft.LeadershipTransferToServer(s.ID, s.Address).Error(); err != nil {
		return core.Proposed{Outcome: core.Unknown, Err: err} // the other may still have been told
	}
	return core.Proposed{Outcome: core.Committed}
}
