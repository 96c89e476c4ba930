package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// A lab can have a network of its own (Options.Netns): each daemon lives in a network namespace, with an address
// and a wire of its own, and so does each client. All wires end in one more namespace, a router, whose packet filter
// holds the cuts. Nothing of it shows in the machine's own network.
//
//	mon.a    10.77.0.0 ──┐            ┌── osd.0 10.77.2.0
//	                     ├── router ──┤
//	client.0 10.77.1.0 ──┘            └── osd.1 10.77.2.1
//
// A namespace goes on when its processes have ended, so a daemon that starts again is still cut off.

const (
	router  = "router"
	gateway = "10.77.255.1" // the router's address on every wire

	// Clients are all of them, as the other side of a cut.
	Clients = "clients"
	// clientPrefix and a number from 0 to 255 are the name of one, which only labs with a network of their own tell apart.
	clientPrefix  = "client."
	clientsSubnet = "10.77.1.0/24"
	FirstClient   = clientPrefix + "0" // where Connect connects from
)

// CanNetns says what is missing for labs with a network of their own.
func CanNetns() error {
	if os.Getuid() != 0 {
		return errors.New("a network of namespaces needs root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return errors.New("a network of namespaces needs ip: apt-get install iproute2")
	}
	return CanCut("")
}

// address is where a daemon or a client is in a lab with a network of its own.
func (s *state) address(name string) (string, error) {
	kind, id, _ := strings.Cut(name, ".")
	n, err := strconv.ParseUint(id, 10, 16)
	switch {
	case kind == string(Mon):
		for i, m := range s.of(Mon) {
			if m.Name == name && i < 256 {
				return fmt.Sprintf("10.77.0.%d", i), nil
			}
		}
	case kind == string(OSD) && err == nil && n < 200*256:
		return fmt.Sprintf("10.77.%d.%d", 2+n/256, n%256), nil
	case kind+"." == clientPrefix && err == nil && n < 256:
		return fmt.Sprintf("10.77.1.%d", n), nil
	}
	return "", fmt.Errorf("%s: the lab's network has no place for it", name)
}

// host is the address that a daemon listens at.
func (s *state) host(d *Daemon) (string, error) {
	if !s.Netns {
		return s.Host, nil
	}
	return s.address(d.Name)
}

// namespace is the name of a node's, for the ip command.
func (l *Lab) namespace(node string) string { return namespacePrefix + hash(l.dir)[:8] + "-" + node }

const (
	namespacePrefix = "zeph-"
	namespaces      = "/run/netns"
)

// raiseNetwork makes what is missing of the lab's network.
func (l *Lab) raiseNetwork(s *state) error {
	if err := CanNetns(); err != nil {
		return err
	}
	if err := removeStaleNetworks(); err != nil {
		return err
	}
	r := l.namespace(router)
	if _, err := os.Stat(filepath.Join(namespaces, r)); err != nil {
		if err := run("", "ip", "netns", "add", r); err != nil {
			return err
		}
		if err := run("", "ip", "-n", r, "link", "set", "lo", "up", "alias", owner+l.dir); err != nil {
			return err
		}
		err := within(r, func() error { return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0) })
		if err != nil {
			return err
		}
	}
	for _, d := range s.Daemons {
		if err := l.wire(s, d.Name); err != nil {
			return err
		}
	}
	return l.wire(s, FirstClient)
}

// wire makes a node's namespace and its wire to the router, if there is none yet.
func (l *Lab) wire(s *state, node string) error {
	ns, r := l.namespace(node), l.namespace(router)
	if _, err := os.Stat(filepath.Join(namespaces, ns)); err == nil {
		return nil
	}
	addr, err := s.address(node)
	if err != nil {
		return err
	}
	end := "to-" + node
	if len(end) > 15 { // the system's limit
		end = end[:15]
	}
	for _, step := range []struct{ ns, commands string }{
		{"", "netns add " + ns},
		{r, "link add " + end + " type veth peer name eth0 netns " + ns},
		{r, "addr add " + gateway + "/32 dev " + end + "\nlink set " + end + " up\nroute add " + addr + "/32 dev " + end},
		{ns, "link set lo up\naddr add " + addr + "/32 dev eth0\nlink set eth0 up\nroute add default via " + gateway + " dev eth0 onlink"},
	} {
		args := []string{"-batch", "-"}
		if step.ns != "" {
			args = append([]string{"-n", step.ns}, args...)
		}
		if err := run(step.commands+"\n", "ip", args...); err != nil {
			return errors.Join(fmt.Errorf("network of %s: %w", node, err), run("", "ip", "netns", "del", ns))
		}
	}
	return nil
}

// removeNetwork removes the namespaces, and with them wires, addresses and cuts. What is not there is no error.
func (l *Lab) removeNetwork() error {
	found, err := filepath.Glob(filepath.Join(namespaces, l.namespace("*")))
	for _, path := range found {
		e := run("", "ip", "netns", "del", filepath.Base(path))
		if _, there := os.Stat(path); there == nil { // else another program was faster
			err = errors.Join(err, e)
		}
	}
	return err
}

// owner and the lab's folder stand at the router's loopback, so that what is left of a lab that is no more can be
// found and removed.
const owner = "zeph lab "

// removeStaleNetworks removes the networks of labs of which no daemon is left.
func removeStaleNetworks() error {
	routers, err := filepath.Glob(filepath.Join(namespaces, namespacePrefix+"*-"+router))
	if err != nil {
		return err
	}
	for _, path := range routers {
		dir := ownerOf(filepath.Base(path))
		if dir == "" {
			continue // on its way up or down
		}
		if err := removeStaleNetwork(&Lab{dir: dir}); err != nil {
			return err
		}
	}
	return nil
}

func ownerOf(routerNS string) string {
	out, err := exec.Command("ip", "-n", routerNS, "-j", "link", "show", "lo").Output()
	var links []struct{ IfAlias string }
	if err != nil || json.Unmarshal(out, &links) != nil || len(links) == 0 {
		return ""
	}
	dir, _ := strings.CutPrefix(links[0].IfAlias, owner)
	return dir
}

// removeStaleNetwork removes one, unless somebody works on the lab or lives in it.
func removeStaleNetwork(l *Lab) error {
	if _, err := os.Stat(l.dir); err == nil {
		now, cancel := context.WithCancel(context.Background())
		cancel()
		unlock, err := l.lock(now)
		if err != nil {
			return nil
		}
		defer unlock()
		if s, err := l.load(); err == nil && len(s.alive()) > 0 {
			return nil
		}
	}
	return l.removeNetwork()
}

// routed are the router's rules for the cuts: each packet between two nodes passes it, and shows who sent it to whom.
func (s *state) routed() ([]string, error) {
	var silence, refuse []string
	for _, c := range s.Cuts {
		rules, err := s.routedCut(c)
		if err != nil {
			return nil, err
		}
		for _, r := range rules {
			if c.Refuse {
				refuse = append(refuse, r+" -j REJECT --reject-with tcp-reset")
			} else {
				silence = append(silence, r+" -j DROP")
			}
		}
	}
	return append(silence, refuse...), nil
}

func (s *state) routedCut(c Cut) ([]string, error) {
	of, err := s.place(c.Of)
	if err != nil {
		return nil, err
	}
	others := []string{"0.0.0.0/0"}
	if len(c.From) > 0 {
		others = nil
	}
	for _, name := range c.From {
		other, err := s.place(name)
		if err != nil {
			return nil, err
		}
		others = append(others, other)
	}
	var rules []string
	for _, other := range others {
		if c.Way != In {
			rules = append(rules, "-p tcp -s "+of+" -d "+other)
		}
		if c.Way != Out {
			rules = append(rules, "-p tcp -s "+other+" -d "+of)
		}
	}
	return rules, nil
}

// place is what the router knows a side of a cut by.
func (s *state) place(name string) (string, error) {
	if name == Clients {
		return clientsSubnet, nil
	}
	return s.address(name)
}

// route has the router know these rules and no others, in one step. No router needs none.
func (l *Lab) route(rules []string) error {
	if _, err := os.Stat(filepath.Join(namespaces, l.namespace(router))); err != nil && len(rules) == 0 {
		return nil
	}
	text := "*filter\n:FORWARD ACCEPT [0:0]\n"
	for _, r := range rules {
		text += "-A FORWARD " + r + "\n"
	}
	return within(l.namespace(router), func() error {
		return run(text+"COMMIT\n", "iptables-restore", "-w", "10")
	})
}

// DialFrom dials as somebody in a network namespace: one of the ip command's, or such as /proc/PID/ns/net.
func DialFrom(namespace string) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (c net.Conn, err error) {
		err = within(namespace, func() (err error) {
			d := net.Dialer{KeepAlive: -1}
			c, err = d.DialContext(ctx, network, addr)
			return err
		})
		return c, err
	}
}
