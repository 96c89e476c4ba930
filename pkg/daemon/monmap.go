package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"zeph/pkg/core"
	"zeph/pkg/wire"
	"zeph/pkg/world"
)

// monmapName is the file in a data folder with the monitors that the daemon knew last. It has the form of a
// cluster file.
const monmapName = "monmap.yaml"

// Monitors are those to look for at the start: first those that the daemon knew last, of a version of the
// monmap, then those of the cluster file, which somebody may have written since.
func (c *Common) Monitors(file *world.Cluster) (dests []core.Dest, version uint64, err error) {
	name := filepath.Join(c.Data, monmapName)
	kept, err := world.ReadCluster(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return file.Dests(), 0, nil
	case err != nil:
		return nil, 0, fmt.Errorf("%w: remove it, and the monitors of %s are asked", err, c.Cluster)
	case kept.FSID != file.FSID:
		return nil, 0, fmt.Errorf("%s: it is of cluster %v, %s of %v", name, kept.FSID, c.Cluster, file.FSID)
	}
	dests = kept.Dests()
	for _, m := range file.Mons {
		if old, ok := kept.Mon(m.Name); !ok || old.Control != m.Control {
			dests = append(dests, m.Dest())
		}
	}
	return slices.Clip(dests), kept.Version, nil
}

// KeepMonmap notes who the monitors are, for the next start.
func (c *Common) KeepMonmap(file *world.Cluster, m *wire.Monmap) error {
	kept := world.ClusterOf(file.FSID, m)
	return replace(filepath.Join(c.Data, monmapName), append([]byte("# The monitors as this daemon knew them last.\n"), kept.Encode()...))
}
