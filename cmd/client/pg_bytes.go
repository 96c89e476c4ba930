package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
)

// dataFlags say how much data there is.
type dataFlags struct {
	pools  []string // POOL=SIZE
	shards []string // POOL=K
	pgDump string
}

func (f *dataFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.pools, "bytes", nil, "data in a pool, before replication, as `POOL=SIZE` such as rbd=10T; it counts as spread evenly over the PGs")
	cmd.Flags().StringVar(&f.pgDump, "pg-dump", "", "`FILE` with the bytes of each PG: what \"ceph pg dump -f json\" prints")
	cmd.Flags().StringArrayVar(&f.shards, "data-shards", nil, "into how many data shards an erasure-coded pool cuts its objects, as `POOL=K`")
}

// pgBytes is what the flags say of one copy, or shard, of each PG; nil when they say nothing.
// The pools of which they say nothing are named: their data counts as none.
func (a *app) pgBytes(m *osdmap.Map, f *dataFlags) (placement.Bytes, []string, error) {
	if len(f.pools) == 0 && f.pgDump == "" {
		return nil, nil, nil
	}
	byPG, err := a.readPGDump(f.pgDump)
	if err != nil {
		return nil, nil, err
	}
	byPool, err := perPool(m, "--bytes", f.pools, parseSize)
	if err != nil {
		return nil, nil, err
	}
	shards, err := perPool(m, "--data-shards", f.shards, func(s string) (uint64, error) { return strconv.ParseUint(s, 10, 8) })
	if err != nil {
		return nil, nil, err
	}
	var unknown []string
	for pool := range m.Pools() {
		_, dumped := byPG[osdmap.PGID{Pool: pool.ID}]
		_, given := byPool[pool.ID]
		if pool.CanShift() {
			shards[pool.ID] = 1
		}
		if !dumped && !given || shards[pool.ID] == 0 {
			unknown = append(unknown, pool.Name)
		}
	}
	return func(pg osdmap.PGID) uint64 {
		k := shards[pg.Pool]
		if k == 0 {
			return 0
		}
		if n, ok := byPG[pg]; ok {
			return n / k
		}
		pool, _ := m.Pool(pg.Pool)
		return byPool[pg.Pool] / uint64(pool.PGNum) / k
	}, unknown, nil
}

// perPool reads the values of a flag that gives one for each of some pools.
func perPool(m *osdmap.Map, flag string, values []string, parse func(string) (uint64, error)) (map[osdmap.PoolID]uint64, error) {
	all := make(map[osdmap.PoolID]uint64)
	for _, v := range values {
		name, text, ok := strings.Cut(v, "=")
		if !ok {
			return nil, usageError{fmt.Errorf("%s %q: expected POOL=VALUE", flag, v)}
		}
		n, err := parse(text)
		if err != nil {
			return nil, usageError{fmt.Errorf("%s %q: %w", flag, v, err)}
		}
		pool, err := findPool(m, name)
		if err != nil {
			return nil, err
		}
		if _, twice := all[pool.ID]; twice {
			return nil, usageError{fmt.Errorf("%s %q: pool %s is given twice", flag, v, pool.Name)}
		}
		all[pool.ID] = n
	}
	return all, nil
}

// readPGDump reads the bytes of each PG. Ceph puts pg_stats at the top or under pg_map.
func (a *app) readPGDump(path string) (map[osdmap.PGID]uint64, error) {
	if path == "" {
		return nil, nil
	}
	src, err := a.readFile(path)
	if err != nil {
		return nil, err
	}
	type stats []struct {
		PGID string `json:"pgid"`
		Sum  *struct {
			Bytes uint64 `json:"num_bytes"`
		} `json:"stat_sum"`
	}
	var dump struct {
		Stats stats `json:"pg_stats"`
		Map   struct {
			Stats stats `json:"pg_stats"`
		} `json:"pg_map"`
	}
	if err := json.Unmarshal(src, &dump); err != nil {
		return nil, inFile(path, err)
	}
	all := append(dump.Stats, dump.Map.Stats...)
	if len(all) == 0 {
		return nil, inFile(path, fmt.Errorf("no pg_stats: expected what \"ceph pg dump -f json\" prints"))
	}
	bytes := make(map[osdmap.PGID]uint64, len(all))
	for _, s := range all {
		pg, err := osdmap.ParsePGID(s.PGID)
		if err != nil {
			return nil, inFile(path, err)
		}
		if s.Sum == nil {
			return nil, inFile(path, fmt.Errorf("pg %s: no stat_sum", s.PGID))
		}
		bytes[pg] = s.Sum.Bytes
	}
	return bytes, nil
}
