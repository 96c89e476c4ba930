package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/lab"
)

// labFaults are what daemons of a kind can be under while they run.
func (a *app) labFaults(f *labFlags, what string, name func(string) (string, error)) []*cobra.Command {
	return []*cobra.Command{
		a.labCut(f, what, name),
		a.labDoes(f, "rejoin "+what, "Take all cuts back", "is cut off no more", name, (*lab.Lab).Rejoin),
		a.labDoes(f, "hang "+what, "Have the disk hang: what is written does not get there; needs strace", "has a disk that hangs", name, (*lab.Lab).Hang),
		a.labDoes(f, "unhang "+what, "Let the disk go on", "has a disk that goes on", name, (*lab.Lab).Unhang),
	}
}

func (a *app) labCut(f *labFlags, what string, name func(string) (string, error)) *cobra.Command {
	var cut lab.Cut
	var way string
	cmd := a.labDoes(f, "cut "+what, "Cut off: packets do not arrive; the lab must be up with --cuts", "is cut off", name, func(l *lab.Lab, ctx context.Context, daemon string) error {
		c := cut
		c.Of = daemon
		err := l.Cut(ctx, c)
		if errors.Is(err, lab.ErrNoCuts) {
			err = next(err, "make another: zeph lab up --cuts --dir FOLDER")
		}
		return err
	})
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		switch cut.Way = lab.Way(way); cut.Way {
		case lab.In, lab.Out, lab.Both:
		default:
			return usagef(cmd, "--way %q: expected in or out", way)
		}
		noName := func(s string) bool { return !strings.Contains(s, ".") }
		if i := slices.IndexFunc(cut.From, noName); i >= 0 {
			return usagef(cmd, "--from %q: expected names of daemons, such as osd.1,mon.a", cut.From[i])
		}
		return nil
	}
	cmd.Flags().StringSliceVar(&cut.From, "from", nil, "from these `DAEMONS` only, such as osd.1,mon.a; default everybody, clients too")
	cmd.Flags().StringVar(&way, "way", "", "only what it sends (`out`), or is sent (in)")
	cmd.Flags().BoolVar(&cut.Refuse, "refuse", false, "reset and refuse connections; default silence")
	return cmd
}
