package lab

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Cut is a cut in the network: packets between a daemon and others that do not arrive.
type Cut struct {
	Of     string   `json:"of"`               // the daemon
	From   []string `json:"from,omitempty"`   // daemons, or Clients; none: everybody, clients as well
	Way    Way      `json:"way,omitempty"`    // of the packets; empty: both ways
	Refuse bool     `json:"refuse,omitempty"` // connections are reset and refused; else there is silence
}

// Way is the direction of the packets that a cut stops, as seen by the daemon that it is a cut of.
type Way string

// The ways.
const (
	Both Way = ""
	Out  Way = "out" // what it sends
	In   Way = "in"  // what it is sent
)

func (c Cut) String() string {
	text := "cut off"
	if c.Way != Both {
		text += " (" + string(c.Way) + ")"
	}
	if len(c.From) > 0 {
		text += " from " + strings.Join(c.From, ", ")
	}
	if c.Refuse {
		text += ", refused"
	}
	return text
}

// Cut cuts a daemon off until Rejoin. The lab must have been made for it (Options.Cuts). A daemon
// that is cut off and starts again is still cut off.
func (l *Lab) Cut(ctx context.Context, c Cut) error {
	return l.edit(ctx, func(s *state) error {
		if s.Groups == 0 && !s.Netns {
			return fmt.Errorf("%s: %w", l.dir, ErrNoCuts)
		}
		if err := s.cuttable(c); err != nil {
			return err
		}
		if slices.Contains(c.From, c.Of) {
			return fmt.Errorf("%s: cannot be cut off from itself", c.Of)
		}
		s.Cuts = append(s.Cuts, c)
		err := l.applyCuts(s)
		if err != nil {
			s.Cuts = s.Cuts[:len(s.Cuts)-1]
		}
		return err
	})
}

// Rejoin takes all cuts of a daemon back.
func (l *Lab) Rejoin(ctx context.Context, name string) error {
	return l.edit(ctx, func(s *state) error {
		if _, err := s.find(name); err != nil {
			return err
		}
		left := slices.DeleteFunc(slices.Clone(s.Cuts), func(c Cut) bool { return c.Of == name })
		if len(left) == len(s.Cuts) {
			return fmt.Errorf("%s: is not cut off", name)
		}
		s.Cuts = left
		return l.applyCuts(s)
	})
}

// cuttable says who of a cut there is not. Clients are nodes only where each has an address.
func (s *state) cuttable(c Cut) error {
	for i, name := range append([]string{c.Of}, c.From...) {
		if name == Clients && (i > 0 || s.Netns) || s.Netns && strings.HasPrefix(name, clientPrefix) {
			continue
		}
		if _, err := s.find(name); err != nil {
			return err
		}
	}
	return nil
}

// applyCuts has the packet filter hold the lab's cuts and no others.
func (l *Lab) applyCuts(s *state) error {
	if !s.Netns {
		return l.filter().Set(s.rules())
	}
	rules, err := s.routed()
	if err != nil {
		return err
	}
	return l.route(rules)
}

// watchNetwork marks connections from before the first of them on, so that a cut knows them all.
func (l *Lab) watchNetwork(s *state) error {
	if s.Netns {
		if err := l.raiseNetwork(s); err != nil {
			return err
		}
		return l.applyCuts(s)
	}
	if s.Groups == 0 {
		return nil
	}
	if err := CanCut(s.Host); err != nil {
		return err
	}
	if err := removeStale(); err != nil {
		return err
	}
	return l.filter().Set(s.rules())
}

// mendNetwork takes all cuts back and leaves nothing of ours in the filter.
func (l *Lab) mendNetwork(s *state) error {
	s.Cuts = nil
	if s.Netns {
		return l.route(nil)
	}
	if s.Groups == 0 {
		return nil
	}
	return l.filter().Remove()
}

// rules are what the filter holds for a lab. A connection is marked with the group id of the daemon
// that opened it. What the other end sends is known by the port that it listens at.
func (s *state) rules() []string {
	var mark, silence, refuse []string
	for _, d := range s.Daemons {
		mark = append(mark, fmt.Sprintf("-p tcp -m owner --gid-owner %d -m conntrack --ctdir ORIGINAL -j CONNMARK --set-mark %d", s.group(d), s.group(d)))
	}
	for _, c := range s.Cuts {
		rules := s.lost(c)
		if c.Refuse {
			refuse = append(refuse, rules...)
		} else {
			silence = append(silence, rules...)
		}
	}
	all := mark
	for _, r := range silence {
		all = append(all, r+" -j DROP")
	}
	if len(refuse) > 0 {
		all = append(all, "-p tcp --tcp-flags RST RST -j RETURN") // the refusals themselves
	}
	for _, r := range refuse {
		all = append(all, r+" -j REJECT --reject-with tcp-reset")
	}
	return all
}

// lost matches the packets that a cut stops.
func (s *state) lost(c Cut) []string {
	of, err := s.find(c.Of)
	if err != nil {
		return nil
	}
	var rules []string
	if len(c.From) == 0 {
		if c.Way != In {
			rules = append(rules, s.opened(of, "ORIGINAL"), "-p tcp"+ports("s", of))
		}
		if c.Way != Out {
			rules = append(rules, s.opened(of, "REPLY"), "-p tcp"+ports("d", of))
		}
	}
	for _, name := range c.From {
		if name == Clients {
			rules = append(rules, s.lostToClients(c.Way, of)...)
			continue
		}
		from, err := s.find(name)
		if err != nil {
			continue
		}
		if c.Way != In {
			rules = append(rules, s.opened(of, "ORIGINAL")+ports("d", from), s.opened(from, "REPLY")+ports("s", of))
		}
		if c.Way != Out {
			rules = append(rules, s.opened(from, "ORIGINAL")+ports("d", of), s.opened(of, "REPLY")+ports("s", from))
		}
	}
	return rules
}

// lostToClients matches packets between a daemon and clients, whose connections bear nobody's mark.
func (s *state) lostToClients(way Way, of *Daemon) []string {
	var rules []string
	if way != In {
		rules = append(rules, "-p tcp -m connmark --mark 0 -m conntrack --ctdir REPLY"+ports("s", of))
	}
	if way != Out {
		rules = append(rules, "-p tcp -m connmark --mark 0 -m conntrack --ctdir ORIGINAL"+ports("d", of))
	}
	return rules
}

// opened matches packets of the connections that a daemon opened: those it sends are the ORIGINAL
// direction, those it is sent the REPLY.
func (s *state) opened(d *Daemon, direction string) string {
	return fmt.Sprintf("-p tcp -m connmark --mark %d -m conntrack --ctdir %s", s.group(d), direction)
}
