package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"zeph/pkg/core"
	"zeph/pkg/daemon"
	"zeph/pkg/osd"
	"zeph/pkg/osdmap"
	"zeph/pkg/store/disk"
	"zeph/pkg/wire"
	"zeph/pkg/world"
)

func runCommand() *cobra.Command {
	s := new(settings)
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Serve from the store in the data folder",
		Args:  daemon.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.validate(); err != nil {
				return err
			}
			return s.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	s.flags(cmd.Flags())
	cmd.Flags().BoolVar(&s.make, "mkfs", false, "make the store first, if there is none")
	cmd.Flags().BoolVar(&s.adopts, "adopt", false, "if there is none, take over one from a folder beside it that nobody serves")
	return cmd
}

// run serves until ctx ends or something fails.
func (s *settings) run(ctx context.Context, stdout, stderr io.Writer) (err error) {
	cluster, err := s.ReadCluster()
	if err != nil {
		return err
	}
	if err := s.join(ctx, stderr); err != nil {
		return err
	}
	mons, known, err := s.Monitors(cluster)
	if err != nil {
		return err
	}
	id := osdmap.OSDID(s.id)
	size, _ := s.size() // validate has looked
	st, err := disk.Open(s.Data, disk.Config{Want: &disk.Identity{FSID: cluster.FSID, OSD: id}, Size: size})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()

	transport, err := s.Transport()
	if err != nil {
		return err
	}
	log := s.Logger(stderr).With("osd", int32(id))
	software := daemon.Software("zeph-osd")
	w, err := world.New(world.Config{
		Entity: osd.Entity(id), FSID: cluster.FSID, Transport: transport,
		Listen:     s.Endpoints(places, s.endpoint),
		PublicHost: s.publicAddr, ClusterHost: s.clusterHost(),
		Monitors: mons, Hear: []wire.Type{wire.TypeMapHint},
		Monmap: func(m *wire.Monmap) {
			if err := s.KeepMonmap(cluster, m); err != nil {
				log.Warn("monmap not kept: the next start looks for monitors where this one did", "err", err)
			}
		},
		Store: st, Logger: log, Software: software, Goodbye: 4 * time.Second,
		Ready: func() { fmt.Fprintf(stdout, "ready %v\n", id) },
	})
	if err != nil {
		return err
	}
	defer w.Close()
	machine, err := s.core(cluster, mons, known, w, st)
	if err != nil {
		return err
	}
	if err := s.Announce(w.Addrs()); err != nil {
		return err
	}
	return w.Run(ctx, machine)
}

func (s *settings) core(cluster *world.Cluster, mons []core.Dest, known uint64, w *world.World, st *disk.Store) (*osd.Core, error) {
	cfg := osd.Config{
		ID: osdmap.OSDID(s.id), FSID: cluster.FSID, Seed: world.NewSeed(),
		Mons: mons, Know: known, Addrs: w.Addrs(),
		Location: s.crushLocation(), Weight: s.crushWeight(st.Stats().Size), Class: s.class,
		Host: hostname(), Software: daemon.Software("zeph-osd"),
	}
	if err := cfg.Validate(); err != nil {
		return nil, daemon.Usage(err)
	}
	return osd.New(cfg), nil
}
