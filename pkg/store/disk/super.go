package disk

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"

	"zeph/pkg/osdmap"
)

// Errors of folders that cannot be opened. Their texts name the folder, and what it holds.
var (
	ErrNoStore     = errors.New("no store")                  // Mkfs would make one
	ErrExists      = errors.New("a store is there already")  // Mkfs did nothing
	ErrInUse       = errors.New("folder is in use")          // by another process
	ErrOtherFormat = errors.New("unknown format")            // of another release
	ErrOtherStore  = errors.New("belongs to somebody else")  // another cluster, OSD or disk
	ErrBadSuper    = errors.New("the file super is damaged") // nothing of it is believed
)

const (
	superName = "super"
	lockName  = "lock"
	dbName    = "kv.db"
	format    = 1
)

// text is the file super, such as
//
//	zeph-store
//	format 1
//	fsid 5b0c3c1e-…
//	osd 3
//	uuid 6f1d2b3a-…
//	hash 9f86d081884c7d65
//
// The hash is of all before its line.
func (id Identity) text() string {
	s := fmt.Sprintf("zeph-store\nformat %d\nfsid %v\nosd %d\nuuid %v\n", format, id.FSID, int32(id.OSD), id.Store)
	return s + superHash(s)
}

func superHash(s string) string { return fmt.Sprintf("hash %016x\n", xxhash.Sum64String(s)) }

// parseSuper reads what text wrote. The format comes first: another may have all else otherwise.
func parseSuper(s string) (Identity, error) {
	lines := strings.SplitN(s, "\n", 3)
	if len(lines) < 3 || lines[0] != "zeph-store" {
		return Identity{}, fmt.Errorf("it does not begin as one: %w", ErrBadSuper)
	}
	if f, ok := strings.CutPrefix(lines[1], "format "); !ok {
		return Identity{}, fmt.Errorf("it names no format: %w", ErrBadSuper)
	} else if f != strconv.Itoa(format) {
		return Identity{}, fmt.Errorf("format %.20q, this program knows %d: %w", f, format, ErrOtherFormat)
	}
	at := strings.LastIndex(s, "hash ")
	if at < 0 || s[at:] != superHash(s[:at]) {
		return Identity{}, fmt.Errorf("its hash does not fit: %w", ErrBadSuper)
	}
	return parseIdentity(lines[2])
}

func parseIdentity(s string) (id Identity, err error) {
	for line := range strings.Lines(s) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		var wrong error
		switch key {
		case "fsid":
			id.FSID, wrong = osdmap.ParseUUID(value)
		case "uuid":
			id.Store, wrong = osdmap.ParseUUID(value)
		case "osd":
			var n int64
			n, wrong = strconv.ParseInt(value, 10, 32)
			id.OSD = osdmap.OSDID(n)
		}
		if wrong != nil {
			return Identity{}, fmt.Errorf("%w: %w", wrong, ErrBadSuper)
		}
	}
	return id, nil
}

// ReadSuper says whose store a folder is, without opening it.
func ReadSuper(dir string) (Identity, error) {
	text, err := os.ReadFile(filepath.Join(dir, superName))
	if errors.Is(err, fs.ErrNotExist) {
		return Identity{}, fmt.Errorf("folder %s: %w", dir, ErrNoStore)
	}
	if err != nil {
		return Identity{}, err
	}
	id, err := parseSuper(string(text))
	if err != nil {
		return Identity{}, fmt.Errorf("folder %s: file super: %w", dir, err)
	}
	return id, nil
}

// writeSuper makes the file whole or not at all.
func writeSuper(dir string, id Identity) error {
	name := filepath.Join(dir, superName)
	file, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(id.text())
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(name+".new", name); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// check refuses a store that is not the one wanted.
func (id Identity) check(want *Identity) error {
	switch {
	case want == nil:
		return nil
	case id.FSID != want.FSID:
		return fmt.Errorf("it is of cluster %v, not %v: %w", id.FSID, want.FSID, ErrOtherStore)
	case id.OSD != want.OSD:
		return fmt.Errorf("it is the store of %v, not %v: %w", id.OSD, want.OSD, ErrOtherStore)
	case !want.Store.IsZero() && id.Store != want.Store:
		return fmt.Errorf("it is store %v, not %v: %w", id.Store, want.Store, ErrOtherStore)
	}
	return nil
}

// newUUID draws a random one.
func newUUID() osdmap.UUID {
	var u osdmap.UUID
	_, _ = rand.Read(u[:]) // never fails
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return u
}
