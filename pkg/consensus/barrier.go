package consensus

import "zeph/pkg/core"

// shared is the barrier that all share who wait for one (protocol 14.3). One that is under way is of no use to
// who comes later: it may have been agreed on before something that was acknowledged since.
type shared struct {
	waiting  []core.Token
	underWay bool
}

// wait ends with the next barrier.
func (n *Node) wait(token core.Token) {
	n.mu.Lock()
	n.barrier.waiting = append(n.barrier.waiting, token)
	begin := !n.barrier.underWay
	n.barrier.underWay = true
	n.mu.Unlock()
	if begin {
		n.nextBarrier()
	}
}

// nextBarrier begins one for all that wait. There is no other under way.
func (n *Node) nextBarrier() {
	n.mu.Lock()
	tokens := n.barrier.waiting
	n.barrier.waiting = nil
	n.barrier.underWay = len(tokens) > 0
	n.mu.Unlock()
	if len(tokens) == 0 {
		return
	}
	n.start(proposal{barrier: true, end: func(p core.Proposed) {
		for _, p.Token = range tokens {
			n.queue.put(p)
		}
		n.nextBarrier()
	}})
}
