package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"zeph/pkg/daemon"
	"zeph/pkg/osd"
	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/store/disk"
)

func mkfsCommand() *cobra.Command {
	s := new(settings)
	cmd := &cobra.Command{
		Use:   "mkfs",
		Short: "Make an empty store in the data folder",
		Args:  daemon.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.validate(); err != nil {
				return err
			}
			if err := s.number(cmd.Context(), cmd.ErrOrStderr()); err != nil {
				return err
			}
			id, err := s.mkfs()
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "%v: store %v of cluster %v in %s\n", id.OSD, id.Store, id.FSID, s.Data)
			}
			return err
		},
	}
	s.flags(cmd.Flags())
	return cmd
}

// mkfs makes the store, and writes into it whose it is. One that was cut short between the two is
// brought to its end.
func (s *settings) mkfs() (disk.Identity, error) {
	cluster, err := s.ReadCluster()
	if err != nil {
		return disk.Identity{}, err
	}
	id, err := disk.Mkfs(s.Data, disk.Identity{FSID: cluster.FSID, OSD: osdmap.OSDID(s.id)})
	made := err == nil
	if errors.Is(err, disk.ErrExists) {
		id, err = s.unfinished(cluster.FSID, err)
	}
	if err != nil {
		return id, err
	}
	st, err := disk.Open(s.Data, disk.Config{Want: &id})
	if err != nil {
		return id, err
	}
	if used, err := holds(st); err != nil || used {
		st.Close()
		if err == nil && !made {
			err = fmt.Errorf("folder %s: %w: that of %v", s.Data, disk.ErrExists, id.OSD)
		}
		return id, err
	}
	return id, errors.Join(submit(st, osd.Mkfs(id.FSID, id.OSD, id.Store)), st.Close())
}

// unfinished is the identity of a store that is there, if it is the one that is wanted.
func (s *settings) unfinished(fsid osdmap.UUID, exists error) (disk.Identity, error) {
	id, err := disk.ReadSuper(s.Data)
	if err != nil {
		return id, err
	}
	if id.FSID != fsid || id.OSD != osdmap.OSDID(s.id) {
		return id, fmt.Errorf("%w: that of %v, cluster %v", exists, id.OSD, id.FSID)
	}
	return id, nil
}

// holds reports whether there is anything in a store.
func holds(st store.Store) (bool, error) {
	items, _, err := st.List(store.Key{}, store.Key{Pool: 1}, 1)
	return len(items) > 0, err
}

// submit makes a transaction durable.
func submit(st store.Store, t *store.Txn) error {
	done := make(chan error, 1)
	if err := st.Submit(t, func(err error) { done <- err }); err != nil {
		return err
	}
	return <-done
}
