package lab

import (
	"crypto/rand"
	"path/filepath"

	"zeph/pkg/osdmap"
	"zeph/pkg/world"
)

// ClusterFile is what clients and daemons find the cluster by.
func (l *Lab) ClusterFile() string { return filepath.Join(l.dir, "zeph.yaml") }

// clusterFile is the text of the cluster file: the fsid, and where each monitor listens.
func (s *state) clusterFile() ([]byte, error) {
	c := &world.Cluster{}
	var err error
	if c.FSID, err = osdmap.ParseUUID(s.FSID); err != nil {
		return nil, err
	}
	for _, d := range s.of(Mon) {
		m := world.ClusterMon{Name: d.ID()}
		if m.Store, err = osdmap.ParseUUID(d.Store); err != nil {
			return nil, err
		}
		for _, a := range d.Addresses {
			switch a.Name {
			case "control":
				m.Control = a.Addr
			case "bulk":
				m.Bulk = a.Addr
			case "hints":
				m.Hints = a.Addr
			}
		}
		c.Mons = append(c.Mons, m)
	}
	return append([]byte("# Written by zeph lab up.\n"), c.Encode()...), nil
}

// newUUID draws a random one (RFC 9562, version 4).
func newUUID() string {
	var u osdmap.UUID
	rand.Read(u[:]) // it never fails
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return u.String()
}
