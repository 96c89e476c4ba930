package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"zeph/pkg/consensus"
	"zeph/pkg/core"
	"zeph/pkg/daemon"
	"zeph/pkg/mon"
	"zeph/pkg/wire"
	"zeph/pkg/world"
)

func runCommand() *cobra.Command {
	s, first := new(settings), false
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Be the monitor whose data is in the folder",
		Args:  daemon.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.validate(); err != nil {
				return err
			}
			if _, err := os.Stat(filepath.Join(s.Data, identityName)); first && errors.Is(err, fs.ErrNotExist) {
				if _, err := s.mkfs(false); err != nil {
					return err
				}
			}
			return s.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	s.flags(cmd.Flags())
	cmd.Flags().BoolVar(&first, "mkfs", false, "make the folder first, for a new cluster, if there is none")
	return cmd
}

// run is the monitor until ctx ends or something fails.
func (s *settings) run(ctx context.Context, stdout, stderr io.Writer) error {
	m, cluster, err := s.mine()
	if err != nil {
		return err
	}
	id, err := readIdentity(s.Data)
	if err != nil {
		return err
	}
	if err := id.check(s.Data, s.name, cluster.FSID, m.Store); err != nil {
		return err
	}
	cfg := mon.Config{Name: s.name, FSID: cluster.FSID, Seed: world.NewSeed(), Mons: mons(cluster)}
	if err := cfg.Validate(); err != nil {
		return fmt.Errorf("cluster file %s: %w", s.Cluster, err)
	}
	w, err := s.world(m, cluster, id, stdout, stderr)
	if err != nil {
		return err
	}
	defer w.Close()
	if err := s.Announce(w.Addrs()); err != nil {
		return err
	}
	return w.Run(ctx, mon.New(cfg))
}

func (s *settings) world(m *world.ClusterMon, cluster *world.Cluster, id identity, stdout, stderr io.Writer) (*world.World, error) {
	transport, err := s.Transport()
	if err != nil {
		return nil, err
	}
	entity, err := wire.ParseEntity("mon." + s.name)
	if err != nil {
		return nil, err
	}
	at := map[string]string{"control": m.Control, "bulk": m.Bulk, "hints": m.Hints}
	for _, place := range places {
		if at[place] == "" {
			return nil, fmt.Errorf("cluster file %s: mon.%s: its %s address is missing", s.Cluster, s.name, place)
		}
	}
	return world.New(world.Config{
		Entity: entity, FSID: cluster.FSID, Transport: transport,
		Listen:   s.Endpoints(places, func(place string) string { return at[place] }),
		Monitors: cluster.Dests(),
		Log: func(ways world.LogWays) (world.LogMember, error) {
			return consensus.Open(consensus.Config{
				Dir: s.Data, Name: s.name, Store: id.store.String(), Addr: m.Control, Machine: mon.Machine(),
				Call: ways.Call, Deliver: ways.Deliver, Log: ways.Logger,
			})
		},
		LogDests: func(st core.State) []core.Dest { return st.(*mon.State).Dests() },
		Goodbye:  4 * time.Second,
		Logger:   s.Logger(stderr).With("mon", s.name), Software: daemon.Software("zeph-mon"),
		Ready: func() { fmt.Fprintf(stdout, "ready mon.%s\n", s.name) },
	})
}
