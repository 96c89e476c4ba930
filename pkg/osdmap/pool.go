package osdmap

import "zeph/pkg/crush"

// Pool is a name space of objects that share one way of being stored.
type Pool struct {
	ID          PoolID       `cbor:"1,keyasint"`
	Name        string       `cbor:"2,keyasint"`
	Type        PoolType     `cbor:"3,keyasint"`
	Size        uint32       `cbor:"4,keyasint"`            // copies, or shards, of each object
	MinSize     uint32       `cbor:"5,keyasint"`            // fewer live than this, and a PG serves nobody
	PGNum       uint32       `cbor:"6,keyasint"`            // placement groups; fixed while the pool lives
	PGPNum      uint32       `cbor:"7,keyasint"`            // how many of them CRUSH tells apart
	Rule        crush.RuleID `cbor:"8,keyasint"`            //
	Flags       PoolFlags    `cbor:"9,keyasint,omitzero"`   //
	ObjectHash  ObjectHash   `cbor:"10,keyasint"`           //
	Quota       Quota        `cbor:"11,keyasint,omitzero"`  //
	Application string       `cbor:"12,keyasint,omitempty"` // who uses it: "rbd", "rgw", …; may be empty

	// Apply fills these two; what a Change says of them is not looked at.
	Created    Epoch `cbor:"13,keyasint,omitzero"` // first epoch with the pool; 0 in a pool imported from Ceph
	LastChange Epoch `cbor:"14,keyasint,omitzero"` // newest epoch that changed the pool

	// ReadLeaseMS is Ceph's pool option read_lease_interval in milliseconds; 0: LeaseMS tells the default.
	ReadLeaseMS uint32 `cbor:"15,keyasint,omitzero"`
}

// Bounds of ReadLeaseMS. OSDs look after leases ten times a second, and grant none beyond the longest.
const (
	DefaultReadLeaseMS = 800
	MinReadLeaseMS     = 100
	MaxReadLeaseMS     = 60_000
)

// LeaseMS is how long the leases of the pool's primaries are, in milliseconds. It belongs to an interval as size and
// min_size do: who looks back at one counts the lease that was granted then.
func (p *Pool) LeaseMS() uint32 {
	if p.ReadLeaseMS == 0 {
		return DefaultReadLeaseMS
	}
	return p.ReadLeaseMS
}

// CanShift reports whether a lacking OSD shortens a mapping. Where positions carry
// meaning, as in erasure pools, it leaves a hole.
func (p *Pool) CanShift() bool { return p.Type == Replicated }

// PoolType says how a pool protects its objects. The values are Ceph's.
type PoolType uint8

const (
	Replicated PoolType = 1
	Erasure    PoolType = 3
)

func (t PoolType) String() string { return t.ruleType().String() }

func (t PoolType) valid() bool { return t == Replicated || t == Erasure }

// ruleType is the type of CRUSH rule such pools need.
func (t PoolType) ruleType() crush.RuleType { return crush.RuleType(t) }

// ObjectHash is the function from object name to seed. The values are Ceph's.
type ObjectHash uint8

const (
	HashLinux    ObjectHash = 1 // that of Linux's dentry cache; legacy
	HashRJenkins ObjectHash = 2
)

func (h ObjectHash) String() string {
	switch h {
	case HashLinux:
		return "linux"
	case HashRJenkins:
		return "rjenkins"
	}
	return "unknown"
}

func (h ObjectHash) valid() bool { return h == HashLinux || h == HashRJenkins }

// Quota bounds a pool; zero means no bound.
type Quota struct {
	MaxBytes   uint64 `cbor:"1,keyasint,omitzero"`
	MaxObjects uint64 `cbor:"2,keyasint,omitzero"`
}
