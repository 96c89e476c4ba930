package osdmap

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"zeph/pkg/crush"
)

// ParseDump reads the JSON of "ceph osd dump -f json" or "osdmaptool --dump json". That form
// lacks the CRUSH map, so the caller gives it; without one (nil) rules are not checked.
//
// What would change where things go, or how they are kept, and has no place in a Map (cache
// tiers, snapshots, a blocklist, erasure code profiles …) is told in warnings, one for each,
// with its path and value. What only informs (timestamps of changes, releases) is passed
// over. JSON that does not have the form is an error that names the path.
//
// The form has floating point numbers. They are rounded to the nearest fixed point number
// as they are read, which gives back exactly what Ceph has: it prints enough digits.
func ParseDump(osdmap []byte, crushMap *crush.Map) (*Map, []string, error) {
	var whole json.RawMessage
	if err := json.Unmarshal(osdmap, &whole); err != nil {
		return nil, nil, fmt.Errorf("osdmap: parse dump: expected JSON: %w", err)
	}
	if err := crush.CheckKeys(whole); err != nil {
		return nil, nil, fmt.Errorf("osdmap: parse dump: %w", err)
	}
	r := &dumpReader{}
	m := r.cluster(whole)
	m.crush = crushMap
	err := r.err
	if err == nil {
		r.dropStrayPGs(m)
		err = m.Validate()
	}
	if err != nil {
		return nil, r.warnings, fmt.Errorf("osdmap: parse dump: %w", err)
	}
	return m, r.warnings, nil
}

// cluster reads the outermost object.
func (r *dumpReader) cluster(text []byte) *Map {
	o := r.object("", text)
	m := &Map{
		epoch:    Epoch(o.integer("epoch", 0, 1<<32-1)),
		created:  o.moment("created"),
		modified: o.moment("modified"),
		maxOSD:   int32(o.integer("max_osd", 0, MaxOSDs)),
		ratios: Ratios{
			NearFull:     o.ratio("nearfull_ratio"),
			BackfillFull: o.ratio("backfillfull_ratio"),
			Full:         o.ratio("full_ratio"),
		},
		flags: r.clusterFlags(o),
	}
	m.fsid = o.uuid("fsid")
	if o.has("pool_max") {
		m.poolMax = PoolID(max(0, o.integer("pool_max", -1, 1<<62)))
	}
	r.pools(o, m)
	r.osds(o, m)
	m.upmap = tableOf(readPGs(o, "pg_upmap", readMapping))
	m.upmapItems = tableOf(readPGs(o, "pg_upmap_items", readItems))
	m.pgTemp = tableOf(readPGs(o, "pg_temp", readMapping))
	m.primaryTemp = tableOf(r.primaryTemps(o))
	o.ignore("last_up_change", "last_in_change", "flags_set", "crush_version",
		"require_min_compat_client", "min_compat_client", "require_osd_release", "allow_crimson")
	o.ignoreIf("erasure_code_profiles", func(string) bool {
		return slices.Equal(o.object("erasure_code_profiles").names(), []string{"default"})
	})
	o.rest()
	return m
}

// clusterFlags reads the flags by name. Those that tell what release a cluster has
// reached are set for good in all of today's.
func (r *dumpReader) clusterFlags(o *dumpObject) Flags {
	var flags Flags
	if o.has("flags_num") {
		flags = Flags(o.integer("flags_num", 0, 1<<62)) & (FlagNearFull | FlagFull) // these have no name there
	}
	for _, name := range splitList(o.text("flags")) {
		f, err := ParseFlag(name)
		switch {
		case err == nil:
			flags |= f
		case slices.Contains([]string{"sortbitwise", "recovery_deletes", "purged_snapdirs", "pglog_hardlimit"}, name):
		case strings.HasPrefix(name, "require_"):
		default:
			r.warn("flags: %s is not supported", name)
		}
	}
	return flags
}

func splitList(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' })
}

// readPGs reads a list of objects, each with a pgid and a value.
func readPGs[V any](o *dumpObject, key string, read func(*dumpObject) V) map[PGID]V {
	table := make(map[PGID]V)
	for _, e := range o.objects(key) {
		pg := e.pgid("pgid")
		if _, dup := table[pg]; dup {
			e.r.fail(e.path, "pg %v appears twice", pg)
		}
		table[pg] = read(e)
		e.rest()
	}
	return table
}

func readMapping(e *dumpObject) []OSDID { return e.osdList("osds") }

func readItems(e *dumpObject) []UpmapItem {
	var items []UpmapItem
	for _, it := range e.objects("mappings") {
		items = append(items, UpmapItem{it.osd("from"), it.osd("to")})
	}
	return items
}

// primaryTemps reads a list that takes turns: pgid, OSD, pgid, OSD, …
func (r *dumpReader) primaryTemps(o *dumpObject) map[PGID]OSDID {
	table := make(map[PGID]OSDID)
	list := o.list("primary_temp")
	for i := 0; i+1 < len(list); i += 2 {
		e := &dumpObject{r: r, path: fmt.Sprintf("primary_temp[%d]", i), fields: dumpFields{"pgid": list[i], "osd": list[i+1]}}
		table[e.pgid("pgid")] = e.osd("osd")
	}
	if len(list)%2 != 0 {
		r.fail("primary_temp", "%d elements: expected pgid and osd in turns", len(list))
	}
	return table
}

// dropStrayPGs takes out, and tells, what is kept for PGs of pools that are no more.
func (r *dumpReader) dropStrayPGs(m *Map) {
	keep := func(name string) func(PGID) bool {
		return func(pg PGID) bool {
			if !m.HasPG(pg) {
				r.warn("%s: %v is no pg of any pool", name, pg)
			}
			return m.HasPG(pg)
		}
	}
	m.upmap = m.upmap.only(keep("pg_upmap"))
	m.upmapItems = m.upmapItems.only(keep("pg_upmap_items"))
	m.pgTemp = m.pgTemp.only(keep("pg_temp"))
	m.primaryTemp = m.primaryTemp.only(keep("primary_temp"))
}
