package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/status"
)

// The commands here change the CRUSH map of a cluster; those beside them work on files.

func (a *app) crushAddCommand() *cobra.Command {
	return verb("add ITEM WEIGHT TYPE=NAME...", "Add an OSD or a bucket to the cluster's map, or move it there: crush add osd.3 1.0 host=h1 rack=r1",
		several("ITEM"), func(cmd *cobra.Command, args []string) error {
			if len(args) < 3 {
				return usagef(cmd, "%s is missing", []string{"WEIGHT", "TYPE=NAME"}[len(args)-1])
			}
			if err := crushWeight(args[1]); err != nil {
				return usagef(cmd, "%w", err)
			}
			where, err := crushLocation(args[2:])
			if err != nil {
				return usagef(cmd, "%w", err)
			}
			return a.does(cmd, "crush add", where.with("name", args[0]).with("weight", args[1]))
		})
}

func (a *app) crushMoveCommand() *cobra.Command {
	return verb("move ITEM TYPE=NAME...", "Move an OSD or a bucket of the cluster's map", several("ITEM"), func(cmd *cobra.Command, args []string) error {
		if len(args) < 2 {
			return usagef(cmd, "TYPE=NAME is missing")
		}
		where, err := crushLocation(args[1:])
		if err != nil {
			return usagef(cmd, "%w", err)
		}
		return a.does(cmd, "crush move", where.with("name", args[0]))
	})
}

func (a *app) crushWeightCommand() *cobra.Command {
	return verb("weight OSD WEIGHT", "Change the weight of an OSD in the cluster's map: about its size in TiB", takes("OSD", "WEIGHT"),
		func(cmd *cobra.Command, args []string) error {
			if err := crushWeight(args[1]); err != nil {
				return usagef(cmd, "%w", err)
			}
			return a.does(cmd, "crush weight", arguments{"name": args[0], "weight": args[1]})
		})
}

func (a *app) crushRemoveCommand() *cobra.Command {
	return verb("rm ITEM", "Remove an OSD or an empty bucket from the cluster's map", takes("ITEM"), func(cmd *cobra.Command, args []string) error {
		return a.does(cmd, "crush rm", arguments{"name": args[0]})
	})
}

func (a *app) crushDumpCommand() *cobra.Command {
	return verb("dump", "Print the cluster's map in Ceph's JSON", takes(), asks(a, "crush dump", nil, func(w *bufio.Writer, raw *json.RawMessage) {
		fmt.Fprintln(w, string(*raw))
	}))
}

func (a *app) crushRuleCommand() *cobra.Command {
	var args struct{ root, kind, class string }
	create := verb("create-replicated RULE", "Make a rule that puts each copy below another bucket of a type", takes("RULE"), func(cmd *cobra.Command, given []string) error {
		return a.does(cmd, "crush rule create-replicated", arguments{"name": given[0], "root": args.root, "type": args.kind, "class": args.class})
	})
	create.Flags().StringVar(&args.root, "root", "default", "bucket, `NAME`, to take from")
	create.Flags().StringVar(&args.kind, "type", "host", "`TYPE` of bucket that holds one copy at most")
	create.Flags().StringVar(&args.class, "class", "", "only OSDs of this device `CLASS`")
	return group("rule", "Make, list and remove the rules of the cluster's map",
		addWatch(verb("ls", "List the rules", takes(), asks(a, "crush rule ls", nil, showRules))),
		create,
		verb("rm RULE", "Remove a rule that no pool uses", takes("RULE"), func(cmd *cobra.Command, given []string) error {
			return a.does(cmd, "crush rule rm", arguments{"name": given[0]})
		}),
	)
}

func showRules(w *bufio.Writer, rules *status.Rules) {
	t := columns("ID", "RULE<", "TYPE<", "STEPS<", "POOLS<")
	for _, r := range rules.Rules {
		t.row(fmt.Sprint(r.ID), plain(r.Name), plain(r.Type), plain(strings.Join(r.Steps, "; ")), listText(r.Pools))
	}
	t.write(w)
}

// crushLocation reads words such as host=h1.
func crushLocation(words []string) (arguments, error) {
	for _, w := range words {
		if kind, name, ok := strings.Cut(w, "="); !ok || kind == "" || name == "" {
			return nil, fmt.Errorf("%q: expected TYPE=NAME, such as host=h1", w)
		}
	}
	return arguments{"location": strings.Join(words, " ")}, nil
}

func crushWeight(s string) error {
	if x, err := strconv.ParseFloat(s, 64); err != nil || !(x >= 0 && x < 65536) {
		return fmt.Errorf("WEIGHT %q: expected a number from 0 on, such as 1.5", s)
	}
	return nil
}
