package osdmap

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"zeph/pkg/crush"
)

// Limits keep a hostile map from asking for more memory than a cluster could ever use:
// readers keep one slot for every OSD and PG.
const (
	MaxOSDs     = crush.MaxDeviceID + 1
	MaxPGs      = 1 << 20 // of all pools together
	MaxPoolSize = 255     // as in Ceph
	maxAddrs    = 64      // of one OSD
	maxName     = 1024    // bytes of a name or address
)

// Validate names everything that makes the map unfit to place data with; nil is fit. It is
// less strict than Apply: what Ceph lets stand (a min_size of 0, a pg_temp that names an
// OSD long gone) must not keep a map of Ceph's from being read.
func (m *Map) Validate() error {
	v := validator{m: m}
	v.cluster()
	v.osds()
	v.pools()
	v.tables()
	return errors.Join(v.errs...)
}

type validator struct {
	m    *Map
	errs []error
}

func (v *validator) fail(format string, args ...any) {
	const enough = 20 // of a thoroughly broken map the first complaints do
	if len(v.errs) < enough {
		v.errs = append(v.errs, fmt.Errorf(format, args...))
	}
}

func (v *validator) cluster() {
	m := v.m
	if bad := m.flags.unknown(); bad != 0 {
		v.fail("flags: %v is unknown", bad)
	}
	if max(m.ratios.NearFull, m.ratios.BackfillFull, m.ratios.Full) > Whole {
		v.fail("ratios: %v: none may exceed 1", m.ratios)
	}
	if m.maxOSD < 0 || m.maxOSD > MaxOSDs || len(m.osds) > int(m.maxOSD) {
		v.fail("max_osd %d: must be above every osd id and at most %d", m.maxOSD, MaxOSDs)
	}
	if m.crush != nil {
		if err := m.crush.Validate(); err != nil {
			v.fail("crush map: %w", err)
		}
	}
}

func (v *validator) osds() {
	for id, o := range v.m.osds {
		if o == nil {
			continue
		}
		if max(o.Weight, o.OldWeight, o.PrimaryAffinity) > crush.One {
			v.fail("%v: weight %v (before %v), primary affinity %v: none may exceed 1", OSDID(id), o.Weight, o.OldWeight, o.PrimaryAffinity)
		}
		if err := checkAddrs(o.Addrs); err != nil {
			v.fail("%v: %w", OSDID(id), err)
		}
	}
}

// checkAddrs wants addresses in order and without blanks, for they are packed with blanks.
func checkAddrs(addrs []Addr) error {
	if len(addrs) > maxAddrs {
		return fmt.Errorf("%d addresses, at most %d are allowed", len(addrs), maxAddrs)
	}
	for i, a := range addrs {
		if i > 0 && addrs[i-1].Name >= a.Name {
			return fmt.Errorf("address %q appears twice or out of order", a.Name)
		}
		if !isWord(a.Name) || !isWord(a.Addr) || a.Addr[0] == ':' {
			return fmt.Errorf("address %q of %q: expected a name and a host:port without blanks", a.Name, a.Addr)
		}
	}
	return nil
}

func isWord(s string) bool { return s != "" && isText(s) && !strings.ContainsFunc(s, unicode.IsSpace) }

func isText(s string) bool { return len(s) <= maxName && utf8.ValidString(s) }

func (v *validator) pools() {
	names := make(map[string]PoolID)
	pgs := uint64(0)
	for i := range v.m.pools {
		p := &v.m.pools[i]
		if p.ID < 0 || p.ID > v.m.poolMax || i > 0 && v.m.pools[i-1].ID >= p.ID {
			v.fail("pool %d: id must be 0 to pool_max %d, ascending, once", p.ID, v.m.poolMax)
		}
		if other, dup := names[p.Name]; dup {
			v.fail("pool %d: name %q is that of pool %d", p.ID, p.Name, other)
		}
		names[p.Name] = p.ID
		if err := p.check(v.m.crush); err != nil {
			v.fail("pool %d: %w", p.ID, err)
		}
		pgs += uint64(p.PGNum)
	}
	if pgs > MaxPGs {
		v.fail("%d pgs in all pools, at most %d are allowed", pgs, MaxPGs)
	}
}

// check says whether PGs of the pool can be placed at all.
func (p *Pool) check(c *crush.Map) error {
	switch {
	case p.Name == "" || !isText(p.Name) || !isText(p.Application):
		return fmt.Errorf("name %q, application %q: a name is needed, both at most %d bytes of UTF-8", p.Name, p.Application, maxName)
	case !p.Type.valid():
		return fmt.Errorf("type %d: expected replicated (1) or erasure (3)", p.Type)
	case p.Size < 1 || p.Size > MaxPoolSize || p.MinSize > MaxPoolSize:
		return fmt.Errorf("size %d, min_size %d: must be 1 to %d", p.Size, p.MinSize, MaxPoolSize)
	case p.PGNum < 1 || p.PGNum > MaxPGs || p.PGPNum < 1 || p.PGPNum > MaxPGs:
		return fmt.Errorf("pg_num %d, pgp_num %d: must be 1 to %d", p.PGNum, p.PGPNum, MaxPGs)
	case !p.ObjectHash.valid():
		return fmt.Errorf("object_hash %d: expected linux (1) or rjenkins (2)", p.ObjectHash)
	case p.Flags.unknown() != 0:
		return fmt.Errorf("flags: %v is unknown", p.Flags.unknown())
	case p.LeaseMS() < MinReadLeaseMS || p.LeaseMS() > MaxReadLeaseMS:
		return fmt.Errorf("read_lease_interval %d ms: must be %d to %d", p.ReadLeaseMS, MinReadLeaseMS, MaxReadLeaseMS)
	}
	if c != nil {
		if _, ok := c.Rule(p.Rule); !ok {
			return fmt.Errorf("rule %d: %w", p.Rule, ErrUnknownRule)
		}
	}
	return nil
}

func (v *validator) tables() {
	checkTable(v, "pg_upmap", v.m.upmap, checkOSDs)
	checkTable(v, "pg_upmap_items", v.m.upmapItems, func(items []UpmapItem) error {
		return checkOSDs(itemOSDs(items))
	})
	checkTable(v, "pg_temp", v.m.pgTemp, checkOSDs)
	checkTable(v, "primary_temp", v.m.primaryTemp, func(id OSDID) error { return checkOSDs([]OSDID{id}) })
}

func checkTable[V any](v *validator, name string, t pgTable[V], check func(V) error) {
	for i := range t {
		pg := t[i].pg()
		if i > 0 && t[i-1].pg().Compare(pg) >= 0 {
			v.fail("%s %v: appears twice or out of order", name, pg)
		}
		if !v.m.HasPG(pg) {
			v.fail("%s %v: %w", name, pg, ErrUnknownPG)
		}
		if err := check(t[i].Val); err != nil {
			v.fail("%s %v: %w", name, pg, err)
		}
	}
}

func checkOSDs(osds []OSDID) error {
	if len(osds) < 1 || len(osds) > 2*MaxPoolSize || slices.Min(osds) < 0 {
		return fmt.Errorf("osds %d: expected 1 to %d ids, none negative", osds, MaxPoolSize)
	}
	return nil
}

// itemOSDs lists the OSDs that upmap items name.
func itemOSDs(items []UpmapItem) []OSDID {
	osds := make([]OSDID, 0, 2*len(items))
	for _, it := range items {
		osds = append(osds, it.From, it.To)
	}
	return osds
}
