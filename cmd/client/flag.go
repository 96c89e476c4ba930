package main

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/osdmap"
	"zeph/pkg/status"
)

func (a *app) flagCommand() *cobra.Command {
	one := func(name, short string) *cobra.Command {
		cmd := verb(name+" FLAG", short, takes("FLAG"), func(cmd *cobra.Command, args []string) error {
			if _, err := osdmap.ParseFlag(args[0]); err != nil {
				if near := nearest(args[0], flagWords()); near != "" {
					return next(usagef(cmd, "%w", err), "did you mean: %s", near)
				}
				return usagef(cmd, "%w", err)
			}
			return a.does(cmd, "flag "+name, arguments{"flag": args[0]})
		})
		cmd.ValidArgs = flagWords()
		return cmd
	}
	return group("flag", "Set and unset what holds for the whole cluster, such as noout",
		addWatch(verb("ls", "List the flags that are set", takes(), asks(a, "flag ls", nil, func(w *bufio.Writer, f *status.Flags) {
			fmt.Fprintln(w, listText(f.Flags))
		}))),
		one("set", "Set a flag"),
		one("unset", "Unset a flag"),
	)
}

// flagWords are the flags an operator may set.
func flagWords() []string {
	const all = osdmap.FlagNoUp | osdmap.FlagNoDown | osdmap.FlagNoOut | osdmap.FlagNoIn | osdmap.FlagNoBackfill |
		osdmap.FlagNoRecover | osdmap.FlagNoScrub | osdmap.FlagNoDeepScrub | osdmap.FlagNoRebalance
	return append(strings.Split(all.String(), ","), "pause")
}
