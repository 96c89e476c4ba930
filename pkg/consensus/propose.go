package consensus

import (
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"

	"zeph/pkg/core"
)

// proposal is a command, or a barrier, on its way to raft.
type proposal struct {
	command []byte
	barrier bool
	end     func(core.Proposed) // the Token is its own to fill in
}

// Errors of proposals that were refused.
var (
	ErrNotLeader = errors.New("this monitor does not lead")
	ErrBusy      = errors.New("too many proposals are under way")
	ErrStopped   = errors.New("the log is closed")
)

// enqueueTimeout is how long raft's loop may take to look at a proposal. It looks at none while the disk
// hangs.
const enqueueTimeout = time.Second

// Do carries out a Propose, Barrier or ChangeMembers. It does not block; Proposed is delivered later.
func (n *Node) Do(ef core.Effect) {
	switch ef := ef.(type) {
	case core.Propose:
		n.start(proposal{command: ef.Command, end: func(p core.Proposed) {
			p.Token = ef.Token
			n.queue.put(p)
		}})
	case core.Barrier:
		n.wait(ef.Token)
	case core.ChangeMembers:
		n.startChange(ef)
	default:
		panic(fmt.Sprintf("consensus: Do: unknown effect %T", ef))
	}
}

// start accepts a proposal, or refuses it.
func (n *Node) start(p proposal) {
	if len(p.command) > MaxCommand {
		p.end(refused(fmt.Errorf("a command of %d bytes, at most %d are allowed", len(p.command), MaxCommand)))
		return
	}
	n.mu.Lock()
	err := n.accept()
	if err == nil {
		n.proposals <- p // there is room for all that are accepted
	}
	n.mu.Unlock()
	if err != nil {
		p.end(refused(err))
	}
}

func refused(err error) core.Proposed { return core.Proposed{Outcome: core.Refused, Err: err} }

// accept counts one more proposal or change, which release must end. mu is held.
func (n *Node) accept() error {
	switch {
	case n.ended:
		return ErrStopped
	case n.hung():
		return errHung
	case n.pending >= n.cfg.Pending:
		return ErrBusy
	}
	n.pending++
	return nil
}

func (n *Node) release() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.pending--
	if n.ended && n.pending == 0 {
		close(n.idle)
	}
}

// refuse has accept refuse everything. The channel is closed when all has ended that was accepted.
func (n *Node) refuse() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ended = true
	n.idle = make(chan struct{})
	if n.pending == 0 {
		close(n.idle)
	}
	return n.idle
}

// propose hands proposals to raft, in order.
func (n *Node) propose() {
	for {
		select {
		case p := <-n.proposals:
			n.hand(p)
		case <-n.stopping:
			n.refuseWaiting()
			return
		}
	}
}

func (n *Node) refuseWaiting() {
	for {
		select {
		case p := <-n.proposals:
			p.end(refused(ErrStopped))
			n.release()
		default:
			return
		}
	}
}

func (n *Node) hand(p proposal) {
	var f raft.Future
	if p.barrier {
		f = n.raft.Barrier(enqueueTimeout)
	} else {
		f = n.raft.Apply(p.command, enqueueTimeout)
	}
	go func() {
		p.end(outcome(f))
		n.release()
	}()
}

// outcome waits for the end of a proposal. raft answers after the machine has applied it, so Applied is in
// the queue already.
func outcome(f raft.Future) core.Proposed {
	err := f.Error()
	if err != nil {
		return core.Proposed{Outcome: fate(err), Err: plain(err)}
	}
	p := core.Proposed{Outcome: core.Committed}
	if a, ok := f.(raft.ApplyFuture); ok {
		p.Index = a.Index()
		if r, ok := a.Response().(result); ok {
			p.Result = r.value
		}
	}
	return p
}

// fate is what an error of raft's says about a proposal (protocol 14.4).
func fate(err error) core.Outcome {
	for _, definite := range []error{raft.ErrNotLeader, raft.ErrEnqueueTimeout, raft.ErrLeadershipTransferInProgress} {
		if errors.Is(err, definite) {
			return core.Refused
		}
	}
	return core.Unknown
}

// plain is an error in our words.
func plain(err error) error {
	if errors.Is(err, raft.ErrNotLeader) {
		return ErrNotLeader
	}
	return err
}
