package mon

import (
	"fmt"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
	"zeph/pkg/wire"
)

// beginning is the first entry of a cluster: its fsid, a CRUSH map with a root and a rule but no OSDs, its
// monitors and settings.
type beginning struct{}

func (*beginning) absorb(_ *leader, other intent) bool { _, same := other.(*beginning); return same }
func (*beginning) cancel(*leader, *wire.Error)         {}

func (*beginning) plan(l *leader, d *draft) verdict {
	if d.st.m != nil {
		return done
	}
	cfg := &l.c.cfg
	d.create = &create{FSID: cfg.FSID}
	empty := osdmap.New(cfg.FSID, d.time)
	c := empty.Next(d.time)
	ratios := osdmap.DefaultRatios()
	c.Crush, c.Ratios = firstCrush(), &ratios
	m, err := empty.Apply(c)
	if err != nil {
		panic("mon: the first map: " + err.Error())
	}
	d.c, d.m, d.changed = c, m, true
	for _, mon := range cfg.Mons {
		d.mons = append(d.mons, monEdit{Mon: mon})
	}
	for _, s := range cfg.Settings {
		if v, err := checkSetting(s.Name, s.Value); err == nil {
			d.config = append(d.config, configEdit{Who: global, Name: s.Name, Value: v})
		}
	}
	d.note("info", l.c.entity.String(), fmt.Sprintf("cluster %v begins", cfg.FSID))
	return planned
}

// bucketTypes are Ceph's, from the device up.
var bucketTypes = []string{
	"osd", "host", "chassis", "rack", "row", "pdu", "pod", "room", "datacenter", "zone", "region", "root",
}

// The names that every cluster begins with, and Ceph's clusters too.
const (
	rootName = "default"
	ruleName = "replicated_rule"
)

func firstCrush() *crush.Map {
	m := &crush.Map{Tunables: crush.DefaultTunables()}
	for id, name := range bucketTypes {
		m.Types = append(m.Types, crush.Type{ID: crush.TypeID(id), Name: name})
	}
	root, _ := m.TypeNamed("root")
	m.Buckets = []crush.Bucket{{ID: -1, Name: rootName, Type: root, Alg: crush.Straw2}}
	host, _ := m.TypeNamed("host")
	m.Rules = []crush.Rule{replicatedRule(0, ruleName, -1, host)}
	return m
}

// replicatedRule puts each copy below another bucket of a type.
func replicatedRule(id crush.RuleID, name string, root crush.ItemID, domain crush.TypeID) crush.Rule {
	op := crush.OpChooseleafFirstn
	if domain == 0 {
		op = crush.OpChooseFirstn
	}
	return crush.Rule{ID: id, Name: name, Type: crush.Replicated, MinSize: 1, MaxSize: 10, Steps: []crush.Step{
		{Op: crush.OpTake, Arg1: int32(root)}, {Op: op, Arg1: 0, Arg2: int32(domain)}, {Op: crush.OpEmit},
	}}
}
