package osdmap

import (
	"fmt"
	"slices"
	"strings"

	"zeph/pkg/crush"
)

// pools reads the pools.
func (r *dumpReader) pools(o *dumpObject, m *Map) {
	o.require("pools")
	for _, e := range o.objects("pools") {
		m.pools = append(m.pools, r.pool(e))
	}
	slices.SortStableFunc(m.pools, func(a, b Pool) int { return comparePools(a, b.ID) })
	for _, p := range m.pools {
		m.poolMax = max(m.poolMax, p.ID)
	}
}

func (r *dumpReader) pool(e *dumpObject) Pool {
	p := Pool{
		ID:         PoolID(e.integer("pool", 0, 1<<62)),
		Name:       e.text("pool_name"),
		Type:       PoolType(e.integer("type", 0, 255)),
		Size:       uint32(e.integer("size", 0, MaxPoolSize)),
		MinSize:    uint32(e.integer("min_size", 0, MaxPoolSize)),
		PGNum:      uint32(e.integer("pg_num", 0, MaxPGs)),
		PGPNum:     uint32(e.integer("pg_placement_num", 0, MaxPGs)),
		Rule:       crush.RuleID(e.integer("crush_rule", 0, crush.MaxRuleID)),
		Flags:      PoolFlags(e.integer("flags", 0, 1<<62)),
		ObjectHash: ObjectHash(e.integer("object_hash", 0, 255)),
		LastChange: e.epoch("last_change"),
	}
	p.Quota.MaxBytes = uint64(e.integer("quota_max_bytes", 0, 1<<63-1))
	p.Quota.MaxObjects = uint64(e.integer("quota_max_objects", 0, 1<<63-1))
	if bad := p.Flags.unknown(); bad != 0 {
		r.warn("%s.flags: %d (%s) holds bits that are not supported", e.path, p.Flags, e.text("flags_names"))
		p.Flags &^= bad
	}
	p.Application = r.application(e)
	r.skipPool(e, &p)
	return p
}

// application is the first application of a pool. Others, and their settings, are told.
func (r *dumpReader) application(e *dumpObject) string {
	if !e.has("application_metadata") {
		return ""
	}
	meta := e.object("application_metadata")
	names := meta.names()
	for i, name := range names {
		if i > 0 {
			r.warn("%s.%s: only one application of a pool is kept: %s", meta.path, name, names[0])
		} else {
			meta.object(name).rest()
		}
	}
	return strings.Join(names[:min(1, len(names))], "")
}

// skipPool passes over what only informs, and tells the rest.
func (r *dumpReader) skipPool(e *dumpObject, p *Pool) {
	e.ignore("create_time", "flags_names", "pg_autoscale_mode", "last_pg_merge_meta", "last_force_op_resend",
		"last_force_op_resend_prenautilus", "last_force_op_resend_preluminous", "auid", "expected_num_objects",
		"read_balance", "use_gmt_hitset", "application_metadata",
		// These are always set, and mean something only beside a cache_mode, which is told.
		"cache_target_dirty_ratio_micro", "cache_target_dirty_high_ratio_micro", "cache_target_full_ratio_micro",
		"cache_min_flush_age", "cache_min_evict_age", "min_read_recency_for_promote", "min_write_recency_for_promote")
	e.ignoreIf("snap_mode", is(`"selfmanaged"`)) // that of every pool without snapshots of its own
	e.ignoreIf("removed_snaps", is(`"[]"`))
	e.ignoreIf("cache_mode", is(`"none"`))
	e.ignoreIf("tier_of", is("-1"))
	e.ignoreIf("read_tier", is("-1"))
	e.ignoreIf("write_tier", is("-1"))
	e.ignoreIf("peering_crush_bucket_mandatory_member", is(fmt.Sprint(int32(crush.None))))
	e.ignoreIf("hit_set_params", func(string) bool { return e.object("hit_set_params").text("type") == "none" })
	e.ignoreIf("erasure_code_profile", func(string) bool { return p.Type == Replicated }) // a left-over there
	for _, key := range []string{"pg_num_target", "pg_num_pending"} {
		e.ignoreIf(key, is(fmt.Sprint(p.PGNum))) // else the pool is just being split or merged
	}
	e.ignoreIf("pg_placement_num_target", is(fmt.Sprint(p.PGPNum)))
	e.rest()
}

func is(text string) func(string) bool { return func(s string) bool { return s == text } }
