package crush

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// ParseDump reads the JSON that "crushtool --dump" and "ceph osd crush dump" print. The
// warnings name what it says without effect here; errors name the place in it.
func ParseDump(src []byte) (*Map, []string, error) {
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		return nil, nil, fmt.Errorf("crush dump: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, errors.New("crush dump: more follows after the map")
	}
	if err := CheckKeys(src); err != nil {
		return nil, nil, fmt.Errorf("crush dump: %w", err)
	}
	r := newDumpReader()
	m := readDump(node{r, "dump", "dump", value})
	if r.err != nil {
		return nil, r.warnings, r.err
	}
	m.sort()
	if err := m.Validate(); err != nil {
		return nil, r.warnings, err
	}
	r.dropArgs(m)
	r.checkShadows(m)
	return m, r.warnings, nil
}

func readDump(n node) *Map {
	n.knows("devices", "types", "buckets", "rules", "tunables", "choose_args")
	m := &Map{Tunables: readTunables(n.at("tunables"))}
	for _, t := range n.at("types").list() {
		t.knows("type_id", "name")
		typ := Type{TypeID(t.at("type_id").int(0, math.MaxUint16)), t.at("name").name()}
		if typ != (Type{0, defaultTypeName(0)}) { // Ceph's word where type 0 has no name
			m.Types = append(m.Types, typ)
		}
	}
	for _, b := range n.at("buckets").list() {
		m.Buckets = append(m.Buckets, readBucket(b))
	}
	findOriginals(n.at("buckets"), m)
	held := m.Holds()
	for _, d := range n.at("devices").list() {
		if dev, ok := readDevice(d, held); ok {
			m.Devices = append(m.Devices, dev)
		}
	}
	types := map[string]TypeID{defaultTypeName(0): 0}
	for _, t := range m.Types {
		types[t.Name] = t.ID
	}
	for _, rule := range n.at("rules").list() {
		m.Rules = append(m.Rules, readRule(rule, types))
	}
	if n.has("choose_args") { // not before Ceph 12
		m.ChooseArgs = readSets(n.at("choose_args"))
	}
	return m
}

// readTunables takes what a release did not know yet as it behaved: the legacy way. What
// Ceph concludes from the rest of the map is known and not needed.
func readTunables(n node) Tunables {
	concluded := []string{
		"profile", "optimal_tunables", "legacy_tunables", "minimum_required_version",
		"require_feature_tunables", "require_feature_tunables2", "require_feature_tunables3",
		"require_feature_tunables5", "has_v2_rules", "has_v3_rules", "has_v4_buckets",
		"has_v5_rules", "has_msr_rules",
	}
	notOurs := []string{"msr_descents", "msr_collision_tries"} // of Ceph 19
	for _, key := range notOurs {
		const unset = 100
		if n.has(key) && n.at(key).int(0, math.MaxInt32) != unset {
			n.r.warn("%s.%s: has no effect here", n.path, key)
		}
	}
	t := LegacyTunables()
	keys := slices.Concat(concluded, notOurs)
	for i, f := range t.named() {
		keys = append(keys, f.name)
		if n.has(f.name) || i < 4 { // the first four are as old as the dump
			*f.value = int(n.at(f.name).int(0, math.MaxInt32))
		} else {
			n.r.warn("%s.%s: missing, taken to be %d", n.path, f.name, *f.value)
		}
	}
	n.knows(keys...)
	return t
}

// readDevice reads a device. Ceph lists every id up to the largest, with a name made from
// the id where there is no device; such an entry counts only if a bucket holds it.
func readDevice(n node, held []bool) (Device, bool) {
	n.knows("id", "name", "class")
	d := Device{ID: ItemID(n.at("id").int(0, MaxDeviceID)), Name: n.at("name").name()}
	if n.has("class") {
		d.Class = n.at("class").name()
	}
	gap := d.Class == "" && d.Name == defaultItemName(d.ID) && (int(d.ID) >= len(held) || !held[d.ID])
	return d, !gap
}
