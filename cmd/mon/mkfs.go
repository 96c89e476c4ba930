package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"zeph/pkg/consensus"
	"zeph/pkg/core"
	"zeph/pkg/daemon"
	"zeph/pkg/osdmap"
	"zeph/pkg/world"
)

func mkfsCommand() *cobra.Command {
	s := new(settings)
	join := false
	cmd := &cobra.Command{
		Use:   "mkfs",
		Short: "Make the data folder of a monitor",
		Long: `Make the data folder of a monitor.

The monitors of a new cluster are all those of the cluster file, which must name the store of each: so they
agree on who votes without having spoken. With --join the folder is one for a monitor that is added to a
cluster that exists; it gets a store of its own, and zeph mon add then makes it a member.`,
		Args: daemon.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.validate(); err != nil {
				return err
			}
			id, err := s.mkfs(join)
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "mon.%s: store %v of cluster %v in %s\n", id.name, id.store, id.fsid, s.Data)
			}
			return err
		},
	}
	s.flags(cmd.Flags())
	cmd.Flags().BoolVar(&join, "join", false, "for a cluster that exists")
	return cmd
}

func (s *settings) mkfs(join bool) (identity, error) {
	m, cluster, err := s.mine()
	if err != nil {
		return identity{}, err
	}
	id := identity{cluster.FSID, s.name, m.Store}
	if join {
		if !m.Store.IsZero() {
			return id, fmt.Errorf("cluster file %s: mon.%s: its store %v is that of another folder, whose votes this one would not know: remove it from the line; mkfs --join draws a new one", s.Cluster, s.name, m.Store)
		}
		id.store = world.NewUUID()
	}
	var first []core.Member
	if !join {
		if first, err = firstMembers(cluster); err != nil {
			return id, fmt.Errorf("cluster file %s: %w", s.Cluster, err)
		}
	}
	if err := os.MkdirAll(s.Data, 0o755); err != nil {
		return id, err
	}
	if old, err := readIdentity(s.Data); err == nil {
		return id, fmt.Errorf("folder %s: a monitor's data is there already: that of mon.%s, cluster %v", s.Data, old.name, old.fsid)
	} else if _, there := os.Stat(filepath.Join(s.Data, identityName)); !errors.Is(there, fs.ErrNotExist) {
		return id, err
	}
	if err := makeLog(s.Data, id, first); err != nil {
		return id, err
	}
	return id, id.write(s.Data)
}

// makeLog makes the log. One that is there already stays: it is from a mkfs that was cut short before it
// wrote the identity, or else it holds a vote that must not be forgotten.
func makeLog(dir string, id identity, first []core.Member) error {
	err := consensus.Make(dir, id.name, id.store.String(), first)
	if errors.Is(err, fs.ErrExist) && len(first) > 0 {
		return nil // whether it is this monitor's, opening it tells
	}
	return err
}

// firstMembers are those that vote in a new cluster.
func firstMembers(c *world.Cluster) ([]core.Member, error) {
	var members []core.Member
	var errs []error
	for _, m := range c.Mons {
		if m.Store == (osdmap.UUID{}) {
			errs = append(errs, fmt.Errorf("mon.%s: its store is missing: draw a UUID for it, such as %v", m.Name, world.NewUUID()))
		}
		members = append(members, core.Member{Name: m.Name, ID: consensus.MemberID(m.Name, m.Store.String()), Addr: m.Control, Voter: true})
	}
	return members, errors.Join(errs...)
}
