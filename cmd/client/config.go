package main

import (
	"bufio"

	"github.com/spf13/cobra"

	"zeph/pkg/status"
)

func (a *app) configCommand() *cobra.Command {
	return group("config", "Change how daemons behave, live",
		addWatch(verb("ls", "List the settings", takes(), asks(a, "config ls", nil, showConfig))),
		verb("get WHO [NAME]", "Say what holds for a daemon, such as osd.3", upTo(1, "WHO", "NAME"), asks(a, "config get", func(args []string) (arguments, error) {
			return arguments{"who": args[0], "name": optional(args, 1)}, nil
		}, showConfig)),
		verb("set WHO NAME VALUE", "Set one for all (global), for a kind (osd) or for one daemon (osd.3)", takes("WHO", "NAME", "VALUE"),
			func(cmd *cobra.Command, args []string) error {
				return a.does(cmd, "config set", arguments{"who": args[0], "name": args[1], "value": args[2]})
			}),
		verb("rm WHO NAME", "Forget a setting: the default holds again", takes("WHO", "NAME"), func(cmd *cobra.Command, args []string) error {
			return a.does(cmd, "config rm", arguments{"who": args[0], "name": args[1]})
		}),
	)
}

// optional is an argument that may be left out.
func optional(args []string, i int) string {
	if i < len(args) {
		return args[i]
	}
	return ""
}

func showConfig(w *bufio.Writer, c *status.Config) {
	t := columns("WHO<", "NAME<", "VALUE<", "DEFAULT<", "MEANING<")
	for _, s := range c.Settings {
		t.row(plain(s.Who), plain(s.Name), oneLine(s.Value), oneLine(s.Default), oneLine(s.Doc))
	}
	t.write(w)
}
