package main

import (
	"bufio"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/osdmap"
)

func (a *app) pgCommand() *cobra.Command {
	return group("pg", "Look at placement groups, scrub and repair them",
		a.pgListCommand(),
		addWatch(verb("dump", "List all PGs with all their numbers", takes(), asks(a, "pg dump", nil, showPGDump))),
		a.pgMapCommand(),
		addWatch(a.pgAsks("query", "Say how a PG is, and why it is not well", pgShows(showQuery))),
		a.pgAsks("scrub", "Compare the copies of a PG: versions, sizes, attributes", nil),
		a.pgAsks("deep-scrub", "Compare the copies of a PG, reading every byte from the disks", nil),
		a.pgAsks("repair", "Deep-scrub a PG and mend what is damaged from a copy that is right", nil),
		a.pgAsks("list-inconsistent", "List the objects whose copies differ, as the last scrub found them", pgShows(showInconsistent)),
		a.pgUnfoundCommand(),
	)
}

func (a *app) pgListCommand() *cobra.Command {
	var pool, osd, state string
	cmd := verb("ls", "List PGs", takes(), func(cmd *cobra.Command, _ []string) error {
		asked := arguments{"pool": pool, "state": state}
		if osd != "" {
			id, err := osdNumber(osd)
			if err != nil {
				return usagef(cmd, "--osd: %w", err)
			}
			asked["osd"] = id
		}
		return asks(a, "pg ls", func([]string) (arguments, error) { return asked, nil }, showPGs)(cmd, nil)
	})
	cmd.Flags().StringVar(&pool, "pool", "", "only of this `POOL`")
	cmd.Flags().StringVar(&osd, "osd", "", "only those that this `OSD` holds or should hold")
	cmd.Flags().StringVar(&state, "state", "", "only those whose state has this `WORD`, such as degraded")
	_ = cmd.RegisterFlagCompletionFunc("pool", a.completePools)
	_ = cmd.RegisterFlagCompletionFunc("osd", a.completeOSDs)
	return addWatch(cmd)
}

func (a *app) pgMapCommand() *cobra.Command {
	var namespace string
	cmd := verb("map POOL/OBJECT", "Say where an object is, or would be", takes("POOL/OBJECT"), func(cmd *cobra.Command, args []string) error {
		pool, object, ok := strings.Cut(args[0], "/")
		if !ok || pool == "" || object == "" {
			return usagef(cmd, "%q: expected POOL/OBJECT, such as demo/a.bin", args[0])
		}
		asked := arguments{"pool": pool, "object": object, "namespace": namespace}
		return asks(a, "pg map", func([]string) (arguments, error) { return asked, nil }, showPGMap)(cmd, nil)
	})
	cmd.Flags().StringVar(&namespace, "namespace", "", "`NAMESPACE` of the object")
	return addWatch(cmd)
}

// pgAsks is a command to the primary of a PG. Without a way to show its answer it is one that
// does something.
func (a *app) pgAsks(name, short string, show func([]byte) (result, error)) *cobra.Command {
	return verb(name+" PG", short, takes("PG"), func(cmd *cobra.Command, args []string) error {
		return a.askPG(cmd, "pg "+name, args[0], nil, show)
	})
}

func pgShows[T any](show func(*bufio.Writer, *T)) func([]byte) (result, error) {
	return func(raw []byte) (result, error) { return shown(raw, show, new(T)) }
}

func (a *app) askPG(cmd *cobra.Command, name, pg string, args arguments, show func([]byte) (result, error)) error {
	id, err := osdmap.ParsePGID(pg)
	if err != nil {
		return usagef(cmd, "%w", err)
	}
	if show == nil {
		return a.withCluster(cmd, func(ctx context.Context, c commander) error {
			raw, text, err := c.PGCommand(ctx, id.String(), name, args.given())
			if err != nil {
				return err
			}
			return a.done(raw, text)
		})
	}
	return a.look(cmd, func(ctx context.Context, c commander) (result, error) {
		raw, _, err := c.PGCommand(ctx, id.String(), name, args.given())
		if err != nil {
			return nil, err
		}
		return show(raw)
	})
}

func (a *app) pgUnfoundCommand() *cobra.Command {
	give := func(name, short, harm string) *cobra.Command {
		var yes bool
		cmd := verb(name+" PG --yes", short, takes("PG"), func(cmd *cobra.Command, args []string) error {
			if err := a.refuseWithout(cmd, yes, harm, args[0]); err != nil {
				return err
			}
			return a.askPG(cmd, "pg unfound "+name, args[0], arguments{"yes": "true"}, nil)
		})
		return addYes(cmd, &yes)
	}
	list := a.pgAsks("list", "List the objects that no copy within reach has", pgShows(showUnfound))
	list.RunE = func(cmd *cobra.Command, args []string) error {
		return a.askPG(cmd, "pg unfound list", args[0], nil, pgShows(showUnfound))
	}
	return group("unfound", "Decide about objects that no copy within reach has",
		list,
		give("revert", "Go back to the versions before those that are lost", "unfound objects of pg %s go back to an older version, acknowledged writes are lost for good"),
		give("delete", "Give up the objects that are lost", "unfound objects of pg %s go for good"),
	)
}
