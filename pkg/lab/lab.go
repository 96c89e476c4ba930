package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Lab is a cluster of processes on this machine, all its data below one folder.
type Lab struct {
	dir string
}

// Open finds the lab of a folder, running or not.
func Open(dir string) (*Lab, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	l := &Lab{dir: abs}
	if _, err := l.load(); err != nil {
		return nil, err
	}
	return l, nil
}

// Dir is the lab's folder.
func (l *Lab) Dir() string { return l.dir }

// List are the lab's daemons as they are now: monitors, then OSDs.
func (l *Lab) List() ([]Daemon, error) {
	s, err := l.load()
	if err != nil {
		return nil, err
	}
	list := []Daemon{}
	for _, d := range s.Daemons {
		if d.State = d.now(); d.gone() {
			d.ended(d.State)
		}
		d.Faults = s.faults(d)
		list = append(list, *d)
	}
	return list, nil
}

// Down ends every daemon: by asking, and by force whoever does not heed that. Data stay.
func (l *Lab) Down(ctx context.Context) error {
	err := l.edit(ctx, func(s *state) error {
		err := l.mendNetwork(s)
		for _, d := range s.alive() {
			if d.hung() {
				err = errors.Join(err, d.unhang(ctx))
			}
		}
		// OSDs first, while there are monitors to say goodbye to.
		var osds, mons []*Daemon
		for _, d := range s.alive() {
			if d.Kind == OSD {
				osds = append(osds, d)
			} else {
				mons = append(mons, d)
			}
		}
		return errors.Join(err, end(ctx, osds, goodbye), end(ctx, mons, goodbye), l.removeNetwork())
	})
	if err != nil {
		return err
	}
	return unregister(l.dir)
}

// Mend takes back what is done to daemons that run: cuts, disks that hang, pauses.
func (l *Lab) Mend(ctx context.Context) error {
	return l.edit(ctx, func(s *state) error {
		s.Cuts = nil
		err := l.watchNetwork(s)
		for _, d := range s.alive() {
			if d.hung() {
				err = errors.Join(err, d.unhang(ctx))
			}
			if d.now() == Paused {
				err = errors.Join(err, d.bring(ctx, syscall.SIGCONT, Running))
			}
		}
		return err
	})
}

// Remove removes the folder of a lab that is down, with all its data.
func (l *Lab) Remove() error {
	list, err := l.List()
	if err != nil {
		return err
	}
	for _, d := range list {
		if d.State == Running || d.State == Paused {
			return fmt.Errorf("%s: %s still runs", l.dir, d.Name)
		}
	}
	return os.RemoveAll(l.dir)
}
