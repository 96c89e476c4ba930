package crush

import "slices"

// ItemID names a node of the hierarchy: devices count up from 0, buckets down from -1.
type ItemID int32

// None fills a position that no item could be found for.
const None ItemID = 0x7fffffff

// IsDevice tells a device from a bucket. None is neither.
func (id ItemID) IsDevice() bool { return id >= 0 && id < undefined }

// IsBucket tells a bucket from a device.
func (id ItemID) IsBucket() bool { return id < 0 }

// TypeID names a level of the hierarchy (host, rack, …). Type 0 is the device.
type TypeID int32

// RuleID names a rule.
type RuleID int32

// Limits keep a hostile map from asking for more memory than a cluster could ever use:
// the mapper keeps one slot for every id up to the largest.
const (
	MaxDeviceID = 1<<20 - 1 // largest device id
	MinBucketID = -1 << 20  // smallest bucket id
	MaxRuleID   = 255       // as in Ceph
	MaxItems    = 1 << 20   // items of one bucket
	MaxDepth    = 64        // levels from a root to a device
	MaxSteps    = 1000      // steps of one rule
	maxPaths    = 1 << 21   // ways from one bucket down to devices
	maxSetSlots = 1_000     // positions of one weight set
)

// More limits keep a rule from running for ever.
const (
	maxTries   = 100_000    // descents for one position
	maxLocal   = 1_000      // retries within one bucket
	maxChoose  = 1_000      // items of one choose step
	maxWork    = 10_000_000 // descents of a rule for one input
	usualItems = 10         // what a step that names no number counts as
)

// Map is a hierarchy of weighted buckets over devices, and the rules that pick from it.
// It is plain data: read it freely, treat it as immutable once shared, and give it to
// NewMapper to place things. Shadow buckets (one tree for each device class) are ordinary
// buckets in it, as they are in Ceph.
type Map struct {
	Tunables   Tunables
	Devices    []Device     // ascending id
	Types      []Type       // ascending id
	Buckets    []Bucket     // descending id: -1, -2, …
	Rules      []Rule       // ascending id
	ChooseArgs []ChooseArgs // ascending id
}

// Device is a leaf of the hierarchy: one OSD.
type Device struct {
	ID    ItemID
	Name  string
	Class string // "hdd", "ssd", …; empty when none
}

// Type names one level of the hierarchy.
type Type struct {
	ID   TypeID
	Name string
}

// Bucket is an inner node: a list of weighted items and the algorithm that draws one of them.
type Bucket struct {
	ID    ItemID
	Name  string
	Type  TypeID
	Alg   Alg
	Hash  Hash
	Items []Item

	// A shadow bucket repeats bucket ShadowOf with only the devices of one class.
	ShadowOf ItemID // 0: not a shadow
	Class    string
}

// Item is an entry of a bucket. Its weight is what the bucket draws by; for an inner
// bucket that is usually, but need not be, the sum of that bucket's own items.
type Item struct {
	ID     ItemID
	Weight Weight
}

// Weight is the sum of the bucket's item weights.
func (b *Bucket) Weight() Weight {
	var sum Weight
	for _, it := range b.Items {
		sum += it.Weight
	}
	return sum
}

// IsShadow reports whether the bucket belongs to the tree of one device class.
func (b *Bucket) IsShadow() bool { return b.ShadowOf != 0 }

// ChooseArgs is one weight set: it replaces weights, and ids in the hash, of the buckets it
// lists, so that a balancer can correct a spread without touching the true weights.
// Ceph keeps one for each pool that has its own, and one default set, id -1.
type ChooseArgs struct {
	ID   int64
	Args []ChooseArg // descending bucket id
}

// DefaultChooseArgs is the id of the weight set used by pools that have none of their own.
const DefaultChooseArgs int64 = -1

// ChooseArg overrides one bucket.
type ChooseArg struct {
	Bucket  ItemID
	Weights [][]Weight // by position in the result (the last serves all further ones), then by item
	IDs     []ItemID   // hashed instead of the item ids; empty: the items themselves
}

// Device finds a device by id.
func (m *Map) Device(id ItemID) (*Device, bool) {
	i, ok := slices.BinarySearchFunc(m.Devices, id, func(d Device, id ItemID) int { return int(d.ID - id) })
	if !ok {
		return nil, false
	}
	return &m.Devices[i], true
}

// Bucket finds a bucket by id.
func (m *Map) Bucket(id ItemID) (*Bucket, bool) {
	i, ok := slices.BinarySearchFunc(m.Buckets, id, func(b Bucket, id ItemID) int { return int(id - b.ID) })
	if !ok {
		return nil, false
	}
	return &m.Buckets[i], true
}

// Rule finds a rule by id.
func (m *Map) Rule(id RuleID) (*Rule, bool) {
	i, ok := slices.BinarySearchFunc(m.Rules, id, func(r Rule, id RuleID) int { return int(r.ID - id) })
	if !ok {
		return nil, false
	}
	return &m.Rules[i], true
}

// RuleNamed finds a rule by name.
func (m *Map) RuleNamed(name string) (*Rule, bool) {
	i := slices.IndexFunc(m.Rules, func(r Rule) bool { return r.Name == name })
	if i < 0 {
		return nil, false
	}
	return &m.Rules[i], true
}

// ItemNamed finds a device or bucket by name, shadow buckets ("host1~ssd") included.
func (m *Map) ItemNamed(name string) (ItemID, bool) {
	if i := slices.IndexFunc(m.Buckets, func(b Bucket) bool { return b.Name == name }); i >= 0 {
		return m.Buckets[i].ID, true
	}
	if i := slices.IndexFunc(m.Devices, func(d Device) bool { return d.Name == name }); i >= 0 {
		return m.Devices[i].ID, true
	}
	return None, false
}

// ItemName is the name of a device or bucket, or one made from its id as Ceph makes it.
func (m *Map) ItemName(id ItemID) string {
	if b, ok := m.Bucket(id); ok && b.Name != "" {
		return b.Name
	}
	if d, ok := m.Device(id); ok && d.Name != "" {
		return d.Name
	}
	return defaultItemName(id)
}

// TypeName is the name of a level, or one made from its id as Ceph makes it.
func (m *Map) TypeName(id TypeID) string {
	if i := slices.IndexFunc(m.Types, func(t Type) bool { return t.ID == id }); i >= 0 {
		return m.Types[i].Name
	}
	return defaultTypeName(id)
}

// TypeNamed finds a level by name.
func (m *Map) TypeNamed(name string) (TypeID, bool) {
	i := slices.IndexFunc(m.Types, func(t Type) bool { return t.Name == name })
	if i < 0 {
		return 0, false
	}
	return m.Types[i].ID, true
}

// MaxDevices is one more than the largest device id, of those declared or held by a bucket.
func (m *Map) MaxDevices() int {
	n := 0
	if last := len(m.Devices) - 1; last >= 0 {
		n = int(m.Devices[last].ID) + 1
	}
	for i := range m.Buckets {
		for _, it := range m.Buckets[i].Items {
			n = max(n, int(it.ID)+1)
		}
	}
	return n
}

// Holds reports for every device below MaxDevices whether some bucket holds it.
func (m *Map) Holds() []bool {
	held := make([]bool, m.MaxDevices())
	for i := range m.Buckets {
		for _, it := range m.Buckets[i].Items {
			if it.ID.IsDevice() {
				held[it.ID] = true
			}
		}
	}
	return held
}

// ArgsFor is the weight set Ceph uses for a pool: its own, else the default one, else none.
func (m *Map) ArgsFor(pool int64) *ChooseArgs {
	for _, id := range [...]int64{pool, DefaultChooseArgs} {
		i := slices.IndexFunc(m.ChooseArgs, func(a ChooseArgs) bool { return a.ID == id })
		if i >= 0 {
			return &m.ChooseArgs[i]
		}
	}
	return nil
}

// Parents lists for every item the buckets that hold it, nearest the root first by id.
func (m *Map) Parents() map[ItemID][]ItemID {
	parents := make(map[ItemID][]ItemID)
	for i := range m.Buckets {
		for _, it := range m.Buckets[i].Items {
			parents[it.ID] = append(parents[it.ID], m.Buckets[i].ID)
		}
	}
	return parents
}

// Roots lists the buckets that no bucket holds, shadow trees left out, in descending id.
func (m *Map) Roots() []ItemID {
	parents := m.Parents()
	var roots []ItemID
	for i := range m.Buckets {
		if b := &m.Buckets[i]; !b.IsShadow() && len(parents[b.ID]) == 0 {
			roots = append(roots, b.ID)
		}
	}
	return roots
}

// Clone copies the map so that the copy can be changed.
func (m *Map) Clone() *Map {
	c := *m
	c.Devices = slices.Clone(m.Devices)
	c.Types = slices.Clone(m.Types)
	c.Buckets = slices.Clone(m.Buckets)
	for i := range c.Buckets {
		c.Buckets[i].Items = slices.Clone(c.Buckets[i].Items)
	}
	c.Rules = slices.Clone(m.Rules)
	for i := range c.Rules {
		c.Rules[i].Steps = slices.Clone(c.Rules[i].Steps)
	}
	c.ChooseArgs = slices.Clone(m.ChooseArgs)
	for i := range c.ChooseArgs {
		args := slices.Clone(c.ChooseArgs[i].Args)
		for j := range args {
			args[j].IDs = slices.Clone(args[j].IDs)
			args[j].Weights = slices.Clone(args[j].Weights)
			for k := range args[j].Weights {
				args[j].Weights[k] = slices.Clone(args[j].Weights[k])
			}
		}
		c.ChooseArgs[i].Args = args
	}
	return &c
}
