package world

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// Cluster is what a cluster file (zeph.yaml) says: enough to find the monitors, who know the rest.
//
//	fsid: 6f1c0a52-3a0c-4cc8-b1f0-6f4f2c1f8a11
//	mons:
//	  a: {control: tcp://127.0.0.1:41001, bulk: tcp://127.0.0.1:41002, hints: tcp://127.0.0.1:41003, store: 0a…}
type Cluster struct {
	FSID osdmap.UUID
	Mons []ClusterMon // ascending by name

	Version uint64 // of the monmap that they are of; 0: somebody wrote them down
}

// ClusterMon is a monitor's line.
type ClusterMon struct {
	Name                 string      // such as a
	Control, Bulk, Hints string      // where it listens
	Store                osdmap.UUID // with the name its id, fixed at mkfs; zero: not written down
}

// clusterFile is the file's form.
type clusterFile struct {
	FSID    string             `yaml:"fsid"`
	Version uint64             `yaml:"version,omitempty"`
	Mons    map[string]monLine `yaml:"mons"`
}

type monLine struct {
	Control string `yaml:"control"`
	Bulk    string `yaml:"bulk,omitempty"`
	Hints   string `yaml:"hints,omitempty"`
	Store   string `yaml:"store,omitempty"`
}

// maxClusterFile bounds what we read: no cluster file is larger.
const maxClusterFile = 1 << 20

// ReadCluster reads a cluster file.
func ReadCluster(path string) (*Cluster, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, err := ParseCluster(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// ParseCluster reads a cluster file's text. Keys that it does not know are errors: a misspelt one
// would be missed.
func ParseCluster(text []byte) (*Cluster, error) {
	if len(text) > maxClusterFile {
		return nil, fmt.Errorf("no cluster file: larger than %d KiB", maxClusterFile>>10)
	}
	var file clusterFile
	if err := yaml.UnmarshalWithOptions(text, &file, yaml.Strict()); err != nil {
		return nil, errors.New(yaml.FormatError(err, false, false))
	}
	fsid, err := osdmap.ParseUUID(file.FSID)
	if err != nil {
		return nil, fmt.Errorf("fsid: %w", err)
	}
	c := &Cluster{FSID: fsid, Version: file.Version}
	for name, line := range file.Mons {
		m, err := line.mon(name)
		if err != nil {
			return nil, err
		}
		c.Mons = append(c.Mons, m)
	}
	if len(c.Mons) == 0 {
		return nil, errors.New("mons: there is none")
	}
	c.sort()
	return c, nil
}

func (l monLine) mon(name string) (ClusterMon, error) {
	m := ClusterMon{Name: name, Control: l.Control, Bulk: l.Bulk, Hints: l.Hints}
	if _, err := wire.ParseEntity("mon." + name); err != nil {
		return ClusterMon{}, fmt.Errorf("mons: %w", err)
	}
	if l.Control == "" {
		return ClusterMon{}, fmt.Errorf("mon.%s: its control address is missing", name)
	}
	if l.Store == "" {
		return m, nil
	}
	var err error
	if m.Store, err = osdmap.ParseUUID(l.Store); err != nil {
		return ClusterMon{}, fmt.Errorf("mon.%s: store: %w", name, err)
	}
	return m, nil
}

func (c *Cluster) sort() {
	slices.SortFunc(c.Mons, func(a, b ClusterMon) int { return cmp.Compare(a.Name, b.Name) })
}

// Encode is the file's text.
func (c *Cluster) Encode() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "fsid: %v\n", c.FSID)
	if c.Version > 0 {
		fmt.Fprintf(&b, "version: %d\n", c.Version)
	}
	b.WriteString("mons:\n")
	for _, m := range c.Mons {
		var fields []string
		for _, f := range [][2]string{{"control", m.Control}, {"bulk", m.Bulk}, {"hints", m.Hints}} {
			if f[1] != "" {
				fields = append(fields, fmt.Sprintf("%s: %q", f[0], f[1]))
			}
		}
		if !m.Store.IsZero() {
			fields = append(fields, fmt.Sprintf("store: %v", m.Store))
		}
		fmt.Fprintf(&b, "  %s: {%s}\n", m.Name, strings.Join(fields, ", "))
	}
	return b.Bytes()
}

// ClusterOf is the cluster file of a monmap.
func ClusterOf(fsid osdmap.UUID, m *wire.Monmap) *Cluster {
	c := &Cluster{FSID: fsid, Version: m.Version}
	for _, mon := range m.Mons {
		c.Mons = append(c.Mons, ClusterMon{Name: mon.Name, Control: mon.Control, Bulk: mon.Bulk, Hints: mon.Hints, Store: mon.Store})
	}
	c.sort()
	return c
}

// Mon finds a monitor by its name.
func (c *Cluster) Mon(name string) (*ClusterMon, bool) {
	for i := range c.Mons {
		if c.Mons[i].Name == name {
			return &c.Mons[i], true
		}
	}
	return nil, false
}

// Dest is the monitor as whom messages go to, whichever run of it.
func (m *ClusterMon) Dest() core.Dest {
	e, err := wire.ParseEntity("mon." + m.Name)
	if err != nil {
		panic(err) // ParseCluster has looked
	}
	d := core.Dest{Peer: core.Peer{Entity: e}}
	for _, a := range []osdmap.Addr{{Name: "bulk", Addr: m.Bulk}, {Name: "control", Addr: m.Control}, {Name: "hints", Addr: m.Hints}} {
		if a.Addr != "" {
			d.Addrs = append(d.Addrs, a)
		}
	}
	return d
}

// Dests are all monitors as whom messages go to.
func (c *Cluster) Dests() []core.Dest {
	var all []core.Dest
	for i := range c.Mons {
		all = append(all, c.Mons[i].Dest())
	}
	return all
}
