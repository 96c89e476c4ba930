package main

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/status"
)

func (a *app) monCommand() *cobra.Command {
	var yes, force bool
	var add struct{ store, bulk, hints string }
	join := verb("add MON CONTROL", "Let a monitor in, at its address for control messages", takes("MON", "CONTROL"), func(cmd *cobra.Command, args []string) error {
		if err := require(cmd, "store"); err != nil {
			return err
		}
		return a.does(cmd, "mon add", arguments{"name": args[0], "control": args[1], "bulk": add.bulk, "hints": add.hints, "store": add.store})
	})
	join.Flags().StringVar(&add.store, "store", "", "`UUID` of its store, as zeph-mon mkfs prints it")
	join.Flags().StringVar(&add.bulk, "bulk", "", "`ADDRESS` for snapshots")
	join.Flags().StringVar(&add.hints, "hints", "", "`ADDRESS` for hints")
	remove := addYes(verb("rm MON --yes", "Remove a monitor", takes("MON"), func(cmd *cobra.Command, args []string) error {
		if err := a.refuseWithout(cmd, yes, "mon.%s leaves for good; those that stay must agree without it", monID(args[0])); err != nil {
			return err
		}
		return a.does(cmd, "mon rm", arguments{"name": monID(args[0]), "yes": "true", "force": word(force)})
	}), &yes)
	remove.Flags().BoolVar(&force, "force", false, "also when those that stay are too few to agree, or OSDs do not know of them yet")
	transfer := verb("transfer [MON]", "Let another monitor lead", upTo(0, "MON"), func(cmd *cobra.Command, args []string) error {
		return a.does(cmd, "mon transfer", arguments{"name": monID(optional(args, 0))})
	})
	for _, cmd := range []*cobra.Command{remove, transfer} {
		cmd.ValidArgsFunction = a.completeMons
	}
	return group("mon", "Look at monitors, add and remove them",
		addWatch(verb("ls", "List the monitors", takes(), asks(a, "mon ls", nil, showMons))),
		verb("dump", "List the monitors with their addresses and stores", takes(), asks(a, "mon dump", nil, showMonDump)),
		verb("file", "Print the cluster file of now, with the monitors that there are", takes(), asks(a, "mon dump", nil, showMonFile)),
		join, remove, transfer,
	)
}

// monID is a monitor's name without "mon.".
func monID(name string) string { return strings.TrimPrefix(name, "mon.") }

func showMons(w *bufio.Writer, l *status.MonList) {
	t := columns("MON<", "ROLE<", "HEARD<", "EPOCH", "CLOCK", "ADDRESS<")
	for _, m := range l.Mons {
		t.row(plain(m.Name), roleText(&m), heardText(&m), fmt.Sprint(m.Epoch), fmt.Sprintf("%+d ms", m.SkewMS), plain(m.Addrs["control"]))
	}
	t.write(w)
}

func roleText(m *status.Mon) string {
	switch {
	case m.Leader:
		return "leader"
	case m.Voter:
		return "follower"
	}
	return "learner"
}

func heardText(m *status.Mon) string {
	switch {
	case m.Leader:
		return "-"
	case m.Seconds < 0:
		return "not yet"
	case m.Heard:
		return "now"
	}
	return secondsText(m.Seconds) + " ago"
}

// showMonFile is a cluster file: zeph mon file > zeph.yaml.
func showMonFile(w *bufio.Writer, l *status.MonList) {
	fmt.Fprintf(w, "# The monitors of version %d of the monmap.\nfsid: %s\nmons:\n", l.Version, plain(l.FSID))
	for _, m := range l.Mons {
		fmt.Fprintf(w, "  %s: {", plain(m.Name))
		for _, name := range []string{"control", "bulk", "hints"} {
			if addr := m.Addrs[name]; addr != "" {
				fmt.Fprintf(w, "%s: %q, ", name, addr)
			}
		}
		fmt.Fprintf(w, "store: %s}\n", plain(m.Store))
	}
}

func showMonDump(w *bufio.Writer, l *status.MonList) {
	fmt.Fprintf(w, "term %d   %s\n", l.Term, leaderText(l.Leader))
	for _, m := range l.Mons {
		fmt.Fprintf(w, "mon.%s  %s  store %s\n", plain(m.Name), roleText(&m), plain(m.Store))
		for _, name := range []string{"control", "bulk", "hints"} {
			if addr := m.Addrs[name]; addr != "" {
				fmt.Fprintf(w, "  %-8s %s\n", name, plain(addr))
			}
		}
	}
}
