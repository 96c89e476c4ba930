package consensus

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"zeph/pkg/consensus/logtest"
	"zeph/pkg/core"
	"zeph/pkg/wire"
)

// fat is the Machine with a state that takes several messages.
type fat struct{ logtest.Machine }

const fatness = 3*snapshotPart + 12345

func (m fat) Encode(s core.State) ([]byte, error) {
	b, err := m.Machine.Encode(s)
	return append(make([]byte, fatness), b...), err
}

func (m fat) Decode(b []byte) (core.State, error) {
	if len(b) < fatness {
		return nil, errors.New("too thin")
	}
	return m.Machine.Decode(b[fatness:])
}

// TestLargeSnapshot: it goes over in parts, also when the member is cut off in the middle.
func TestLargeSnapshot(t *testing.T) {
	bubble(t, 3, func(c *Config) { c.Machine = fat{} }, func(t *testing.T, a *audience) {
		l := a.leader()
		away := (l + 1) % 3
		a.c.Crash(away)
		for range 150 {
			a.commit(l)
		}
		a.c.Snapshot(l)
		time.Sleep(time.Second)
		for range 70 {
			a.commit(l)
		}
		a.c.Snapshot(l)
		time.Sleep(time.Second)
		delete(a.state, away)
		a.c.Restart(away)
		time.Sleep(4 * time.Millisecond)
		a.c.Cut(away)
		time.Sleep(20 * time.Second)
		a.c.Heal(away)
		a.until("who was away has it all", func() bool { return a.state[away] != nil && a.state[away].Count == 220 })
		if left, _ := filepath.Glob(filepath.Join(a.c.members[away].dir, "*"+unfinished)); len(left) > 0 {
			t.Errorf("files left: %v", left)
		}
	})
}

// testTransport is one whose raft is the test.
func testTransport(t *testing.T) *transport {
	tr := newTransport("b/2", "y", nil, t.TempDir(), timeouts{install: 5 * time.Second})
	tr.hung = func() bool { return false }
	tr.applied = func() uint64 { return 5 }
	t.Cleanup(tr.close)
	return tr
}

// TestParts: of a snapshot, in any order but the right one, are refused.
func TestParts(t *testing.T) {
	tr := testTransport(t)
	mon, _ := wire.ParseEntity("mon.a")
	request := requests()["snapshot"].(*raft.InstallSnapshotRequest)
	state := bytes.Repeat([]byte("1234567"), 11)
	request.Size = int64(len(state))
	_, body := encodeRequest(request)
	part := func(id, at uint64, b []byte, last bool) error {
		_, _, err := tr.serve(t.Context(), mon, &wire.LogCall{Kind: kindSnapshot, ID: id, Part: at, Last: last, Body: body}, b)
		return err
	}
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	refused := func(err error) {
		t.Helper()
		if !errors.Is(err, wire.Malformed) {
			t.Errorf("%v", err)
		}
	}
	refused(part(1, 40, state[40:], true)) // nothing is under way
	ok(part(1, 0, state[:40], false))
	refused(part(1, 39, state[39:], true))
	refused(part(2, 40, state[40:], true))
	refused(part(1, 40, state[40:], false)) // it is the last
	refused(part(1, 40, state[40:50], true))
	refused(part(1, 40, append(bytes.Clone(state[40:]), 1), true))
	ok(part(3, 0, state[:10], false)) // another begins
	refused(part(1, 40, state[40:], true))
	ok(part(3, 10, state[10:40], false))

	took := make(chan []byte, 1)
	go func() {
		rpc := <-tr.Consumer()
		b, _ := io.ReadAll(rpc.Reader)
		took <- b
		rpc.Respond(&raft.InstallSnapshotResponse{Term: 4, Success: true}, nil)
	}()
	ok(part(3, 40, state[40:], true))
	if got := <-took; !bytes.Equal(got, state) {
		t.Errorf("raft got %q", got)
	}
	refused(part(3, 40, state[40:], true))
	tr.dropped.Wait()
	if files, _ := os.ReadDir(tr.dir); len(files) > 0 {
		t.Errorf("files left: %v", files)
	}
}

// TestLateSnapshot: raft would go back to it.
func TestLateSnapshot(t *testing.T) {
	tr := testTransport(t)
	mon, _ := wire.ParseEntity("mon.a")
	request := requests()["snapshot"].(*raft.InstallSnapshotRequest)
	request.LastLogIndex = 5
	_, body := encodeRequest(request)
	_, b, err := tr.serve(t.Context(), mon, &wire.LogCall{Kind: kindSnapshot, ID: 1, Last: true, Body: body}, make([]byte, request.Size))
	if err != nil {
		t.Fatal(err)
	}
	if a, err := decodeAnswer(b); err != nil || !a.success || a.term != request.Term {
		t.Errorf("%+v, %v", a, err)
	}
}

// TestServeRefuses: who speaks for another, and whatever a disk that hangs would have to answer for.
func TestServeRefuses(t *testing.T) {
	tr := testTransport(t)
	kind, b := encodeWhole(requests()["vote"])
	mon := func(name string) wire.Entity { e, _ := wire.ParseEntity(name); return e }
	for _, from := range []string{"mon.b", "osd.1", "client.a"} {
		if _, _, err := tr.serve(t.Context(), mon(from), &wire.LogCall{Kind: kind}, b); !errors.Is(err, wire.Malformed) {
			t.Errorf("a's vote from %s: %v", from, err)
		}
	}
	late := make(chan error, 1)
	go func() {
		_, _, err := tr.serve(context.Background(), mon("mon.a"), &wire.LogCall{Kind: kind}, b)
		late <- err
	}()
	rpc := <-tr.Consumer()
	tr.hung = func() bool { return true }
	rpc.Respond(&raft.RequestVoteResponse{Term: 4, Granted: true}, nil)
	if err := <-late; !errors.Is(err, wire.Busy) {
		t.Errorf("a vote that was given before the disk hung: %v", err)
	}
	if err := tr.RequestVote("a/1", "x", requests()["vote"].(*raft.RequestVoteRequest), nil); !errors.Is(err, errHung) {
		t.Errorf("a vote is asked for: %v", err)
	}
}
