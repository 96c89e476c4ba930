// Command zeph-mon is one of the monitors of a cluster: together they keep its maps, its settings and the
// list of themselves.
//
//	zeph-mon mkfs    --name a --data DIR --cluster zeph.yaml    make the data folder, once
//	zeph-mon run     --name a --data DIR --cluster zeph.yaml    be the monitor
//	zeph-mon recover --name a --data DIR --cluster zeph.yaml    go on alone, when most monitors are lost
//
// Package daemon says where settings come from, what is logged, and how the process ends.
package main

import (
	"os"

	"github.com/spf13/cobra"

	"zeph/pkg/daemon"
)

func main() { os.Exit(daemon.Main(command())) }

func command() *cobra.Command {
	root := &cobra.Command{
		Use:   "zeph-mon",
		Short: "A monitor of Zeph",
		RunE:  daemon.OneOf,
	}
	root.AddCommand(clusterCommand(), mkfsCommand(), runCommand(), recoverCommand(), daemon.CheckCommand("control"))
	return root
}
