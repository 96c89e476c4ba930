package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// state is lab.json.
type state struct {
	FSID    string   `json:"fsid"`
	Host    string   `json:"host"`               // the address that daemons listen at
	MonArgs []string `json:"mon_args,omitempty"` // more flags for every monitor
	OSDArgs []string `json:"osd_args,omitempty"` // … for every OSD
	Bin     Binaries `json:"binaries"`

	Capacity uint64 `json:"capacity"` // of each OSD, in bytes

	Groups int   `json:"groups,omitempty"` // the first of the daemons' group ids; 0: they have none of their own
	Netns  bool  `json:"netns,omitempty"`  // each has a network namespace instead
	Cuts   []Cut `json:"cuts,omitempty"`   // in the network

	Complete bool `json:"complete"` // it was healthy once; else whoever made it was cut short

	Daemons []*Daemon `json:"daemons"` // monitors, then OSDs, in the order of their ids
}

// ErrNoLab: there is no lab in the folder.
var ErrNoLab = errors.New("no lab")

func (l *Lab) load() (*state, error) {
	text, err := os.ReadFile(filepath.Join(l.dir, "lab.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", l.dir, ErrNoLab)
	}
	if err != nil {
		return nil, err
	}
	s := &state{}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(l.dir, "lab.json"), err)
	}
	return s, nil
}

// save replaces the file at once, so that a reader sees the old or the new one.
func (l *Lab) save(s *state) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(l.dir, "lab.json"), append(text, '\n'))
}

func replaceFile(path string, text []byte) error {
	tmp := path + ".new"
	if err := os.WriteFile(tmp, text, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// find is the daemon of a name.
func (s *state) find(name string) (*Daemon, error) {
	for _, d := range s.Daemons {
		if d.Name == name {
			return d, nil
		}
	}
	return nil, fmt.Errorf("%s: the lab has no such daemon", name)
}

// add puts a daemon in its place.
func (s *state) add(d *Daemon) {
	s.Daemons = append(s.Daemons, d)
	slices.SortStableFunc(s.Daemons, byName)
}

func byName(a, b *Daemon) int {
	if a.Kind != b.Kind {
		if a.Kind == Mon {
			return -1
		}
		return 1
	}
	if len(a.Name) != len(b.Name) {
		return len(a.Name) - len(b.Name)
	}
	switch {
	case a.Name < b.Name:
		return -1
	case a.Name > b.Name:
		return 1
	}
	return 0
}

// of are the daemons of one kind.
func (s *state) of(k Kind) []*Daemon {
	var some []*Daemon
	for _, d := range s.Daemons {
		if d.Kind == k {
			some = append(some, d)
		}
	}
	return some
}

// alive are the daemons that have a process, running or paused.
func (s *state) alive() []*Daemon {
	var some []*Daemon
	for _, d := range s.Daemons {
		if now := d.now(); now == Running || now == Paused {
			some = append(some, d)
		}
	}
	return some
}

// poll is how often the lab looks at what it waits for.
const poll = 10 * time.Millisecond
