package lab

import (
	"math/rand/v2"
	"os"
	"syscall"
)

// Daemons that may be cut off run with a group id each of their own, for a packet filter knows the
// sender of a packet by its ids, and all of them share one address and one user. The ids belong to
// no group that has a name.

const (
	firstGroup = 20_000 // the lowest that we take; all are below 65536, which is what containers know
	perLab     = 256    // group ids
	forMons    = 32     // of these
)

// newGroups draws the first of a lab's group ids.
func newGroups() int { return firstGroup + perLab*rand.IntN(170) }

// group is a daemon's group id.
func (s *state) group(d *Daemon) int {
	if d.Kind == OSD {
		return s.Groups + forMons + number(d.ID())%(perLab-forMons)
	}
	for i, m := range s.of(Mon) {
		if m.Name == d.Name {
			return s.Groups + i%forMons
		}
	}
	return s.Groups
}

// credential is what a daemon runs as; nil: as whoever starts it.
func (s *state) credential(d *Daemon) *syscall.Credential {
	if s.Groups == 0 {
		return nil
	}
	return &syscall.Credential{Uid: uint32(os.Getuid()), Gid: uint32(s.group(d)), NoSetGroups: true}
}
