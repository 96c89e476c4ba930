package consensus

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"

	"zeph/pkg/consensus/logtest"
	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// TestLateVote: a stands for election; before b's vote arrives it hears from c, who leads in the next term.
// A heartbeat that passed by raft's loop would have a count the vote, and lead in c's term.
func TestLateVote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		if err := makeFolder(dir, "a/a", []core.Member{testID("a"), testID("b"), testID("c")}, false); err != nil {
			t.Fatal(err)
		}
		vote, asked := make(chan struct{}), make(chan uint64, 1)
		var leads []core.Leading
		n, err := Open(Config{Dir: dir, Name: "a", Store: "a", Addr: "inproc://a", Machine: logtest.Machine{}, NoSync: true,
			Deliver: func(ev core.Event) {
				if l, ok := ev.(core.Leading); ok && l.Me {
					leads = append(leads, l)
				}
			},
			Call: func(_ context.Context, to core.Member, _ wire.Class, call *wire.LogCall, b []byte) (*wire.LogReply, []byte, error) {
				request, err := decodeRequest(call.Kind, b)
				if err != nil {
					t.Error(err)
				}
				a := answer{head: raft.RPCHeader{ProtocolVersion: protocolVersion, ID: []byte(to.ID), Addr: encodePeer(raft.ServerID(to.ID), "")}}
				switch r := request.(type) {
				case *raft.RequestPreVoteRequest:
					a.term, a.success = r.Term, true
				case *raft.RequestVoteRequest:
					if to.Name == "b" {
						asked <- r.Term
						<-vote
						a.success = true
					}
					a.term = r.Term
				default:
					return nil, nil, core.ErrDown
				}
				return new(wire.LogReply), a.encode(), nil
			}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- n.Run(ctx) }()

		term := <-asked
		beat := &raft.AppendEntriesRequest{Term: term + 1, RPCHeader: raft.RPCHeader{ProtocolVersion: protocolVersion, ID: []byte("c/c"),
			Addr: encodePeer("c/c", "inproc://c")}}
		kind, b := encodeWhole(beat)
		from, _ := wire.ParseEntity("mon.c")
		if _, _, err := n.Serve(t.Context(), from, &wire.LogCall{Kind: kind}, b); err != nil {
			t.Error(err)
		}
		close(vote)
		time.Sleep(100 * time.Millisecond)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if len(leads) > 0 {
			t.Errorf("leads in term %d, which c does", leads[0].Term)
		}
	})
}
