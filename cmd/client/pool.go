package main

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/status"
)

func (a *app) poolCommand() *cobra.Command {
	return group("pool", "Make, change and remove pools",
		addWatch(verb("ls", "List the pools", takes(), asks(a, "pool ls", nil, showPools))),
		a.poolCreateCommand(),
		a.poolRemoveCommand(),
		a.poolSetCommand(),
		a.poolGetCommand(),
		a.poolQuotaCommand(),
	)
}

func (a *app) poolCreateCommand() *cobra.Command {
	var args struct{ size, minSize, pgNum, rule string }
	cmd := verb("create POOL", "Make a pool", takes("POOL"), func(cmd *cobra.Command, given []string) error {
		return a.does(cmd, "pool create", arguments{
			"name": given[0], "size": args.size, "min_size": args.minSize, "pg_num": args.pgNum, "rule": args.rule,
		})
	})
	cmd.Flags().StringVar(&args.size, "size", "", "copies of each object, `N`; default 3")
	cmd.Flags().StringVar(&args.minSize, "min-size", "", "copies, `N`, below which its PGs stop serving; default size - size/2")
	cmd.Flags().StringVar(&args.pgNum, "pg-num", "", "placement groups, `N`; default 32")
	cmd.Flags().StringVar(&args.rule, "rule", "", "CRUSH `RULE`, by name, that places it")
	return cmd
}

// A pool's name is given twice to remove it: that is hard to do by mistake.
func (a *app) poolRemoveCommand() *cobra.Command {
	var yes bool
	cmd := verb("rm POOL POOL --yes", "Remove a pool and all its objects; name it twice", upTo(1, "POOL", "POOL"), func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 || args[0] != args[1] {
			return next(fmt.Errorf("pool rm: refused: pool %s and all its objects would go for good", plain(args[0])),
				"if that is what you want, name it twice and add --yes: zeph pool rm %s %s --yes", args[0], args[0])
		}
		if err := a.refuseWithout(cmd, yes, "pool %s and all its objects go for good", args[0]); err != nil {
			return err
		}
		return a.does(cmd, "pool rm", arguments{"name": args[0], "name2": args[1], "yes": "true"})
	})
	cmd.ValidArgsFunction = a.completePools
	return addYes(cmd, &yes)
}

func (a *app) poolSetCommand() *cobra.Command {
	var yes bool
	cmd := verb("set POOL NAME VALUE", "Change a property of a pool: size, min_size, rule, read_lease_interval, a flag", takes("POOL", "NAME", "VALUE"),
		func(cmd *cobra.Command, args []string) error {
			return a.does(cmd, "pool set", arguments{"name": args[0], "key": args[1], "value": args[2], "yes": word(yes)})
		})
	cmd.ValidArgsFunction = a.completePools
	return addYes(cmd, &yes)
}

func (a *app) poolGetCommand() *cobra.Command {
	cmd := verb("get POOL", "Show all of a pool", takes("POOL"), asks(a, "pool get", func(args []string) (arguments, error) {
		return arguments{"name": args[0]}, nil
	}, showPool))
	cmd.ValidArgsFunction = a.completePools
	return cmd
}

func (a *app) poolQuotaCommand() *cobra.Command {
	var bytes, objects string
	cmd := verb("quota POOL", "Limit how much a pool may hold; 0 lifts a limit", takes("POOL"), func(cmd *cobra.Command, args []string) error {
		quota := arguments{"name": args[0], "objects": objects}
		if bytes == "" && objects == "" {
			return next(usagef(cmd, "a quota is missing"), "say --bytes or --objects or both")
		}
		if bytes != "" {
			n, err := parseSize(bytes)
			if err != nil {
				return usagef(cmd, "--bytes: %w", err)
			}
			quota["bytes"] = fmt.Sprint(n)
		}
		return a.does(cmd, "pool quota", quota)
	})
	cmd.Flags().StringVar(&bytes, "bytes", "", "at most this `SIZE` of objects, such as 10G")
	cmd.Flags().StringVar(&objects, "objects", "", "at most this many objects, `N`")
	cmd.ValidArgsFunction = a.completePools
	return cmd
}

func showPools(w *bufio.Writer, p *status.Pools) { poolTable(w, p.Pools) }

func poolTable(w *bufio.Writer, pools []status.Pool) {
	t := columns("ID", "POOL<", "TYPE<", "SIZE", "MIN", "PGS", "RULE<", "FLAGS<", "QUOTA<")
	for _, p := range pools {
		t.row(fmt.Sprint(p.ID), plain(p.Name), p.Type, fmt.Sprint(p.Size), fmt.Sprint(p.MinSize), fmt.Sprint(p.PGNum),
			plain(p.Rule), listText(p.Flags), quotaText(p.QuotaBytes, p.QuotaCount))
	}
	t.write(w)
}

func showPool(w *bufio.Writer, pools *status.Pools) {
	for _, p := range pools.Pools {
		for _, line := range [][2]string{
			{"pool", plain(p.Name)}, {"id", fmt.Sprint(p.ID)}, {"type", p.Type}, {"size", fmt.Sprint(p.Size)}, {"min_size", fmt.Sprint(p.MinSize)},
			{"pg_num", fmt.Sprint(p.PGNum)}, {"pgp_num", fmt.Sprint(p.PGPNum)}, {"rule", fmt.Sprintf("%s (%d)", plain(p.Rule), p.RuleID)},
			{"flags", listText(p.Flags)}, {"leases", fmt.Sprintf("%d ms", p.ReadLeaseMS)}, {"quota", quotaText(p.QuotaBytes, p.QuotaCount)},
			{"created", fmt.Sprintf("epoch %d", p.Created)}, {"changed", fmt.Sprintf("epoch %d", p.Changed)},
		} {
			fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("%-9s %s", line[0], line[1]), " "))
		}
	}
}
