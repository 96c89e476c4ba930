package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
)

// mapFlags are for commands that place objects and so need both maps. (What "ceph osd dump"
// prints holds no CRUSH map.)
type mapFlags struct {
	osdmap, crush string
	markUpIn      bool
}

// checkPair warns when the two maps seem not to belong together: more than a quarter of the
// OSDs that take data stand nowhere in the hierarchy.
func (a *app) checkPair(m *osdmap.Map) {
	in, strangers := 0, 0
	held := m.Crush().Holds()
	for id := range m.OSDs() {
		if m.IsIn(id) {
			in++
			if int(id) >= len(held) || !held[id] {
				strangers++
			}
		}
	}
	if 4*strangers > in {
		a.warn("%d of %d osds that are in are not in the CRUSH map: do the two files belong together?", strangers, in)
	}
}

func (f *mapFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.osdmap, "osdmap", "", "osdmap `FILE`: what \"ceph osd dump -f json\" prints; - is stdin")
	cmd.Flags().StringVar(&f.crush, "crush", "", "CRUSH map `FILE`: text, JSON or binary; - is stdin")
	cmd.Flags().BoolVar(&f.markUpIn, "mark-up-in", false, "imagine that every osd is up and in")
}

func (a *app) readMaps(cmd *cobra.Command, f *mapFlags) (*osdmap.Map, error) {
	if err := require(cmd, "osdmap", "crush"); err != nil {
		return nil, err
	}
	m, err := a.readOSDMap(f.osdmap, f.crush)
	if err != nil {
		return nil, err
	}
	a.checkPair(m)
	if !f.markUpIn {
		return m, nil
	}
	return placement.AllUpIn(m)
}

// findPool finds a pool by name or id.
func findPool(m *osdmap.Map, pool string) (osdmap.Pool, error) {
	if p, ok := m.PoolNamed(pool); ok {
		return p, nil
	}
	if id, err := strconv.ParseInt(pool, 10, 64); err == nil {
		if p, ok := m.Pool(osdmap.PoolID(id)); ok {
			return p, nil
		}
	}
	var names []string
	for p := range m.Pools() {
		names = append(names, p.Name)
	}
	err := fmt.Errorf("pool %s: the osdmap does not have it", pool)
	if near := nearest(pool, names); near != "" {
		return osdmap.Pool{}, next(err, "did you mean: %s", near)
	}
	return osdmap.Pool{}, next(err, "it has: %q", names)
}
