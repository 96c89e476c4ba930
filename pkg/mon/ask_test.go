package mon

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"zeph/pkg/core"
	"zeph/pkg/status"
	"zeph/pkg/wire"
)

// led is a world with one monitor that leads.
func led(t *testing.T) *world {
	w := newWorld(t)
	for _, line := range []string{"mons a", "lead a"} {
		if err := w.do(strings.Fields(line)); err != nil {
			t.Fatal(err)
		}
	}
	w.trace = nil
	return w
}

func (w *world) from(t *testing.T, name string, typ wire.Type, body any) string {
	entity, err := wire.ParseEntity(name)
	if err != nil {
		t.Fatal(err)
	}
	w.trace = nil
	w.receive(w.mons["a"], request{label: name}, core.Received{From: core.Peer{Entity: entity, GID: 5}, Class: wire.Control, Type: typ, ID: 1, Body: body})
	w.settle()
	return strings.Join(w.trace, "\n")
}

func TestNobodySpeaksForOthers(t *testing.T) {
	t.Parallel()
	w := led(t)
	boot := &wire.Boot{OSD: 2, GID: 1, Store: fsidOf(9)}
	for _, tt := range []struct {
		who  string
		typ  wire.Type
		body any
		want string
	}{
		{"osd.1", wire.TypeBoot, boot, "denied: osd.1 cannot speak for osd.2"},
		{"client.x", wire.TypeFailure, &wire.Failure{OSD: 1, Target: 2}, "denied"},
		{"client.x", wire.TypeForward, &wire.Forward{Type: wire.TypeBoot, Body: wire.AppendBody(nil, boot), Entity: "osd.2"}, "denied: client.x is no monitor"},
		{"mon.b", wire.TypeForward, &wire.Forward{Type: wire.TypeBoot, Body: []byte("x"), Entity: "osd.2"}, "malformed"},
		{"mon.b", wire.TypeForward, &wire.Forward{Type: 999, Entity: "osd.2"}, "malformed"},
		{"mon.b", wire.TypeForward, &wire.Forward{Type: wire.TypeBoot, Entity: "nobody"}, "malformed"},
		{"client.x", wire.TypeEcho, &wire.Echo{}, "no handler"},
		{"client.x", wire.TypeCommand, &wire.Command{Name: "osd explode"}, "no such command"},
	} {
		if got := w.from(t, tt.who, tt.typ, tt.body); !strings.Contains(got, tt.want) {
			t.Errorf("%v by %s: %q, want %q", tt.typ, tt.who, got, tt.want)
		}
	}
}

// An answer too large for a message comes in pages, all of the same answer.
func TestAnswersComeInPages(t *testing.T) {
	t.Parallel()
	w := led(t)
	w.from(t, "client.x", wire.TypeCommand, &wire.Command{Name: "pool create", Args: []wire.Setting{{Name: "name", Value: "big"}, {Name: "pg_num", Value: "4096"}}})
	var whole []byte
	for page := 0; ; page++ {
		cmd := &wire.Command{Name: "pg dump"}
		if page > 0 {
			cmd.Args = []wire.Setting{{Name: "offset", Value: fmt.Sprint(len(whole))}}
		}
		var reply *wire.CommandReply
		w.peek = func(body any, bulk []byte, err *wire.Error) {
			if err != nil {
				t.Fatal(err)
			}
			if len(bulk) > pageBytes {
				t.Errorf("a page of %d bytes", len(bulk))
			}
			reply, whole = body.(*wire.CommandReply), append(whole, bulk...)
		}
		w.from(t, "client.x", wire.TypeCommand, cmd)
		if uint64(len(whole)) >= reply.Size {
			break
		}
	}
	var list status.PGList
	if err := json.Unmarshal(whole, &list); err != nil || len(list.PGs) != 4096 {
		t.Errorf("%d PGs in %d bytes, %v", len(list.PGs), len(whole), err)
	}
	w.peek = func(_ any, _ []byte, err *wire.Error) {
		if !errors.Is(err, wire.Overtaken) {
			t.Errorf("the next page of an answer that nobody was given: %v", err)
		}
	}
	w.from(t, "client.x", wire.TypeCommand, &wire.Command{Name: "status", Args: []wire.Setting{{Name: "offset", Value: "7"}}})
}

// H30: whoever goes from a whole map through the changes, one by one, has the maps that the monitors have,
// byte for byte.
func TestChangesLeadToTheSameMaps(t *testing.T) {
	t.Parallel()
	w := led(t)
	for _, line := range []string{"boot osd.0 host=h1", "boot osd.1 host=h2", "cmd pool create name=demo", "cmd osd out id=1", "goodbye osd.0"} {
		if err := w.do(strings.Fields(line)); err != nil {
			t.Fatal(err)
		}
	}
	st := w.mons["a"].core.State()
	m := st.base
	for m.Epoch() < st.Epoch() {
		m = st.next(m)
		kept, ok := st.MapAt(m.Epoch())
		if !ok {
			t.Fatalf("no map of epoch %d", m.Epoch())
		}
		a, errA := m.Encode()
		b, errB := kept.Encode()
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("epoch %d: the maps differ (%v, %v)", m.Epoch(), errA, errB)
		}
	}
}

func TestConfigNamesEverythingWrong(t *testing.T) {
	t.Parallel()
	cfg := Config{Name: "a b", Mons: []Mon{{Name: "x"}, {Name: "x", Control: "tcp://1:2"}}, Settings: []wire.Setting{{Name: "nothing"}, {Name: "osd_heartbeat_grace", Value: "soon"}}}
	err := cfg.Validate()
	for _, want := range []string{"a b", "fsid", "mon.x is listed twice", "control address", "nothing", "soon"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in: %v", want, err)
		}
	}
	cfg = Config{Name: "a", FSID: fsidOf(1), Mons: []Mon{{Name: "a", Control: "tcp://1:2"}}}
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
}
