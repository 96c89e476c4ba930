package messenger_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/inproc"
	"zeph/pkg/wire"
)

// TestWireLog: every message is one line of JSON, once at each end, without its payload, in the
// file that ZEPH_WIRE_LOG names.
func TestWireLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wire.log")
	t.Setenv(messenger.WireLogVariable, path)
	a, link := pair(t, inproc.New(), "inproc://*")
	const secret = "not to be logged"
	answer, err := link.Call(t.Context(), &messenger.Message{
		Header: wire.Header{Type: wire.TypeEcho, Epoch: 7, Trace: 9},
		Body:   wire.AppendBody(nil, &wire.Echo{Text: secret}), Bulk: []byte(secret),
	})
	if err != nil {
		t.Fatal(err)
	}
	answer.Release()
	if err := a.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(log, []byte(secret)) {
		t.Error("the log shows a payload")
	}
	count := make(map[string]int)
	for lines := bufio.NewScanner(bytes.NewReader(log)); lines.Scan(); {
		var line struct {
			Time, Dir, Self, Peer, Class, Type, Session string
			Flags                                       []string
			Request                                     uint64
			Epoch                                       uint32
			Body                                        uint32 `json:"body_bytes"`
			Bulk                                        uint32 `json:"bulk_bytes"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v", lines.Bytes(), err)
		}
		count[line.Self+" "+line.Dir+" "+line.Type]++
		if line.Type == "echo" && (line.Class != "data" || line.Bulk != uint32(len(secret)) || line.Request == 0 || line.Time == "" || line.Peer == "") {
			t.Errorf("%s", lines.Bytes())
		}
		if line.Type == "echo" && len(line.Flags) == 0 && line.Epoch != 7 {
			t.Errorf("epoch %d in the request", line.Epoch)
		}
	}
	for _, want := range []string{
		"client.x sent hello", "osd.1 received hello", "osd.1 sent hello", "client.x received hello",
		"client.x sent echo", "osd.1 received echo", "osd.1 sent echo", "client.x received echo",
	} {
		if count[want] != 1 {
			t.Errorf("%d lines of %q, want 1", count[want], want)
		}
	}
}

// TestWireLogThatCannotBeWritten is an error at once, and names the variable.
func TestWireLogThatCannotBeWritten(t *testing.T) {
	t.Setenv(messenger.WireLogVariable, filepath.Join(t.TempDir(), "no", "such", "folder"))
	_, err := messenger.New(messenger.Config{Entity: entity(t, "osd.1"), GID: 7, Transport: inproc.New()})
	if err == nil || !bytes.Contains([]byte(err.Error()), []byte(messenger.WireLogVariable)) {
		t.Errorf("%v", err)
	}
}
