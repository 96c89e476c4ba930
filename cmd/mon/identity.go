package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"zeph/pkg/osdmap"
)

// identity says whose a data folder is. It never changes: an emptied monitor is another one, whatever its
// name (protocol 14.6). It stands in the file monitor:
//
//	zeph-mon
//	format 1
//	fsid 5b0c3c1e-…
//	name a
//	store 6f1d2b3a-…
type identity struct {
	fsid  osdmap.UUID
	name  string
	store osdmap.UUID
}

const (
	identityName = "monitor"
	format       = "1"
)

func (id identity) text() string {
	return fmt.Sprintf("zeph-mon\nformat %s\nfsid %v\nname %s\nstore %v\n", format, id.fsid, id.name, id.store)
}

func parseIdentity(text string) (id identity, err error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 2 || lines[0] != "zeph-mon" {
		return id, errors.New("it is not a monitor's")
	}
	if f, ok := strings.CutPrefix(lines[1], "format "); !ok || f != format {
		return id, fmt.Errorf("%.40q: this program knows format %s", lines[1], format)
	}
	for _, line := range lines[2:] {
		key, value, _ := strings.Cut(line, " ")
		var wrong error
		switch key {
		case "fsid":
			id.fsid, wrong = osdmap.ParseUUID(value)
		case "store":
			id.store, wrong = osdmap.ParseUUID(value)
		case "name":
			id.name = value
		}
		err = errors.Join(err, wrong)
	}
	if err == nil && (id.fsid.IsZero() || id.store.IsZero() || id.name == "") {
		err = errors.New("it does not say all that it should")
	}
	return id, err
}

func readIdentity(dir string) (identity, error) {
	file := filepath.Join(dir, identityName)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return identity{}, fmt.Errorf("folder %s: no monitor's data is there: zeph-mon mkfs makes it", dir)
	}
	if err != nil {
		return identity{}, err
	}
	id, err := parseIdentity(string(text))
	if err != nil {
		return id, fmt.Errorf("%s: %w", file, err)
	}
	return id, nil
}

// write makes the file whole or not at all. It is what makes a folder a monitor's, so it comes last.
func (id identity) write(dir string) error {
	file := filepath.Join(dir, identityName)
	f, err := os.OpenFile(file+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(id.text())
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(file+".new", file); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// check refuses a folder that is not the one wanted.
func (id identity) check(dir, name string, fsid, store osdmap.UUID) error {
	switch {
	case id.fsid != fsid:
		return fmt.Errorf("folder %s: it is of cluster %v, not %v", dir, id.fsid, fsid)
	case id.name != name:
		return fmt.Errorf("folder %s: it is that of mon.%s, not of mon.%s", dir, id.name, name)
	case !store.IsZero() && id.store != store:
		return fmt.Errorf("folder %s: its store is %v, the cluster file has %v for mon.%s", dir, id.store, store, name)
	}
	return nil
}
