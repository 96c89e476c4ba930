package osdmap

import (
	"fmt"
	"strings"
)

// Ratio is a share of a disk in parts per million: 850000 is 0.85. It is no floating point
// number because every machine must find the same OSDs full.
type Ratio uint32

// Whole is the ratio 1.
const Whole Ratio = 1_000_000

// String is the ratio as a decimal, such as 0.85.
func (r Ratio) String() string {
	s := fmt.Sprintf("%d.%06d", r/Whole, r%Whole)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// Ratios are the shares of a disk at which an OSD is near full (a warning), too full to be
// backfilled, and full (no more writes but deletes).
type Ratios struct {
	NearFull     Ratio `cbor:"1,keyasint,omitzero"`
	BackfillFull Ratio `cbor:"2,keyasint,omitzero"`
	Full         Ratio `cbor:"3,keyasint,omitzero"`
}

// DefaultRatios are those of a new cluster.
func DefaultRatios() Ratios { return Ratios{NearFull: 850_000, BackfillFull: 900_000, Full: 950_000} }

func (r Ratios) String() string {
	return fmt.Sprintf("nearfull %v, backfillfull %v, full %v", r.NearFull, r.BackfillFull, r.Full)
}
