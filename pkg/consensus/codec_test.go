package consensus

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"zeph/pkg/core"
)

var testHead = raft.RPCHeader{ProtocolVersion: protocolVersion, ID: []byte("a/1"), Addr: encodePeer("a/1", "tcp://1.2.3.4:5")}

var testConfiguration = raft.EncodeConfiguration(configurationOf([]core.Member{{ID: "a/1", Addr: "x", Voter: true}, {ID: "b/2", Addr: "y"}}))

// requests are one of each, as bytes by kind.
func requests() map[string]any {
	entries := []*raft.Log{
		{Index: 8, Term: 3, Type: raft.LogCommand, Data: []byte("command"), AppendedAt: time.Unix(5, 6)},
		{Index: 9, Term: 4, Type: raft.LogNoop},
		{Index: 10, Term: 4, Type: raft.LogBarrier},
		{Index: 11, Term: 4, Type: raft.LogConfiguration, Data: testConfiguration},
	}
	return map[string]any{
		"heartbeat":   &raft.AppendEntriesRequest{RPCHeader: testHead, Term: 4},
		"append":      &raft.AppendEntriesRequest{RPCHeader: testHead, Term: 4, PrevLogEntry: 7, PrevLogTerm: 3, LeaderCommitIndex: 6, Entries: entries},
		"vote":        &raft.RequestVoteRequest{RPCHeader: testHead, Term: 4, LastLogIndex: 5, LastLogTerm: 3, LeadershipTransfer: true},
		"pre-vote":    &raft.RequestPreVoteRequest{RPCHeader: testHead, Term: 4, LastLogIndex: 5, LastLogTerm: 3},
		"timeout now": &raft.TimeoutNowRequest{RPCHeader: testHead},
		"who":         &who{testHead},
		"snapshot": &raft.InstallSnapshotRequest{RPCHeader: testHead, SnapshotVersion: 1, Term: 4, LastLogIndex: 9, LastLogTerm: 3,
			Configuration: testConfiguration, ConfigurationIndex: 2, Size: 77},
	}
}

func encodeWhole(request any) (uint8, []byte) {
	kind, b := encodeRequest(request)
	if a, ok := request.(*raft.AppendEntriesRequest); ok {
		b = appendEntries(b, a.Entries)
	}
	return kind, b
}

func TestRequestsComeOverAsTheyAre(t *testing.T) {
	for name, request := range requests() {
		kind, b := encodeWhole(request)
		got, err := decodeRequest(kind, b)
		if err != nil || !reflect.DeepEqual(got, request) {
			t.Errorf("%s: %+v, %v, expected %+v", name, got, err, request)
		}
		for n := range b {
			if _, err := decodeRequest(kind, b[:n]); !errors.Is(err, errMalformed) {
				t.Errorf("%s cut to %d bytes: %v", name, n, err)
			}
		}
		if _, err := decodeRequest(kind, append(bytes.Clone(b), 0)); !errors.Is(err, errMalformed) {
			t.Errorf("%s with a byte more: %v", name, err)
		}
	}
}

func TestAnswersComeOverAsTheyAre(t *testing.T) {
	for _, tt := range []struct{ sent, got any }{
		{&raft.AppendEntriesResponse{Term: 4, LastLog: 9, Success: true, NoRetryBackoff: true}, new(raft.AppendEntriesResponse)},
		{&raft.RequestVoteResponse{Term: 4, Granted: true}, new(raft.RequestVoteResponse)},
		{&raft.RequestPreVoteResponse{Term: 4}, new(raft.RequestPreVoteResponse)},
		{&raft.InstallSnapshotResponse{Term: 4, Success: true}, new(raft.InstallSnapshotResponse)},
		{&raft.TimeoutNowResponse{}, new(raft.TimeoutNowResponse)},
	} {
		a, err := answerOf(tt.sent)
		if err != nil {
			t.Fatal(err)
		}
		a.head = testHead
		b := a.encode()
		back, err := decodeAnswer(b)
		if err != nil {
			t.Fatal(err)
		}
		back.fill(tt.got)
		reflect.ValueOf(tt.sent).Elem().FieldByName("RPCHeader").Set(reflect.ValueOf(testHead))
		if !reflect.DeepEqual(tt.got, tt.sent) {
			t.Errorf("%+v, expected %+v", tt.got, tt.sent)
		}
		for n := range b {
			if _, err := decodeAnswer(b[:n]); err == nil {
				t.Errorf("%T cut to %d bytes is taken", tt.sent, n)
			}
		}
	}
}

// TestRefusedRequests: raft would panic on some of these, and believe others.
func TestRefusedRequests(t *testing.T) {
	entry := func(e raft.Log) any {
		return &raft.AppendEntriesRequest{RPCHeader: testHead, Term: 4, PrevLogEntry: 7, PrevLogTerm: 3, Entries: []*raft.Log{&e}}
	}
	for name, request := range map[string]any{
		"an entry that does not follow": entry(raft.Log{Index: 9, Term: 4}),
		"an entry of a later term":      entry(raft.Log{Index: 8, Term: 5}),
		"an entry of an earlier term":   entry(raft.Log{Index: 8, Term: 2}),
		"an unknown type":               entry(raft.Log{Index: 8, Term: 4, Type: 77}),
		"a stand-in":                    entry(raft.Log{Index: 8, Term: 4, Type: standIn}),
		"a deprecated type":             entry(raft.Log{Index: 8, Term: 4, Type: raft.LogType(2)}),
		"a configuration that is none":  entry(raft.Log{Index: 8, Term: 4, Type: raft.LogConfiguration, Data: []byte("nonsense")}),
		"a configuration of nobody":     entry(raft.Log{Index: 8, Term: 4, Type: raft.LogConfiguration, Data: raft.EncodeConfiguration(raft.Configuration{})}),
		"no sender":                     &raft.TimeoutNowRequest{RPCHeader: raft.RPCHeader{ProtocolVersion: protocolVersion}},
		"another version":               &raft.TimeoutNowRequest{RPCHeader: raft.RPCHeader{ProtocolVersion: 2, ID: []byte("a/1")}},
		"a long name":                   &raft.TimeoutNowRequest{RPCHeader: raft.RPCHeader{ProtocolVersion: protocolVersion, ID: make([]byte, maxName+1)}},
		"a snapshot of negative size":   &raft.InstallSnapshotRequest{RPCHeader: testHead, Term: 4, LastLogIndex: 1, LastLogTerm: 1, Size: -1, Configuration: testConfiguration},
		"a snapshot of a later term":    &raft.InstallSnapshotRequest{RPCHeader: testHead, Term: 4, LastLogIndex: 1, LastLogTerm: 5, Configuration: testConfiguration},
		"a snapshot of nobody":          &raft.InstallSnapshotRequest{RPCHeader: testHead, Term: 4, LastLogIndex: 1, LastLogTerm: 1},
	} {
		kind, b := encodeWhole(request)
		if got, err := decodeRequest(kind, b); !errors.Is(err, errMalformed) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := decodeRequest(99, appendHead(nil, testHead, 1)); !errors.Is(err, errMalformed) {
		t.Errorf("an unknown kind: %v", err)
	}
}

// FuzzDecode: any input is a request that raft can take, or an error.
func FuzzDecode(f *testing.F) {
	for _, request := range requests() {
		kind, b := encodeWhole(request)
		f.Add(kind, b)
	}
	f.Add(uint8(0), answer{head: testHead, term: 1}.encode())
	f.Fuzz(func(t *testing.T, kind uint8, b []byte) {
		if request, err := decodeRequest(kind, b); err == nil {
			again, c := encodeWhole(request)
			if again != kind || !bytes.Equal(c, b) {
				t.Errorf("kind %d, %x: encoded again as %d, %x", kind, b, again, c)
			}
		} else if !errors.Is(err, errMalformed) {
			t.Error(err)
		}
		if a, err := decodeAnswer(b); err == nil && !bytes.Equal(a.encode(), b) {
			t.Errorf("answer %x encoded again as %x", b, a.encode())
		}
	})
}
