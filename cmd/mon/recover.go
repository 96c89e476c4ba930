package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/consensus"
	"zeph/pkg/core"
	"zeph/pkg/daemon"
	"zeph/pkg/mon"
)

func recoverCommand() *cobra.Command {
	s := new(settings)
	yes := false
	cmd := &cobra.Command{
		Use:   "recover",
		Short: "Make a monitor the only one, when most are lost for good",
		Long: `Make a monitor the only one, when so many are lost for good that the rest cannot agree on anything.

Stop every monitor first. Choose one folder, that of the monitor which was up to date last: what only the
others had agreed on is lost. Recover it, start it, remove the others with zeph mon rm, and add monitors
anew: zeph-mon mkfs --join, zeph mon add. Never start one of the others from its old folder: together they
would be a second cluster.`,
		Args: daemon.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.validate(); err != nil {
				return err
			}
			if !yes {
				return errors.New("recover: refused: what only other monitors know is lost by it: zeph-mon recover --help says more, --yes does it")
			}
			r, err := s.recover()
			if err != nil {
				return err
			}
			if err := r.Report(cmd.OutOrStdout()); err != nil {
				return err
			}
			return noteRemoved(s.Data, r)
		},
	}
	s.flags(cmd.Flags())
	cmd.Flags().BoolVar(&yes, "yes", false, "do it")
	return cmd
}

func (s *settings) recover() (*consensus.Recovery, error) {
	m, cluster, err := s.mine()
	if err != nil {
		return nil, err
	}
	id, err := readIdentity(s.Data)
	if err != nil {
		return nil, err
	}
	if err := id.check(s.Data, s.name, cluster.FSID, m.Store); err != nil {
		return nil, err
	}
	me := core.Member{Name: s.name, ID: consensus.MemberID(s.name, id.store.String()), Addr: m.Control, Voter: true}
	return consensus.Recover(s.Data, s.name, id.store.String(), mon.Machine(), []core.Member{me})
}

// removedName is a file in the folder of a monitor that was recovered. It names those that are no members
// any more, as name/store, a line each: whoever starts monitors can see which must not be.
const removedName = "removed"

func noteRemoved(dir string, r *consensus.Recovery) error {
	path := filepath.Join(dir, removedName)
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	text := string(old)
	for _, m := range r.Was {
		if line := m.ID + "\n"; m.ID != r.Member && !strings.Contains(text, line) {
			text += line
		}
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("recovered, but %w: never start one of the others from its old folder", err)
	}
	return nil
}
