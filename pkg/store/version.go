package store

import (
	"cmp"
	"fmt"

	"zeph/pkg/osdmap"
)

// Version numbers the writes of a PG: the epoch that its primary had, then a count that never
// begins anew. The zero one comes before all others. It converts to and from wire.PGVersion.
type Version struct {
	Epoch osdmap.Epoch
	Seq   uint64
}

// LastVersion comes after all others: LogBefore starts from it at the newest entry.
var LastVersion = Version{Epoch: ^osdmap.Epoch(0), Seq: ^uint64(0)}

// Compare orders versions by epoch, then count.
func (v Version) Compare(other Version) int {
	return cmp.Or(cmp.Compare(v.Epoch, other.Epoch), cmp.Compare(v.Seq, other.Seq))
}

// String is Ceph's form, such as 12'345.
func (v Version) String() string { return fmt.Sprintf("%d'%d", v.Epoch, v.Seq) }
