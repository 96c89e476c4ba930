package world

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"zeph/pkg/consensus"
	"zeph/pkg/core"
	"zeph/pkg/messenger"
	"zeph/pkg/messenger/inproc"
	"zeph/pkg/messenger/zmq"
	"zeph/pkg/osdmap"
)

// words is a machine whose state is all commands, one after the other.
type words struct{}

func (words) New() core.State { return "" }

func (words) Apply(s core.State, _ uint64, command []byte) (core.State, any) {
	s = s.(string) + string(command) + " "
	return s, s
}

func (words) Encode(s core.State) ([]byte, error) { return []byte(s.(string)), nil }

func (words) Decode(b []byte) (core.State, error) { return string(b), nil }

// Three members over a transport agree on commands, and go on without the one that led.
func TestReplicatedLog(t *testing.T) {
	for name, transport := range map[string]messenger.Transport{"inproc": inproc.New(), "zmq": zmq.New(zmq.Settings{})} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, err := os.MkdirTemp("", "log") // not t.TempDir: a socket's path must be short
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			s := &stage{t: t, transport: transport}
			leads := make(chan string, 100)
			mons := s.members(dir, name, leads)
			leader := mons[<-leads]
			leader.does(core.Propose{Token: core.Token{N: 1}, Command: []byte("hello")})
			proposed(t, leader, 1, "hello ")
			leader.kill()
			next := mons[<-leads]
			next.does(core.Propose{Token: core.Token{N: 2}, Command: []byte("again")})
			proposed(t, next, 2, "hello again ")
			for _, m := range mons {
				m.kill()
			}
		})
	}
}

// members makes three monitors, who say when they lead.
func (s *stage) members(dir, transport string, leads chan<- string) map[string]*actor {
	endpoint := func(mon, place string) string {
		if transport == "inproc" {
			return "inproc://" + mon + "." + place
		}
		return "ipc://" + filepath.Join(dir, mon+"."+place)
	}
	var first []core.Member
	var dests []core.Dest
	for _, mon := range []string{"a", "b", "c"} {
		store := fmt.Sprintf("store-%s", mon)
		first = append(first, core.Member{Name: mon, ID: consensus.MemberID(mon, store), Addr: endpoint(mon, "control"), Voter: true})
		dests = append(dests, core.Dest{Peer: core.Peer{Entity: entity("mon." + mon)}, Addrs: []osdmap.Addr{
			{Name: "bulk", Addr: endpoint(mon, "bulk")}, {Name: "control", Addr: endpoint(mon, "control")}}})
	}
	mons := make(map[string]*actor)
	for i, m := range first {
		folder := filepath.Join(dir, m.Name+".data")
		if err := os.Mkdir(folder, 0o755); err != nil {
			s.t.Fatal(err)
		}
		if err := consensus.Make(folder, m.Name, "store-"+m.Name, first); err != nil {
			s.t.Fatal(err)
		}
		name := "mon." + m.Name
		tell := func(ev core.Event) []core.Effect {
			if l, ok := ev.(core.Leading); ok && l.Me {
				leads <- name
			}
			return nil
		}
		mons[name] = s.actor(name, tell, func(c *Config) {
			c.Listen = map[string]string{"control": endpoint(m.Name, "control"), "bulk": endpoint(m.Name, "bulk")}
			c.Monitors = dests
			c.Log = func(ways LogWays) (LogMember, error) {
				return consensus.Open(consensus.Config{
					Dir: folder, Name: m.Name, Store: "store-" + m.Name, Addr: first[i].Addr, Machine: words{}, NoSync: true,
					Call: ways.Call, Deliver: ways.Deliver, Log: ways.Logger,
				})
			}
		})
	}
	return mons
}

// proposed waits for the end of a proposal.
func proposed(t *testing.T, m *actor, n uint64, want string) {
	t.Helper()
	for ev := range m.events {
		if p, ok := ev.(core.Proposed); ok {
			if p.Token.N != n || p.Outcome != core.Committed || p.Result != want {
				t.Fatalf("%+v, want %q", p, want)
			}
			return
		}
	}
}
