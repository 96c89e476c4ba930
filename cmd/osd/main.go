// Command zeph-osd keeps objects on one disk, as one of the OSDs of a cluster.
//
//	zeph-osd mkfs --id 3 --data DIR --cluster zeph.yaml    make an empty store, once
//	zeph-osd run  --id 3 --data DIR --cluster zeph.yaml    serve from it
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
		Use:   "zeph-osd",
		Short: "An object storage daemon of Zeph",
		RunE:  daemon.OneOf,
	}
	root.AddCommand(mkfsCommand(), runCommand(), daemon.CheckCommand("public.control"))
	return root
}
