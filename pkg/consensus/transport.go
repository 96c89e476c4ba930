package consensus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// Caller carries a call to another member and brings its answer. ctx has a deadline. An answer's bulk is at
// most wire.MaxLogAnswer bytes. Calls are made from many goroutines, a few at a time for each member.
type Caller func(ctx context.Context, to core.Member, class wire.Class, call *wire.LogCall, bulk []byte) (*wire.LogReply, []byte, error)

const (
	protocolVersion = 3 // raft's

	controlBulk  = 256 << 10 // more than this goes by class bulk
	appendBulk   = 4 << 20   // entries of one append, unless a single one is larger
	snapshotPart = 1 << 20
	slowest      = 1 << 20 // bytes per second that a deadline allows for
)

var (
	errHung    = errors.New("the disk hangs")
	errClosed  = errors.New("the log is closed")
	errNoReply = errors.New("no answer")
)

// transport is raft's way to the other members. It silences a member whose disk hangs.
type transport struct {
	id      raft.ServerID
	addr    raft.ServerAddress
	call    Caller
	hung    func() bool
	leads   func(term uint64) bool // raft leads in that term
	applied func() uint64          // up to where
	member  func(raft.ServerID) bool
	times   timeouts
	dir     string // for snapshots that come in

	rpc  chan raft.RPC
	done context.Context // ends with the transport
	stop context.CancelFunc

	mu       sync.Mutex
	contacts map[raft.ServerID]*contact
	streams  uint64 // snapshots sent
	incoming *incoming
	dropped  sync.WaitGroup // snapshots that came in, and that others took the place of
}

// timeouts are how long calls may take.
type timeouts struct {
	heartbeat, vote, append, part, install time.Duration
}

// contact is when a member last answered anything.
type contact struct {
	last  time.Time
	heard chan struct{} // closed at the next answer
}

var (
	_ raft.Transport   = (*transport)(nil)
	_ raft.WithPreVote = (*transport)(nil)
)

func newTransport(id, addr string, call Caller, dir string, times timeouts) *transport {
	t := &transport{id: raft.ServerID(id), addr: raft.ServerAddress(addr), call: call, times: times, dir: dir,
		rpc: make(chan raft.RPC), contacts: make(map[raft.ServerID]*contact)}
	t.done, t.stop = context.WithCancel(context.Background())
	return t
}

// Consumer is where raft takes requests from.
func (t *transport) Consumer() <-chan raft.RPC { return t.rpc }

// LocalAddr is where this member listens.
func (t *transport) LocalAddr() raft.ServerAddress { return t.addr }

// AppendEntriesPipeline is refused: it can wedge a follower (hashicorp/raft#612).
func (t *transport) AppendEntriesPipeline(raft.ServerID, raft.ServerAddress) (raft.AppendPipeline, error) {
	return nil, raft.ErrPipelineReplicationNotSupported
}

// EncodePeer is a peer as bytes.
func (t *transport) EncodePeer(id raft.ServerID, addr raft.ServerAddress) []byte {
	return encodePeer(id, addr)
}

// DecodePeer is the address in such bytes.
func (t *transport) DecodePeer(b []byte) raft.ServerAddress { return decodePeer(b) }

// SetHeartbeatHandler is refused: a heartbeat that passes by raft's loop changes state and term under it. A
// candidate would count a late vote for a term that is over, and lead in the term of somebody else.
func (t *transport) SetHeartbeatHandler(func(raft.RPC)) {}

// RequestVote asks for a vote.
func (t *transport) RequestVote(id raft.ServerID, addr raft.ServerAddress, args *raft.RequestVoteRequest, resp *raft.RequestVoteResponse) error {
	return t.ask(id, addr, args, resp, t.times.vote)
}

// RequestPreVote asks whether a vote would be given. A failure's text is not the other's: raft takes one of
// them for a yes.
func (t *transport) RequestPreVote(id raft.ServerID, addr raft.ServerAddress, args *raft.RequestPreVoteRequest, resp *raft.RequestPreVoteResponse) error {
	if err := t.ask(id, addr, args, resp, t.times.vote); err != nil {
		return errNoReply
	}
	return nil
}

// TimeoutNow has a member stand for election at once.
func (t *transport) TimeoutNow(id raft.ServerID, addr raft.ServerAddress, args *raft.TimeoutNowRequest, resp *raft.TimeoutNowResponse) error {
	return t.ask(id, addr, args, resp, t.times.vote)
}

// AppendEntries sends entries, or a heartbeat. What is too large for one message goes in several.
func (t *transport) AppendEntries(id raft.ServerID, addr raft.ServerAddress, args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	if isHeartbeat(args) {
		return t.ask(id, addr, args, resp, t.times.heartbeat)
	}
	part := *args
	for {
		n := fitting(args.Entries)
		part.Entries = args.Entries[:n]
		if slices.ContainsFunc(part.Entries, func(e *raft.Log) bool { return e.Type == standIn }) {
			return raft.ErrLogNotFound
		}
		if err := t.append(id, addr, &part, resp); err != nil {
			t.await(id, args.Term)
			return err
		}
		if n == len(args.Entries) || !resp.Success || resp.Term > args.Term {
			return nil
		}
		part.PrevLogEntry, part.PrevLogTerm = part.Entries[n-1].Index, part.Entries[n-1].Term
		args = &raft.AppendEntriesRequest{Term: args.Term, Entries: args.Entries[n:]}
	}
}

func isHeartbeat(r *raft.AppendEntriesRequest) bool {
	return r.PrevLogEntry == 0 && r.PrevLogTerm == 0 && len(r.Entries) == 0 && r.LeaderCommitIndex == 0
}

// fitting is how many entries go into one message: at least one, if there is any.
func fitting(entries []*raft.Log) int {
	size := 0
	for i, e := range entries {
		if size += entrySize(e); i > 0 && size > appendBulk || i == maxEntries {
			return i
		}
	}
	return len(entries)
}

func (t *transport) append(id raft.ServerID, addr raft.ServerAddress, args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	return t.ask(id, addr, args, resp, t.times.append)
}

// await holds the error of an append back until the member answers something, be it a heartbeat: raft waits
// longer after each failure, up to ten seconds, and would leave a member that is back without entries for
// that long, although it may be needed for a majority. One that is no member any more is not waited for.
func (t *transport) await(id raft.ServerID, term uint64) {
	t.mu.Lock()
	heard := t.contact(id).heard
	t.mu.Unlock()
	for t.leads(term) && t.member(id) {
		select {
		case <-heard:
			return
		case <-t.done.Done():
			return
		case <-time.After(time.Second):
		}
	}
}

// contact is that of a member. mu is held.
func (t *transport) contact(id raft.ServerID) *contact {
	c := t.contacts[id]
	if c == nil {
		c = &contact{heard: make(chan struct{})}
		t.contacts[id] = c
	}
	return c
}

func (t *transport) answered(id raft.ServerID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.contact(id)
	c.last = time.Now()
	close(c.heard)
	c.heard = make(chan struct{})
}

// recent reports whether a member answered lately.
func (t *transport) recent(id raft.ServerID, within time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.contact(id)
	return !c.last.IsZero() && time.Since(c.last) <= within
}

// ask makes a request and brings the answer.
func (t *transport) ask(id raft.ServerID, addr raft.ServerAddress, request, response any, timeout time.Duration) error {
	kind, b := encodeRequest(request)
	if a, ok := request.(*raft.AppendEntriesRequest); ok {
		b = appendEntries(b, a.Entries)
	}
	class := wire.Control
	if len(b) > controlBulk {
		class = wire.Bulk
		timeout += time.Duration(len(b)) * time.Second / slowest
	}
	a, err := t.exchange(id, addr, class, &wire.LogCall{Kind: kind}, b, timeout)
	if err != nil {
		return err
	}
	a.fill(response)
	return nil
}

// exchange sends one message and takes its answer apart.
func (t *transport) exchange(id raft.ServerID, addr raft.ServerAddress, class wire.Class, call *wire.LogCall, bulk []byte, timeout time.Duration) (answer, error) {
	if t.hung() {
		return answer{}, errHung
	}
	if t.done.Err() != nil {
		return answer{}, errClosed
	}
	ctx, cancel := context.WithTimeout(t.done, timeout)
	defer cancel()
	to := core.Member{Name: nameOf(string(id)), ID: string(id), Addr: string(addr)}
	reply, b, err := t.call(ctx, to, class, call, bulk)
	if err != nil {
		return answer{}, err
	}
	if reply.Text != "" {
		return answer{}, fmt.Errorf("mon.%s: %s", to.Name, reply.Text)
	}
	a, err := decodeAnswer(b)
	if err != nil {
		return answer{}, fmt.Errorf("answer of mon.%s: %w", to.Name, err)
	}
	if string(a.head.ID) != string(id) {
		return answer{}, &errOther{said: string(a.head.ID), asked: string(id), addr: addr}
	}
	t.answered(id)
	return a, nil
}

// InstallSnapshot streams a snapshot, a part at a time.
func (t *transport) InstallSnapshot(id raft.ServerID, addr raft.ServerAddress, args *raft.InstallSnapshotRequest, resp *raft.InstallSnapshotResponse, data io.Reader) error {
	t.mu.Lock()
	t.streams++
	call := wire.LogCall{Kind: kindSnapshot, ID: t.streams}
	t.mu.Unlock()
	_, call.Body = encodeRequest(args)
	part := make([]byte, min(args.Size, snapshotPart))
	for left := args.Size; ; {
		part = part[:min(left, int64(len(part)))]
		if _, err := io.ReadFull(data, part); err != nil {
			return fmt.Errorf("read snapshot: %w", err)
		}
		left -= int64(len(part))
		call.Last = left == 0
		timeout := t.times.part
		if call.Last {
			timeout = t.times.install
		}
		a, err := t.exchange(id, addr, wire.Bulk, &call, part, timeout)
		if err != nil {
			return err
		}
		if call.Last || a.term > args.Term {
			a.fill(resp)
			return nil
		}
		call.Part += uint64(len(part))
		part = make([]byte, len(part)) // the other may be whoever still sends it
	}
}

// close ends what is under way. Nothing comes in or goes out any more.
func (t *transport) close() {
	t.stop()
	t.mu.Lock()
	in := t.incoming
	t.incoming = nil
	t.mu.Unlock()
	in.drop()
	t.dropped.Wait()
}
