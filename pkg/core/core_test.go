package core

import (
	"testing"

	"zeph/pkg/wire"
)

func from(name string) Peer {
	e, err := wire.ParseEntity(name)
	if err != nil {
		panic(err)
	}
	return Peer{Entity: e, GID: 1}
}

// A reset must not overtake the messages of its session, whatever lane they wait in.
func TestSessionsKeepToOneLane(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"osd.1", "client.a", "mon.a"} {
		for c := range wire.NumClasses {
			m, r := LaneOf(Received{From: from(name), Class: c}), LaneOf(SessionReset{From: from(name), Class: c})
			if m != r {
				t.Errorf("%s by %v: messages wait in lane %d, the reset in %d", name, c, m, r)
			}
		}
	}
}

func TestInboxStarvesNoLane(t *testing.T) {
	t.Parallel()
	var in Inbox
	for range 1000 {
		in.Put(Fired{Key: "urgent"})
		in.Put(Received{Class: wire.Data, From: from("client.a")})
		in.Put(Continue{})
	}
	var seen [lanes]int
	for _, ev := range in.Take(nil) {
		seen[LaneOf(ev)]++
	}
	if seen != [lanes]int{Urgent: 56, Clients: 4, Background: 4} {
		t.Errorf("a turn took %v of the lanes", seen)
	}
	if in.Len() != 3000-MaxTurn {
		t.Errorf("%d events wait", in.Len())
	}
}

func TestInboxKeepsOrderAndLosesNothing(t *testing.T) {
	t.Parallel()
	var in Inbox
	for n := range uint64(500) {
		in.Put(Received{Class: wire.Data, From: from("osd.1"), ID: n})
		in.Put(Durable{Token: Token{N: n}})
	}
	var writes, commits uint64
	for in.Len() > 0 {
		turn := in.Take(nil)
		if len(turn) == 0 || len(turn) > MaxTurn {
			t.Fatalf("a turn of %d events", len(turn))
		}
		for _, ev := range turn {
			switch ev := ev.(type) {
			case Received:
				if ev.ID != writes {
					t.Fatalf("write %d before %d", ev.ID, writes)
				}
				writes++
			case Durable:
				if ev.Token.N != commits {
					t.Fatalf("commit %d before %d", ev.Token.N, commits)
				}
				commits++
			}
		}
	}
	if writes != 500 || commits != 500 {
		t.Errorf("%d writes, %d commits", writes, commits)
	}
}

// The numbers are part of every seed that was ever noted down.
func TestRandStaysAsItIs(t *testing.T) {
	t.Parallel()
	r := RandFor(42, "osd.3/timer")
	got := [3]uint64{r.Uint64(), r.Uint64(), r.Uint64()}
	if want := [3]uint64{0xbbe41f8f7d7d4a2b, 0x4da051354366a6f8, 0x5077c32e033b1c7}; got != want {
		t.Errorf("%#x, want %#x", got, want)
	}
	if RandFor(42, "osd.3/timer").Uint64() == RandFor(42, "osd.4/timer").Uint64() {
		t.Error("two names have one sequence")
	}
}

func TestIntNIsEven(t *testing.T) {
	t.Parallel()
	r := RandFor(1, "even")
	var seen [10]int
	for range 100_000 {
		seen[r.IntN(10)]++
	}
	for n, times := range seen {
		if times < 9_600 || times > 10_400 {
			t.Errorf("%d came %d times of 100,000", n, times)
		}
	}
}
