package osdmap

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"zeph/pkg/crush"
)

// Epoch numbers the maps of one cluster. Epoch 0 is the empty map before the first Change.
type Epoch uint32

// OSDID names an OSD. Its devices in the CRUSH map have the same number.
type OSDID int32

// NoOSD fills the position of a mapping that no OSD holds, as crush.None does.
const NoOSD = OSDID(crush.None)

// String is the OSD's entity name, such as osd.3.
func (id OSDID) String() string {
	if id == NoOSD {
		return "none"
	}
	return "osd." + strconv.Itoa(int(id))
}

// PoolID names a pool. Ids count up from 1 and are never used again.
// (Clusters older than Ceph's 10th release may still have a pool 0.)
type PoolID int64

// PGID names one placement group: the seed-th share of a pool.
type PGID struct {
	Pool PoolID
	Seed uint32 // below the pool's pg_num
}

// String is Ceph's form: pool in decimal, seed in hexadecimal, as in 1.7f.
func (pg PGID) String() string {
	return strconv.FormatInt(int64(pg.Pool), 10) + "." + strconv.FormatUint(uint64(pg.Seed), 16)
}

// Compare orders PGs by pool, then seed.
func (pg PGID) Compare(other PGID) int {
	if pg.Pool != other.Pool {
		return cmp.Compare(pg.Pool, other.Pool)
	}
	return cmp.Compare(pg.Seed, other.Seed)
}

// ParsePGID reads the form that String writes.
func ParsePGID(s string) (PGID, error) {
	pool, seed, _ := strings.Cut(s, ".")
	p, poolErr := strconv.ParseUint(pool, 10, 63)
	n, seedErr := strconv.ParseUint(seed, 16, 32)
	if poolErr != nil || seedErr != nil {
		return PGID{}, fmt.Errorf("pg %q: expected POOL.SEED with a hexadecimal seed, such as 1.7f", s)
	}
	return PGID{PoolID(p), uint32(n)}, nil
}

// UnixMilli is a moment: milliseconds since 1970 in UTC. Whoever makes a Change gives it.
type UnixMilli int64
