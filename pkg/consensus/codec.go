package consensus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/hashicorp/raft"
)

// The requests, by the numbers that LogCall.Kind has for them. The table only grows.
const (
	kindAppend     = 1
	kindVote       = 2
	kindPreVote    = 3
	kindTimeoutNow = 4
	kindSnapshot   = 5
	kindWho        = 6
)

// Limits of what one request may bring.
const (
	maxName    = 512      // an id, an address
	maxEntries = 1024     // entries in an append
	maxConfig  = 64 << 10 // a configuration
)

var errMalformed = errors.New("malformed request")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errMalformed, fmt.Sprintf(format, args...))
}

func appendBytes(dst, b []byte) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(b))), b...)
}

func appendNumbers(dst []byte, ns ...uint64) []byte {
	for _, n := range ns {
		dst = binary.BigEndian.AppendUint64(dst, n)
	}
	return dst
}

func appendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func appendHead(dst []byte, h raft.RPCHeader, term uint64) []byte {
	dst = append(dst, byte(h.ProtocolVersion))
	dst = appendBytes(dst, h.ID)
	dst = appendBytes(dst, h.Addr)
	return appendNumbers(dst, term)
}

// encodeRequest is a request as bytes, and its kind. Of an append it leaves out the entries.
func encodeRequest(request any) (kind uint8, b []byte) {
	switch r := request.(type) {
	case *raft.AppendEntriesRequest:
		b = appendHead(b, r.RPCHeader, r.Term)
		return kindAppend, appendNumbers(b, r.PrevLogEntry, r.PrevLogTerm, r.LeaderCommitIndex)
	case *raft.RequestVoteRequest:
		b = appendHead(b, r.RPCHeader, r.Term)
		return kindVote, appendBool(appendNumbers(b, r.LastLogIndex, r.LastLogTerm), r.LeadershipTransfer)
	case *raft.RequestPreVoteRequest:
		b = appendHead(b, r.RPCHeader, r.Term)
		return kindPreVote, appendBool(appendNumbers(b, r.LastLogIndex, r.LastLogTerm), false)
	case *raft.TimeoutNowRequest:
		return kindTimeoutNow, appendHead(b, r.RPCHeader, 0)
	case *who:
		return kindWho, appendHead(b, r.RPCHeader, 0)
	case *raft.InstallSnapshotRequest:
		b = appendHead(b, r.RPCHeader, r.Term)
		b = appendNumbers(b, r.LastLogIndex, r.LastLogTerm, r.ConfigurationIndex, uint64(r.Size))
		return kindSnapshot, appendBytes(b, r.Configuration)
	}
	panic(fmt.Sprintf("consensus: encode %T", request))
}

// entrySize is what an entry takes in an append.
func entrySize(e *raft.Log) int { return 8 + 8 + 1 + 8 + 4 + len(e.Data) }

func appendEntries(dst []byte, entries []*raft.Log) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(entries)))
	for _, e := range entries {
		dst = appendNumbers(dst, e.Index, e.Term)
		dst = append(dst, byte(e.Type))
		dst = appendNumbers(dst, uint64(nanos(e.AppendedAt)))
		dst = appendBytes(dst, e.Data)
	}
	return dst
}

// reader takes bytes apart. After the first error it gives zeros.
type reader struct {
	b   []byte
	err error
}

func (r *reader) take(n int) []byte {
	if r.err == nil && n > len(r.b) {
		r.err = malformed("%d bytes where %d should be", len(r.b), n)
	}
	if r.err != nil {
		return nil
	}
	taken := r.b[:n:n]
	r.b = r.b[n:]
	return taken
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) bool() bool {
	b := r.byte()
	if b > 1 && r.err == nil {
		r.err = malformed("%d for yes or no", b)
	}
	return b == 1
}

func (r *reader) count() int {
	if b := r.take(4); b != nil {
		return int(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (r *reader) number() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// bytes are copied: raft keeps them.
func (r *reader) bytes(limit int) []byte {
	n := r.count()
	if n > limit && r.err == nil {
		r.err = malformed("%d bytes, at most %d are allowed", n, limit)
	}
	return copied(r.take(n))
}

func (r *reader) end() error {
	if r.err == nil && len(r.b) > 0 {
		r.err = malformed("%d bytes too many", len(r.b))
	}
	return r.err
}

func (r *reader) head() (raft.RPCHeader, uint64) {
	h := raft.RPCHeader{ProtocolVersion: raft.ProtocolVersion(r.byte())}
	h.ID, h.Addr = r.bytes(maxName), r.bytes(maxName)
	if h.ProtocolVersion != protocolVersion && r.err == nil {
		r.err = malformed("version %d, expected %d", h.ProtocolVersion, protocolVersion)
	}
	if len(h.ID) == 0 && r.err == nil {
		r.err = malformed("no sender")
	}
	return h, r.number()
}

// decodeRequest is the request of a kind. Nothing in it makes raft panic.
func decodeRequest(kind uint8, b []byte) (any, error) {
	r := &reader{b: b}
	head, term := r.head()
	switch kind {
	case kindAppend:
		return r.append(head, term)
	case kindVote:
		v := &raft.RequestVoteRequest{RPCHeader: head, Term: term}
		v.LastLogIndex, v.LastLogTerm, v.LeadershipTransfer = r.number(), r.number(), r.bool()
		return v, r.end()
	case kindPreVote:
		v := &raft.RequestPreVoteRequest{RPCHeader: head, Term: term}
		v.LastLogIndex, v.LastLogTerm = r.number(), r.number()
		if r.bool() && r.err == nil {
			r.err = malformed("a pre-vote for a transfer")
		}
		return v, r.end()
	case kindTimeoutNow:
		if term != 0 && r.err == nil {
			r.err = malformed("a term of no use")
		}
		return &raft.TimeoutNowRequest{RPCHeader: head}, r.end()
	case kindWho:
		return &who{head}, r.end()
	case kindSnapshot:
		return r.snapshot(head, term)
	}
	return nil, malformed("kind %d", kind)
}

func (r *reader) append(head raft.RPCHeader, term uint64) (*raft.AppendEntriesRequest, error) {
	a := &raft.AppendEntriesRequest{RPCHeader: head, Term: term}
	a.PrevLogEntry, a.PrevLogTerm, a.LeaderCommitIndex = r.number(), r.number(), r.number()
	n := r.count()
	if n > maxEntries && r.err == nil {
		r.err = malformed("%d entries", n)
	}
	before, last := a.PrevLogEntry, a.PrevLogTerm
	for range n {
		e := &raft.Log{Index: r.number(), Term: r.number(), Type: raft.LogType(r.byte()), AppendedAt: instant(int64(r.number()))}
		e.Data = r.bytes(math.MaxInt32)
		if r.err != nil {
			return nil, r.err
		}
		if e.Index == 0 || e.Index != before+1 || e.Term < last || e.Term > term {
			return nil, malformed("entry %d of term %d after %d of term %d, in term %d", e.Index, e.Term, before, last, term)
		}
		if err := checkEntry(e); err != nil {
			return nil, err
		}
		before, last = e.Index, e.Term
		a.Entries = append(a.Entries, e)
	}
	return a, r.end()
}

func checkEntry(e *raft.Log) error {
	switch e.Type {
	case raft.LogCommand, raft.LogNoop, raft.LogBarrier:
		return nil
	case raft.LogConfiguration:
		_, err := decodeConfiguration(e.Data)
		return err
	}
	return malformed("entry of type %d", e.Type)
}

func (r *reader) snapshot(head raft.RPCHeader, term uint64) (*raft.InstallSnapshotRequest, error) {
	s := &raft.InstallSnapshotRequest{RPCHeader: head, Term: term, SnapshotVersion: 1}
	s.LastLogIndex, s.LastLogTerm, s.ConfigurationIndex = r.number(), r.number(), r.number()
	s.Size = int64(r.number())
	s.Configuration = r.bytes(maxConfig)
	if err := r.end(); err != nil {
		return nil, err
	}
	if s.Size < 0 || s.LastLogTerm > term || s.LastLogIndex == 0 {
		return nil, malformed("snapshot of %d bytes up to entry %d of term %d, in term %d", s.Size, s.LastLogIndex, s.LastLogTerm, term)
	}
	_, err := decodeConfiguration(s.Configuration)
	return s, err
}

// decodeConfiguration is raft's own, which panics.
func decodeConfiguration(b []byte) (c raft.Configuration, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = malformed("configuration: %v", p)
		}
	}()
	if len(b) > maxConfig {
		return c, malformed("configuration of %d bytes", len(b))
	}
	c = raft.DecodeConfiguration(b)
	if len(c.Servers) == 0 {
		return c, malformed("configuration of nobody")
	}
	return c, nil
}

// answer is what any answer says.
type answer struct {
	head      raft.RPCHeader // the transport's: raft gives some answers none
	term      uint64
	success   bool // or granted
	last      uint64
	noBackoff bool
}

func answerOf(response any) (answer, error) {
	switch r := response.(type) {
	case *raft.AppendEntriesResponse:
		return answer{term: r.Term, success: r.Success, last: r.LastLog, noBackoff: r.NoRetryBackoff}, nil
	case *raft.RequestVoteResponse:
		return answer{term: r.Term, success: r.Granted}, nil
	case *raft.RequestPreVoteResponse:
		return answer{term: r.Term, success: r.Granted}, nil
	case *raft.InstallSnapshotResponse:
		return answer{term: r.Term, success: r.Success}, nil
	case *raft.TimeoutNowResponse:
		return answer{}, nil
	}
	return answer{}, fmt.Errorf("raft answered %T", response)
}

func (a answer) encode() []byte {
	b := appendBool(appendHead(nil, a.head, a.term), a.success)
	return appendBool(appendNumbers(b, a.last), a.noBackoff)
}

func decodeAnswer(b []byte) (answer, error) {
	r := &reader{b: b}
	var a answer
	a.head, a.term = r.head()
	a.success, a.last, a.noBackoff = r.bool(), r.number(), r.bool()
	return a, r.end()
}

// fill copies an answer into raft's.
func (a answer) fill(response any) {
	switch r := response.(type) {
	case *raft.AppendEntriesResponse:
		*r = raft.AppendEntriesResponse{RPCHeader: a.head, Term: a.term, Success: a.success, LastLog: a.last, NoRetryBackoff: a.noBackoff}
	case *raft.RequestVoteResponse:
		*r = raft.RequestVoteResponse{RPCHeader: a.head, Term: a.term, Granted: a.success}
	case *raft.RequestPreVoteResponse:
		*r = raft.RequestPreVoteResponse{RPCHeader: a.head, Term: a.term, Granted: a.success}
	case *raft.InstallSnapshotResponse:
		*r = raft.InstallSnapshotResponse{RPCHeader: a.head, Term: a.term, Success: a.success}
	case *raft.TimeoutNowResponse:
		*r = raft.TimeoutNowResponse{RPCHeader: a.head}
	}
}
