package osdmap

import (
	"fmt"
	"math/bits"
	"strings"
)

// Flags hold for the whole cluster. The bits are Ceph's.
type Flags uint32

const (
	FlagNearFull    Flags = 1 << 0
	FlagFull        Flags = 1 << 1
	FlagPauseRead   Flags = 1 << 2 // clients hold their reads back
	FlagPauseWrite  Flags = 1 << 3 // clients hold their writes back
	FlagNoUp        Flags = 1 << 5 // the leader lets no OSD come up
	FlagNoDown      Flags = 1 << 6 // … marks none down
	FlagNoOut       Flags = 1 << 7 // … puts none out
	FlagNoIn        Flags = 1 << 8 // … puts none in
	FlagNoBackfill  Flags = 1 << 9
	FlagNoRecover   Flags = 1 << 10
	FlagNoScrub     Flags = 1 << 11
	FlagNoDeepScrub Flags = 1 << 12
	FlagNoRebalance Flags = 1 << 14 // backfill only what lacks copies

	FlagPause = FlagPauseRead | FlagPauseWrite
)

var flagNames = bitNames{
	0: "nearfull", 1: "full", 2: "pauserd", 3: "pausewr", 5: "noup", 6: "nodown", 7: "noout", 8: "noin",
	9: "nobackfill", 10: "norecover", 11: "noscrub", 12: "nodeep-scrub", 14: "norebalance",
}

// String lists the flags by their Ceph names, separated by commas.
func (f Flags) String() string { return flagNames.list(uint64(f)) }

// unknown are the bits that have no name.
func (f Flags) unknown() Flags { return Flags(flagNames.unknown(uint64(f))) }

// ParseFlag finds a flag by its Ceph name. "pause" means both pauserd and pausewr.
func ParseFlag(name string) (Flags, error) {
	if name == "pause" {
		return FlagPause, nil
	}
	f, err := flagNames.parse(name)
	return Flags(f), err
}

// PoolFlags hold for one pool. The bits are Ceph's.
type PoolFlags uint64

const (
	PoolHashPSPool   PoolFlags = 1 << 0 // PGs of different pools with one seed land on different OSDs
	PoolFull         PoolFlags = 1 << 1
	PoolECOverwrites PoolFlags = 1 << 2
	PoolNoDelete     PoolFlags = 1 << 4 // these three bind the commands of operators
	PoolNoPGChange   PoolFlags = 1 << 5
	PoolNoSizeChange PoolFlags = 1 << 6
	PoolNoScrub      PoolFlags = 1 << 8
	PoolNoDeepScrub  PoolFlags = 1 << 9
	PoolFullQuota    PoolFlags = 1 << 10 // full by its quota
	PoolNearFull     PoolFlags = 1 << 11
	PoolBackfillFull PoolFlags = 1 << 12
)

var poolFlagNames = bitNames{
	0: "hashpspool", 1: "full", 2: "ec_overwrites", 4: "nodelete", 5: "nopgchange", 6: "nosizechange",
	8: "noscrub", 9: "nodeep-scrub", 10: "full_quota", 11: "nearfull", 12: "backfillfull",
}

// String lists the flags by their Ceph names, separated by commas.
func (f PoolFlags) String() string { return poolFlagNames.list(uint64(f)) }

// unknown are the bits that have no name.
func (f PoolFlags) unknown() PoolFlags { return PoolFlags(poolFlagNames.unknown(uint64(f))) }

// ParsePoolFlag finds a flag by its Ceph name.
func ParsePoolFlag(name string) (PoolFlags, error) {
	f, err := poolFlagNames.parse(name)
	return PoolFlags(f), err
}

// bitNames are the names of bits, by position; unnamed bits are unknown.
type bitNames [16]string

func (n *bitNames) list(set uint64) string {
	var names []string
	for ; set != 0; set &= set - 1 {
		bit := bits.TrailingZeros64(set)
		if bit < len(n) && n[bit] != "" {
			names = append(names, n[bit])
		} else {
			names = append(names, fmt.Sprintf("bit%d", bit))
		}
	}
	return strings.Join(names, ",")
}

func (n *bitNames) unknown(set uint64) uint64 {
	for bit, name := range n {
		if name != "" {
			set &^= 1 << bit
		}
	}
	return set
}

func (n *bitNames) parse(name string) (uint64, error) {
	var known []string
	for bit, s := range n {
		if s == name && s != "" {
			return 1 << bit, nil
		}
		if s != "" {
			known = append(known, s)
		}
	}
	return 0, fmt.Errorf("flag %q: unknown, expected one of %s", name, strings.Join(known, ", "))
}
