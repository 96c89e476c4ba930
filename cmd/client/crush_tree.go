package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/crush"
)

func (a *app) crushTreeCommand() *cobra.Command {
	var path string
	var shadows bool
	cmd := &cobra.Command{
		Use:   "tree -i MAP",
		Short: "Show the hierarchy, and each item's share of its root",
		Long: "Shows the hierarchy of a CRUSH map as \"ceph osd tree\" does. SHARE is the part of all that is\n" +
			"drawn from the root that comes to the item: what an OSD should hold of a pool with one copy.\n" +
			"A column for each weight set shows the weights it draws the first copy by.",
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := require(cmd, "input"); err != nil {
				return err
			}
			m, err := a.readCrush(path)
			if err != nil {
				return err
			}
			t, err := newTree(m, shadows)
			if err != nil {
				return inFile(path, err)
			}
			return a.print(t)
		},
	}
	addMapFlag(cmd, &path)
	cmd.Flags().BoolVar(&shadows, "show-shadow", false, "show the trees of the device classes too")
	return cmd
}

// maxTreeNodes bounds a tree: a few buckets that hold each other many times over would
// unfold to one larger than any memory.
const maxTreeNodes = 4 << 20

// tree is the hierarchy unfolded: an item that two buckets hold is in it twice.
type tree struct {
	Nodes []treeNode `json:"nodes"` // each before those below it
	Stray []treeNode `json:"stray"` // devices that no bucket holds

	m *crush.Map
}

type treeNode struct {
	ID         crush.ItemID   `json:"id"`
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	TypeID     crush.TypeID   `json:"type_id"`
	Class      string         `json:"device_class,omitempty"`
	Depth      int            `json:"depth"` // 0: a root
	Weight     float64        `json:"crush_weight"`
	Share      float64        `json:"share_percent"` // of the root's
	WeightSets []setWeight    `json:"weight_sets,omitempty"`
	Children   []crush.ItemID `json:"children,omitempty"`
}

// setWeight is the weight an item has in a weight set.
type setWeight struct {
	ID     int64   `json:"id"`
	Weight float64 `json:"weight"`
}

func newTree(m *crush.Map, shadows bool) (*tree, error) {
	t := &tree{m: m, Nodes: []treeNode{}, Stray: []treeNode{}}
	for _, root := range t.roots(shadows) {
		if err := t.grow(root, nil, -1, 0, 100); err != nil {
			return nil, err
		}
	}
	held := m.Holds()
	for _, d := range m.Devices {
		if int(d.ID) >= len(held) || !held[d.ID] {
			t.Stray = append(t.Stray, t.node(d.ID))
		}
	}
	return t, nil
}

// roots lists the buckets that no bucket holds, the lowest id first.
func (t *tree) roots(shadows bool) []crush.ItemID {
	parents := t.m.Parents()
	var roots []crush.ItemID
	for _, b := range slices.Backward(t.m.Buckets) {
		if len(parents[b.ID]) == 0 && (shadows || !b.IsShadow()) {
			roots = append(roots, b.ID)
		}
	}
	return roots
}

// grow adds an item, which is at a position of its parent, and all below it.
func (t *tree) grow(id crush.ItemID, parent *crush.Bucket, at, depth int, share float64) error {
	if len(t.Nodes) == maxTreeNodes {
		return fmt.Errorf("the tree has more than %d items: some are held by many buckets", maxTreeNodes)
	}
	n := t.node(id)
	n.Depth, n.Share = depth, share
	b, _ := t.m.Bucket(id)
	if b != nil {
		n.Weight = b.Weight().Float()
	}
	if parent != nil {
		n.Weight = parent.Items[at].Weight.Float()
		n.WeightSets = t.setWeights(parent.ID, at)
	}
	index := len(t.Nodes)
	t.Nodes = append(t.Nodes, n)
	if b == nil {
		return nil
	}
	for _, i := range t.order(b) {
		it := b.Items[i]
		t.Nodes[index].Children = append(t.Nodes[index].Children, it.ID)
		if err := t.grow(it.ID, b, i, depth+1, part(share, it.Weight, b.Weight())); err != nil {
			return err
		}
	}
	return nil
}

// part of a share goes to an item: a bucket draws by the weights of its items alone.
func part(share float64, item, bucket crush.Weight) float64 {
	if bucket == 0 {
		return 0
	}
	return share * float64(item) / float64(bucket)
}

func (t *tree) node(id crush.ItemID) treeNode {
	n := treeNode{ID: id, Name: t.m.ItemName(id)}
	if b, ok := t.m.Bucket(id); ok {
		n.TypeID, n.Class = b.Type, b.Class
	} else if d, ok := t.m.Device(id); ok {
		n.Class = d.Class
	}
	n.Type = t.m.TypeName(n.TypeID)
	return n
}

// setWeights are the weights that the sets have for the item at a position of a bucket.
// They may differ by copy; shown is that of the first.
func (t *tree) setWeights(bucket crush.ItemID, at int) []setWeight {
	var all []setWeight
	for _, set := range t.m.ChooseArgs {
		i, ok := slices.BinarySearchFunc(set.Args, bucket, func(a crush.ChooseArg, id crush.ItemID) int {
			return cmp.Compare(id, a.Bucket) // they descend
		})
		if ok && len(set.Args[i].Weights) > 0 {
			all = append(all, setWeight{set.ID, set.Args[i].Weights[0][at].Float()})
		}
	}
	return all
}

// order lists the positions of a bucket's items in the order that Ceph shows them: buckets
// by name, devices by class and id.
func (t *tree) order(b *crush.Bucket) []int {
	positions := make([]int, len(b.Items))
	keys := make([]string, len(b.Items))
	for i, it := range b.Items {
		positions[i] = i
		if it.ID.IsBucket() {
			keys[i] = "_" + t.m.ItemName(it.ID)
		} else if d, ok := t.m.Device(it.ID); ok {
			keys[i] = fmt.Sprintf("%s_osd.%08d", d.Class, it.ID)
		} else {
			keys[i] = fmt.Sprintf("_osd.%08d", it.ID)
		}
	}
	slices.SortStableFunc(positions, func(i, j int) int { return strings.Compare(keys[i], keys[j]) })
	return positions
}
