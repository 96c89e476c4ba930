package lab

import (
	"context"
	"fmt"
)

// Resize restarts an OSD with a disk of another capacity in bytes; 0 is that of the lab's other ones. So disks become full
// without being filled.
func (l *Lab) Resize(ctx context.Context, name string, capacity uint64) error {
	var started Daemon
	err := l.edit(ctx, func(s *state) error {
		d, err := s.find(name)
		if err != nil {
			return err
		}
		if d.Kind != OSD {
			return fmt.Errorf("%s: only OSDs have a capacity", name)
		}
		if d.Capacity = capacity; !d.gone() {
			if err := end(ctx, []*Daemon{d}, goodbye); err != nil {
				return err
			}
		}
		err = l.launch(s, d)
		started = *d
		return err
	})
	if err != nil {
		return err
	}
	return started.wait(ctx)
}
