package consensus

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/raft"

	"zeph/pkg/core"
)

// Make makes the folder of a new member. first are the members that the log begins with: the same list for
// all of them, who then agree on the first entry without having spoken; nil for a member that is to be added
// to a log that exists. It refuses a folder that has a log.
func Make(dir, name, store string, first []core.Member) error {
	return makeFolder(dir, MemberID(name, store), first, true)
}

func makeFolder(dir, id string, first []core.Member, sync bool) error {
	if err := checkFirst(id, first); err != nil {
		return err
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return err
	}
	defer unlock(lock)
	file := filepath.Join(dir, logName)
	if _, err := os.Stat(file); err == nil {
		return fmt.Errorf("monitor's log %s: %w", file, os.ErrExist)
	}
	work, err := os.MkdirTemp(dir, "making-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := makeLog(work, id); err != nil {
		return err
	}
	if err := begin(work, id, first, sync); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(work, logName), file); err != nil {
		return err
	}
	return syncFolder(dir, sync)
}

func checkFirst(id string, first []core.Member) error {
	if len(first) == 0 {
		return nil
	}
	for _, m := range first {
		if m.ID == id && m.Voter {
			return nil
		}
	}
	return fmt.Errorf("%s is not among the %d first members: its store is another, or it is to be added to the log", id, len(first))
}

// begin writes the first entry, as raft.BootstrapCluster does.
func begin(dir, id string, first []core.Member, sync bool) error {
	if len(first) == 0 {
		return nil
	}
	s, err := openLog(dir, id, sync, func(error) {})
	if err != nil {
		return err
	}
	err = s.SetUint64([]byte("CurrentTerm"), 1)
	if err == nil {
		err = s.StoreLog(&raft.Log{Index: 1, Term: 1, Type: raft.LogConfiguration, Data: raft.EncodeConfiguration(configurationOf(first))})
	}
	return errors.Join(err, s.close())
}
