package lab

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ErrNoCuts: the lab was not made for it.
var ErrNoCuts = errors.New("daemons cannot be cut off here: the lab was made without (zeph lab up --cuts)")

// CanCut says what is missing for labs at an address whose daemons can be cut off.
func CanCut(host string) error {
	if os.Getuid() != 0 {
		return errors.New("cutting daemons off needs root")
	}
	for _, tool := range []string{"iptables", "iptables-restore"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("cutting daemons off needs %s: apt-get install iptables", tool)
		}
	}
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		return fmt.Errorf("cutting daemons off needs an IPv4 address, not %s", host)
	}
	return nil
}

// Filter is a part of the system's packet filter: a chain of our own that TCP packets go through on their way through
// one of the system's. It outlives us as daemons do; whose it is stands in a comment, so that what is left of something
// that is no more can be found and removed.
type Filter struct {
	Hook  string // the system's chain
	Owner string // such as: zeph lab FOLDER
}

const chainPrefix = "ZEPH-"

func (l *Lab) filter() Filter { return Filter{"OUTPUT", owner + l.dir} }

func (f Filter) chain() string { return chainPrefix + hash(f.Owner) }

// Set replaces all rules, in one step.
func (f Filter) Set(rules []string) error {
	text := "*filter\n:" + f.chain() + " - [0:0]\n"
	for _, r := range rules {
		text += "-A " + f.chain() + " " + r + "\n"
	}
	if err := run(text+"COMMIT\n", "iptables-restore", "-w", "10", "--noflush"); err != nil {
		return err
	}
	if run("", "iptables", append([]string{"-w", "10", "-C", f.Hook}, f.jump()...)...) == nil {
		return nil
	}
	return run("", "iptables", append([]string{"-w", "10", "-I", f.Hook}, f.jump()...)...)
}

func (f Filter) jump() []string {
	return []string{"-p", "tcp", "-m", "comment", "--comment", f.Owner, "-j", f.chain()}
}

// Remove removes the chain and the way into it. What is not there is no error.
func (f Filter) Remove() error {
	for run("", "iptables", append([]string{"-w", "10", "-C", f.Hook}, f.jump()...)...) == nil {
		if err := run("", "iptables", append([]string{"-w", "10", "-D", f.Hook}, f.jump()...)...); err != nil {
			return err
		}
	}
	if run("", "iptables", "-w", "10", "-F", f.chain()) != nil {
		return nil // there is none
	}
	return run("", "iptables", "-w", "10", "-X", f.chain())
}

// removeStale removes the rules of labs of which no daemon is left.
func removeStale() error {
	out, err := exec.Command("iptables", "-w", "10", "-S", "OUTPUT").Output()
	if err != nil {
		return fmt.Errorf("iptables -S OUTPUT: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		_, dir, ok := strings.Cut(line, `--comment "zeph lab `)
		dir, _, ok2 := strings.Cut(dir, `" -j `+chainPrefix)
		if !ok || !ok2 {
			continue
		}
		l := &Lab{dir: filepath.Clean(dir)}
		if s, err := l.load(); err == nil && len(s.alive()) > 0 {
			continue
		}
		if err := l.filter().Remove(); err != nil {
			return err
		}
	}
	return nil
}

// ports matches packets from ("s") or to ("d") what a daemon listens at.
func ports(end string, d *Daemon) string {
	var list []string
	for _, a := range d.Addresses {
		if _, port, err := net.SplitHostPort(strings.TrimPrefix(a.Addr, "tcp://")); err == nil {
			list = append(list, port)
		}
	}
	return fmt.Sprintf(" -m multiport --%sports %s", end, strings.Join(list, ","))
}

// run runs a program of the system's.
func run(stdin, program string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, lastLines(out))
	}
	return nil
}
