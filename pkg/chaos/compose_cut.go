package chaos

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"zeph/pkg/lab"
)

// Packets between containers of one network pass a bridge of the host's, and its packet filter: the chain DOCKER-USER,
// which the engine leaves to others. Containers have an address in each network; who starts again may get another, so
// rules are made anew then. Clients who are beside a daemon have its addresses.

// bridgesAreFiltered says what is wrong if packets over a bridge do not pass the filter.
func bridgesAreFiltered() error {
	text, err := os.ReadFile("/proc/sys/net/bridge/bridge-nf-call-iptables")
	if err == nil && strings.TrimSpace(string(text)) == "1" {
		return nil
	}
	return errors.New("packets between containers do not pass iptables: modprobe br_netfilter; sysctl net.bridge.bridge-nf-call-iptables=1")
}

func (t *composeTarget) filter() lab.Filter {
	return lab.Filter{Hook: "DOCKER-USER", Owner: "zeph chaos " + t.now().Project}
}

// cut adds a cut.
func (t *composeTarget) cut(ctx context.Context, f Fault) error {
	t.net.Lock()
	defer t.net.Unlock()
	if err := t.edit(func(c *composeState) { c.Cuts = append(slices.Clone(c.Cuts), f) }); err != nil {
		return err
	}
	return t.applyCuts(ctx)
}

// heal takes those of a daemon back.
func (t *composeTarget) heal(ctx context.Context, daemon string) error {
	t.net.Lock()
	defer t.net.Unlock()
	before := t.now().Cuts
	left := slices.DeleteFunc(slices.Clone(before), func(c Fault) bool { return c.Of == daemon })
	if len(left) == len(before) {
		return nil
	}
	if len(left) == 0 {
		if err := t.filter().Remove(); err != nil {
			return err
		}
	}
	if err := t.edit(func(c *composeState) { c.Cuts = left }); err != nil {
		return err
	}
	return t.applyCuts(ctx)
}

// moved has the cuts hold for a container whose addresses may be new.
func (t *composeTarget) moved(ctx context.Context) error {
	t.net.Lock()
	defer t.net.Unlock()
	return t.applyCuts(ctx)
}

// applyCuts has the filter hold the cuts, with the addresses of now. The caller holds net.
func (t *composeTarget) applyCuts(ctx context.Context) error {
	containers, err := t.look(ctx)
	cuts := t.now().Cuts
	if err != nil || len(cuts) == 0 {
		return err
	}
	var silence, refuse []string
	for _, f := range cuts {
		for _, r := range bridged(f, containers) {
			if f.Verb == "refuse" {
				refuse = append(refuse, r+" -j REJECT --reject-with tcp-reset")
			} else {
				silence = append(silence, r+" -j DROP")
			}
		}
	}
	return t.filter().Set(append(silence, refuse...))
}

// bridged matches the packets that a cut stops, in both networks.
func bridged(f Fault, containers []container) []string {
	var rules []string
	for _, network := range []string{"public", "cluster"} {
		addresses := make(map[string]string)
		for _, c := range containers {
			if a := c.address(network); a != "" {
				addresses[c.daemon] = a // of who is none: the client's
			}
		}
		of := addresses[f.Of]
		if of == "" {
			continue // it does not run, or is not in that network
		}
		for _, other := range others(f, addresses) {
			if f.Way != "in" {
				rules = append(rules, "-p tcp -s "+of+" -d "+other)
			}
			if f.Way != "out" {
				rules = append(rules, "-p tcp -s "+other+" -d "+of)
			}
		}
	}
	return rules
}

// others are the addresses on the other side.
func others(f Fault, addresses map[string]string) []string {
	if len(f.From) == 0 {
		return []string{"0.0.0.0/0"}
	}
	var all []string
	for _, name := range f.From {
		if name == lab.Clients {
			name = ""
		}
		if a := addresses[name]; a != "" {
			all = append(all, a)
		}
	}
	return all
}
