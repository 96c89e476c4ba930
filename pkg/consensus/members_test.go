package consensus

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"zeph/pkg/consensus/logtest"
	"zeph/pkg/core"
)

// audience hears what the members of a cluster tell.
type audience struct {
	t       *testing.T
	c       *cluster
	next    uint64
	leading map[int]core.Leading
	members map[int][]core.Member
	state   map[int]*logtest.State
	ended   map[core.Token]core.Proposed
}

func hearing(t *testing.T, c *cluster) *audience {
	return &audience{t: t, c: c, leading: make(map[int]core.Leading), members: make(map[int][]core.Member),
		state: make(map[int]*logtest.State), ended: make(map[core.Token]core.Proposed)}
}

func (a *audience) hear() {
	for m := range a.c.members {
		for _, ev := range a.c.Events(m) {
			switch ev := ev.(type) {
			case core.Leading:
				a.leading[m] = ev
			case core.Members:
				a.members[m] = ev.Members
			case core.Applied:
				a.state[m] = ev.State.(*logtest.State)
			case core.Proposed:
				a.ended[ev.Token] = ev
			}
		}
	}
}

func (a *audience) until(what string, true func() bool) {
	a.t.Helper()
	for range 1200 {
		if a.hear(); true() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	a.t.Fatalf("after a minute: still not so that %s", what)
}

// leader is one that others agree on.
func (a *audience) leader() int {
	a.t.Helper()
	leader := -1
	a.until("one leads", func() bool {
		for m, l := range a.leading {
			if l.Me && a.c.members[m].node != nil {
				leader = m
			}
		}
		return leader >= 0
	})
	return leader
}

// ask asks a member, and waits for the end.
func (a *audience) ask(m int, ef core.Effect) core.Proposed {
	a.t.Helper()
	a.next++
	token := core.Token{N: a.next}
	switch e := ef.(type) {
	case core.Propose:
		e.Token = token
		ef = e
	case core.Barrier:
		e.Token = token
		ef = e
	case core.ChangeMembers:
		e.Token = token
		ef = e
	}
	a.c.Do(m, ef)
	a.until("a proposal ends", func() bool { return a.ended[token].Outcome != 0 })
	return a.ended[token]
}

func (a *audience) change(m int, action core.MemberAction, member core.Member) core.Proposed {
	a.t.Helper()
	return a.ask(m, core.ChangeMembers{Action: action, Member: member})
}

func (a *audience) commit(m int) {
	a.t.Helper()
	if p := a.ask(m, core.Propose{Command: logtest.Command(a.next+1, 0)}); p.Outcome != core.Committed {
		a.t.Fatalf("a command: %+v", p)
	}
}

// voters are those that a member knows, by name.
func (a *audience) voters(m int) string {
	var names []string
	for _, mem := range a.members[m] {
		if mem.Voter {
			names = append(names, mem.Name)
		} else {
			names = append(names, "("+mem.Name+")")
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func (a *audience) wantVoters(want string, of ...int) {
	a.t.Helper()
	a.until("the voters are "+want, func() bool {
		return !slices.ContainsFunc(of, func(m int) bool { return a.voters(m) != want })
	})
}

// bubble runs a test with a cluster, in virtual time.
func bubble(t *testing.T, members int, edit func(*Config), test func(*testing.T, *audience)) {
	synctest.Test(t, func(t *testing.T) { test(t, hearing(t, newCluster(t, members, edit))) })
}

func TestMembers(t *testing.T) {
	bubble(t, 3, nil, func(t *testing.T, a *audience) {
		l := a.leader()
		a.wantVoters("a b c", 0, 1, 2)
		a.commit(l)

		if p := a.change(l, core.AddMember, testID("x")); p.Outcome != core.Refused || p.Err == nil {
			t.Errorf("a member that does not run: %+v", p)
		}
		a.wantVoters("a b c", 0, 1, 2)

		a.c.add("d", nil)
		time.Sleep(10 * time.Second)
		if a.hear(); a.leading[3].Me || len(a.members[3]) > 0 {
			t.Errorf("on its own, d is %+v among %v", a.leading[3], a.members[3])
		}
		if p := a.change(l, core.AddMember, testID("d")); p.Outcome != core.Committed {
			t.Errorf("d: %+v", p)
		}
		a.wantVoters("a b c d", 0, 1, 2, 3)
		a.until("d has the state", func() bool { return a.state[3] != nil && a.state[3].Count == 1 })

		other := (l + 1) % 3
		if p := a.change(other, core.RemoveMember, testID("d")); p.Outcome != core.Refused || !errors.Is(p.Err, ErrNotLeader) {
			t.Errorf("by a follower: %+v", p)
		}
		if p := a.change(l, core.RemoveMember, testID(logtest.MemberName(other))); p.Outcome != core.Committed {
			t.Errorf("remove a follower: %+v", p)
		}
		a.commit(l)
		if p := a.change(l, core.RemoveMember, testID(logtest.MemberName(l))); p.Outcome != core.Committed {
			t.Errorf("remove the leader: %+v", p)
		}
		a.until("the leader leads no more", func() bool { return !a.leading[l].Me })
		next := a.leader()
		a.commit(next)
		if p := a.change(next, core.RemoveMember, testID("zzz")); p.Outcome != core.Refused {
			t.Errorf("remove nobody: %+v", p)
		}
	})
}

// TestAddsWhoAnswers: nobody becomes a member at an address where it does not answer as itself, and nothing of
// the attempt stays. One that was let in, and then answers no more, goes at once.
func TestAddsWhoAnswers(t *testing.T) {
	bubble(t, 1, nil, func(t *testing.T, a *audience) {
		l := a.leader()
		a.c.add("d", nil)
		other := core.Member{Name: "d", ID: "d/other", Addr: testID("d").Addr, Voter: true}
		a.c.mu.Lock()
		a.c.nodes[other.ID] = a.c.members[1] // d/d answers there
		a.c.mu.Unlock()
		began := time.Now()
		p := a.change(l, core.AddMember, other)
		if p.Outcome != core.Refused || !strings.Contains(p.Err.Error(), "answers as store d; the command names other") {
			t.Errorf("under another store: %+v", p)
		}
		if p := a.change(l, core.AddMember, testID("x")); p.Outcome != core.Refused || !strings.Contains(p.Err.Error(), "start it there first") {
			t.Errorf("where nobody is: %+v", p)
		}
		if took := time.Since(began); took > 2*whoTimeout {
			t.Errorf("two refusals took %v", took)
		}
		a.wantVoters("a", l)

		other.Voter = false // as an earlier release, or a process that was replaced since, leaves it behind
		if p := ended(a.c.members[l].node.raft.AddNonvoter("d/other", "d", 0, time.Second)); p.Outcome != core.Committed {
			t.Fatalf("%+v", p)
		}
		a.wantVoters("(d) a", l)
		time.Sleep(10 * time.Second)
		began = time.Now()
		if p := a.change(l, core.RemoveMember, other); p.Outcome != core.Committed {
			t.Errorf("remove what does not answer as itself: %+v", p)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %v", took)
		}
		time.Sleep(10 * time.Second)
		calls := a.c.calls.Load()
		time.Sleep(10 * time.Second)
		if n := a.c.calls.Load() - calls; n > 0 {
			t.Errorf("who is no member was called %d times more", n)
		}
		a.wantVoters("a", l)
	})
}

func TestLastVoterStays(t *testing.T) {
	bubble(t, 1, nil, func(t *testing.T, a *audience) {
		if p := a.change(a.leader(), core.RemoveMember, testID("a")); p.Outcome != core.Refused {
			t.Errorf("%+v", p)
		}
		a.commit(a.leader())
	})
}

// TestTransfer: to a member that runs, and not to one that does not, which would stop everything.
func TestTransfer(t *testing.T) {
	bubble(t, 3, nil, func(t *testing.T, a *audience) {
		l := a.leader()
		to, away := (l+1)%3, (l+2)%3
		a.commit(l)
		a.c.Crash(away)
		time.Sleep(2 * time.Second)
		for range 3 {
			if p := a.change(l, core.TransferTo, testID(logtest.MemberName(away))); p.Outcome != core.Refused {
				t.Errorf("to a member that does not run: %+v", p)
			}
			a.commit(l)
		}
		if p := a.change(l, core.TransferTo, testID(logtest.MemberName(to))); p.Outcome != core.Committed {
			t.Errorf("%+v", p)
		}
		a.until("the other leads", func() bool { return a.leading[to].Me && !a.leading[l].Me })
		a.commit(to)
		if p := a.change(l, core.TransferTo, testID(logtest.MemberName(to))); p.Outcome != core.Refused {
			t.Errorf("by a follower: %+v", p)
		}
	})
}

// TestRestartKnowsMembers: also when they changed after the last snapshot (settle).
func TestRestartKnowsMembers(t *testing.T) {
	bubble(t, 3, nil, func(t *testing.T, a *audience) {
		l := a.leader()
		a.c.add("d", nil)
		if p := a.change(l, core.AddMember, testID("d")); p.Outcome != core.Committed {
			t.Fatalf("d: %+v", p)
		}
		for range 5 {
			a.commit(l)
		}
		a.wantVoters("a b c d", 0, 1, 2, 3)
		for m := range 4 {
			a.c.Crash(m)
		}
		clear(a.members)
		clear(a.leading)
		for m := range 4 {
			a.c.Restart(m)
		}
		a.wantVoters("a b c d", 0, 1, 2, 3)
		a.commit(a.leader())
	})
}

// TestHungDiskEndsTheProcess: after ExitAfter, and others lead long before.
func TestHungDiskEndsTheProcess(t *testing.T) {
	bubble(t, 3, nil, func(t *testing.T, a *audience) {
		l := a.leader()
		a.commit(l)
		began := time.Now()
		a.c.Hang(l)
		a.c.Do(l, core.Propose{Token: core.Token{N: 99}, Command: logtest.Command(99, 0)})
		a.until("another leads", func() bool {
			for m, lead := range a.leading {
				if m != l && lead.Me {
					return true
				}
			}
			return false
		})
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("another leads after %v", took)
		}
		if a.leading[l].Me {
			t.Error("a leader whose disk hangs says that it leads")
		}
		mem := a.c.members[l]
		err := <-mem.ended
		if took := time.Since(began); !errors.Is(err, ErrDisk) || took < 5*time.Second || took > 6*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
		mem.heal() // so that raft can end: in a process it would not have to
		n := mem.node
		mem.node = nil
		_ = n.raft.Shutdown().Error()
		_ = n.Close()
	})
}

// TestRecover: one of three is left.
func TestRecover(t *testing.T) {
	bubble(t, 3, nil, func(t *testing.T, a *audience) {
		for range 20 {
			a.commit(a.leader())
		}
		for m := range 3 {
			a.c.Crash(m)
		}
		dir := a.c.members[0].dir
		only := []core.Member{testID("a")}
		if _, err := Recover(dir, "a", "other", logtest.Machine{}, []core.Member{{Name: "a", ID: "a/other", Addr: "x", Voter: true}}); !errors.Is(err, ErrForeign) {
			t.Errorf("another store: %v", err)
		}
		if _, err := Recover(dir, "a", "a", logtest.Machine{}, []core.Member{testID("b")}); err == nil {
			t.Error("recovered without its own member")
		}
		r, err := Recover(dir, "a", "a", logtest.Machine{}, only)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		if err := r.Report(&text); err != nil || len(r.Was) != 3 || len(r.Is) != 1 || r.Index < 20 || r.Known > r.Index {
			t.Errorf("%+v, %v", r, err)
		}
		for _, want := range []string{"was a member: c/c", "is a member: a/a"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("the report lacks %q:\n%s", want, text.String())
			}
		}
		clear(a.leading)
		clear(a.members)
		a.c.Restart(0)
		a.wantVoters("a", 0)
		a.until("it has all commands", func() bool { return a.state[0].Count == 20 && a.leading[0].Me })
		a.commit(0)
		// The others come back as new members, and the old ones, who know nothing of it, do no harm.
		a.c.Restart(1)
		a.c.add("d", nil)
		if p := a.change(0, core.AddMember, testID("d")); p.Outcome != core.Committed {
			t.Errorf("d: %+v", p)
		}
		a.wantVoters("a d", 0, 3)
		time.Sleep(time.Minute)
		a.commit(0)
	})
}

// TestRefusedAfterTheEnd: everything that is asked ends.
func TestRefusedAfterTheEnd(t *testing.T) {
	bubble(t, 1, nil, func(t *testing.T, a *audience) {
		a.commit(a.leader())
		n := a.c.members[0].node
		a.c.Crash(0)
		for i, ef := range []core.Effect{core.Propose{Token: core.Token{N: 1}}, core.Barrier{Token: core.Token{N: 2}}, core.ChangeMembers{Token: core.Token{N: 3}}} {
			n.Do(ef)
			p, ok := n.queue.events[len(n.queue.events)-1].(core.Proposed)
			if !ok || p.Outcome != core.Refused || p.Token.N != uint64(i+1) || !errors.Is(p.Err, ErrStopped) {
				t.Errorf("%T: %+v", ef, p)
			}
		}
	})
}

// TestOpenTwice: a folder has one process.
func TestOpenTwice(t *testing.T) {
	dir := t.TempDir()
	if err := Make(dir, "a", "1", nil); err != nil {
		t.Fatal(err)
	}
	cfg := Config{Dir: dir, Name: "a", Store: "1", Addr: "x", Machine: logtest.Machine{}, Deliver: func(core.Event) {},
		Call: (&testMember{}).call}
	n, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(cfg); !errors.Is(err, ErrInUse) {
		t.Errorf("opened twice: %v", err)
	}
	if err := Make(dir, "a", "1", nil); !errors.Is(err, ErrInUse) {
		t.Errorf("made while in use: %v", err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Make(dir, "a", "1", nil); err == nil {
		t.Error("made twice")
	}
	ctx, stop := context.WithCancel(t.Context())
	n, err = Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if err := n.Run(ctx); err != nil {
		t.Error(err)
	}
}
