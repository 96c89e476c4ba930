package disk

import (
	"errors"
	"fmt"
	"os"

	"zeph/pkg/osdmap"
)

// Identity says whose store a folder is. It never changes.
type Identity struct {
	FSID  osdmap.UUID // of the cluster
	OSD   osdmap.OSDID
	Store osdmap.UUID // of the store itself: another one under the same OSD is another disk
}

// Config says how a store is opened. A zero limit means its default.
type Config struct {
	Want       *Identity // whose store it must be, a zero Store meaning any; nil: anyone's
	Size       uint64    // bytes it may use; default: what it uses and its file system has free
	QueueBytes uint64    // queued before Submit says ErrBusy; default 128 MiB
	QueueTxns  int       // the same, in transactions; default 4,096

	openFile func(string, int, os.FileMode) (*os.File, error) // how bbolt opens its file; for tests
}

// Validate names everything wrong with the Config at once.
func (c Config) Validate() error {
	var wrong []error
	if c.QueueTxns < 0 {
		wrong = append(wrong, fmt.Errorf("a queue of %d transactions", c.QueueTxns))
	}
	if c.Size > 0 && c.Size < MinSize {
		wrong = append(wrong, fmt.Errorf("a size of %d bytes, at least %d are needed", c.Size, MinSize))
	}
	return errors.Join(wrong...)
}

// MinSize is the least size of a store in bytes.
const MinSize = 1 << 20

func (c Config) withDefaults() Config {
	if c.QueueBytes == 0 {
		c.QueueBytes = 128 << 20
	}
	if c.QueueTxns == 0 {
		c.QueueTxns = 4096
	}
	if c.openFile == nil {
		c.openFile = os.OpenFile
	}
	return c
}
