package wire

import (
	"cmp"
	"fmt"

	"zeph/pkg/osdmap"
)

// PG names one placement group. It converts to osdmap.PGID and back.
type PG struct {
	Pool osdmap.PoolID `cbor:"1,keyasint"`
	Seed uint32        `cbor:"2,keyasint"` // below the pool's pg_num
}

// PGVersion numbers the writes of a PG: the epoch that its primary had, then a count that never
// begins anew. The zero one comes before all others.
type PGVersion struct {
	Epoch osdmap.Epoch `cbor:"1,keyasint"`
	Seq   uint64       `cbor:"2,keyasint"`
}

// IsZero reports whether the version stands for none.
func (v PGVersion) IsZero() bool { return v == PGVersion{} }

// Compare orders versions by epoch, then count.
func (v PGVersion) Compare(other PGVersion) int {
	return cmp.Or(cmp.Compare(v.Epoch, other.Epoch), cmp.Compare(v.Seq, other.Seq))
}

// String is Ceph's form, such as 12'345.
func (v PGVersion) String() string { return fmt.Sprintf("%d'%d", v.Epoch, v.Seq) }

// Asker names a request for ever: the run of the client, and the request id it chose.
type Asker struct {
	GID     GID    `cbor:"1,keyasint"`
	Request uint64 `cbor:"2,keyasint"`
}

// Target says which object a body is about.
type Target struct {
	PG        PG     `cbor:"1,keyasint"`          // that the sender found the object in
	Namespace string `cbor:"2,keyasint,omitzero"` // part of the pool; empty: the default one
	Key       string `cbor:"3,keyasint,omitzero"` // hashed instead of the name; empty: the name is
	Object    string `cbor:"4,keyasint"`          // its name
}
