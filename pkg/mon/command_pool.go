package mon

import (
	"fmt"
	"strconv"
	"strings"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
	"zeph/pkg/status"
	"zeph/pkg/wire"
)

var poolCommands = map[string]command{
	"pool ls":     {look: func(l *leader, _ args) (any, error) { return pools(l.c.st.m, ""), nil }},
	"pool get":    {args: "name", look: poolGet},
	"pool create": {args: "name size min_size pg_num rule application read_lease_interval yes", change: poolCreate},
	"pool rm":     {args: "name name2 yes", change: poolRemove},
	"pool set":    {args: "name key value yes size min_size pg_num rule application read_lease_interval", change: poolSet},
	"pool quota":  {args: "name bytes objects", change: poolQuota},
}

// pool finds the pool of argument name.
func (a args) pool(m *osdmap.Map) (osdmap.Pool, error) {
	name, err := a.must("name")
	if err != nil {
		return osdmap.Pool{}, err
	}
	p, ok := m.PoolNamed(name)
	if !ok {
		return osdmap.Pool{}, wire.NoPool.Errorf("pool %q: there is no such; zeph pool ls lists all", name)
	}
	return p, nil
}

func poolCreate(_ *leader, d *draft, a args) (outcome, error) {
	name, err := a.must("name")
	if err != nil {
		return outcome{}, err
	}
	if err := checkPoolName(name); err != nil {
		return outcome{}, err
	}
	if p, ok := d.m.PoolNamed(name); ok {
		return outcome{}, wire.Exists.Errorf("pool %s exists already, with id %d", name, p.ID)
	}
	size, err := a.number("size", d.st.number("osd_pool_default_size"))
	if err != nil {
		return outcome{}, err
	}
	least, err := a.number("min_size", d.st.number("osd_pool_default_min_size"))
	if err != nil {
		return outcome{}, err
	}
	if least == 0 {
		least = size - size/2
	}
	pgs, err := a.number("pg_num", d.st.number("osd_pool_default_pg_num"))
	if err != nil {
		return outcome{}, err
	}
	rule, err := ruleNamed(d.m.Crush(), or(a.text("rule"), ruleName))
	if err != nil {
		return outcome{}, err
	}
	p := osdmap.Pool{
		ID: d.m.PoolMax() + 1, Name: name, Type: osdmap.Replicated, Size: uint32(size), MinSize: uint32(least), PGNum: uint32(pgs), PGPNum: uint32(pgs),
		Rule: rule.ID, Flags: osdmap.PoolHashPSPool, ObjectHash: osdmap.HashRJenkins, Application: a.text("application"),
		ReadLeaseMS: d.newLease(),
	}
	if long := a.text(leaseKey); long != "" {
		if err := d.setLease(&p, long, a.yes("yes")); err != nil {
			return outcome{}, err
		}
	}
	if err := checkPool(d, &p); err != nil {
		return outcome{}, err
	}
	text := fmt.Sprintf("pool %s is there: size %d, min_size %d, %d PGs, rule %s", name, p.Size, p.MinSize, p.PGNum, rule.Name)
	return outcome{text: text, value: &status.Pools{Pools: []status.Pool{poolShape(d.m, &p)}}}.crowding(d, p)
}

// crowding makes the pool what it should be, and warns if there are too few places for its copies.
func (o outcome) crowding(d *draft, p osdmap.Pool) (outcome, error) {
	if err := d.editPool(p); err != nil {
		return o, err
	}
	if c, yes := crowded(d.m, &p); yes {
		o.warn = fmt.Sprintf("; but %v; %s", &c, c.next())
	}
	return o, nil
}

func checkPoolName(name string) error {
	if len(name) > 128 || strings.ContainsAny(name, "/ \t\n") || strings.HasPrefix(name, "-") || strings.Trim(name, ".") == "" {
		return fmt.Errorf("pool name %q: expected up to 128 characters without blanks and slashes, and not beginning with a dash", name)
	}
	return nil
}

// checkPool refuses what Apply would, in words for operators, and what is allowed but unwise.
func checkPool(d *draft, p *osdmap.Pool) error {
	switch {
	case p.Size < 1 || p.Size > osdmap.MaxPoolSize:
		return fmt.Errorf("size %d: must be 1 to %d", p.Size, osdmap.MaxPoolSize)
	case p.MinSize < 1 || p.MinSize > p.Size:
		return fmt.Errorf("min_size %d: must be 1 to size, which is %d", p.MinSize, p.Size)
	case p.PGNum < 1 || p.PGNum > 1<<16:
		return fmt.Errorf("pg_num %d: must be 1 to %d", p.PGNum, 1<<16)
	}
	in, copies := uint64(0), uint64(p.PGNum)*uint64(p.Size)
	for _, o := range d.m.OSDs() {
		if o.Weight > 0 {
			in++
		}
	}
	for other := range d.m.Pools() {
		if other.ID != p.ID {
			copies += uint64(other.PGNum) * uint64(other.Size)
		}
	}
	if most := d.st.number("mon_max_pg_per_osd"); in > 0 && copies > in*most {
		return fmt.Errorf("%d PGs of size %d: all pools together would have %d copies of PGs, %d on each of %d osds that are in; mon_max_pg_per_osd allows %d",
			p.PGNum, p.Size, copies, copies/in, in, most)
	}
	return nil
}

func ruleNamed(m *crush.Map, name string) (*crush.Rule, error) {
	if r, ok := m.RuleNamed(name); ok {
		return r, nil
	}
	if n, err := strconv.ParseUint(name, 10, 8); err == nil {
		if r, ok := m.Rule(crush.RuleID(n)); ok {
			return r, nil
		}
	}
	return nil, notFound("rule %q: there is no such; zeph crush rule ls lists all", name)
}

func poolRemove(_ *leader, d *draft, a args) (outcome, error) {
	name, err := a.must("name")
	if err != nil {
		return outcome{}, err
	}
	p, err := a.pool(d.m)
	switch {
	case err != nil:
		return outcome{}, err
	case a.text("name2") != name || !a.yes("yes"):
		return outcome{}, fmt.Errorf("pool %s and all its objects would go for good; if that is meant, name it twice and add --yes", name)
	case p.Flags&osdmap.PoolNoDelete != 0:
		return outcome{}, fmt.Errorf("pool %s has the flag nodelete; zeph pool set %s nodelete false", name, name)
	}
	return outcome{text: fmt.Sprintf("pool %s (id %d) is gone", name, p.ID)}, d.edit(func(c *osdmap.Change) {
		for i := range c.Pools {
			if c.Pools[i].ID == p.ID {
				c.Pools = append(c.Pools[:i:i], c.Pools[i+1:]...)
				break
			}
		}
		c.RemovedPools = append(c.RemovedPools, p.ID)
	})
}

func poolSet(_ *leader, d *draft, a args) (outcome, error) {
	p, err := a.pool(d.m)
	if err != nil {
		return outcome{}, err
	}
	before := p
	given := []wire.Setting{}
	if key := a.text("key"); key != "" {
		given = append(given, wire.Setting{Name: key, Value: a.text("value")})
	}
	for _, s := range a.cmd.Args {
		switch s.Name {
		case "size", "min_size", "pg_num", "rule", "application", leaseKey:
			given = append(given, s)
		}
	}
	if len(given) == 0 {
		return outcome{}, fmt.Errorf("what should be set? expected size, min_size, rule, application, read_lease_interval or a flag")
	}
	var words []string
	for _, s := range given {
		if err := setPool(d, &p, s.Name, s.Value, a.yes("yes")); err != nil {
			return outcome{}, fmt.Errorf("pool %s: %w", p.Name, err)
		}
		words = append(words, s.Name+" "+s.Value)
	}
	text := fmt.Sprintf("pool %s has %s", p.Name, strings.Join(words, ", "))
	if p == before {
		return outcome{text: text + " already", quiet: true}, nil
	}
	if p.MinSize != before.MinSize && p.MinSize == p.Size-p.Size/2 && !strings.Contains(text, "min_size") {
		text += fmt.Sprintf(", and min_size %d with it", p.MinSize)
	}
	if err := checkPool(d, &p); err != nil {
		return outcome{}, fmt.Errorf("pool %s: %w", p.Name, err)
	}
	return outcome{text: text}.crowding(d, p)
}

func setPool(d *draft, p *osdmap.Pool, key, value string, meant bool) error {
	number := func() (uint32, error) {
		n, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			return 0, fmt.Errorf("%s %q: expected a whole number", key, value)
		}
		return uint32(n), nil
	}
	switch key {
	case "size":
		n, err := number()
		if err != nil {
			return err
		}
		if p.Flags&osdmap.PoolNoSizeChange != 0 {
			return fmt.Errorf("it has the flag nosizechange")
		}
		if p.Size = n; p.MinSize > n || p.MinSize < n-n/2 {
			p.MinSize = n - n/2 // as a new pool of that size would have it
		}
		return nil
	case "min_size":
		n, err := number()
		p.MinSize = n
		return err
	case "pg_num", "pgp_num":
		n, err := number()
		if err == nil && n != p.PGNum {
			err = fmt.Errorf("%s stays %d: PGs of a pool that is in use cannot be split yet; make a new pool and copy", key, p.PGNum)
		}
		return err
	case "rule", "crush_rule":
		r, err := ruleNamed(d.m.Crush(), value)
		if err != nil {
			return err
		}
		p.Rule = r.ID
		return nil
	case "application":
		p.Application = value
		return nil
	case leaseKey:
		return d.setLease(p, value, meant)
	}
	return setPoolFlag(p, key, value)
}

func setPoolFlag(p *osdmap.Pool, key, value string) error {
	const settable = osdmap.PoolNoDelete | osdmap.PoolNoPGChange | osdmap.PoolNoSizeChange | osdmap.PoolNoScrub | osdmap.PoolNoDeepScrub
	f, err := osdmap.ParsePoolFlag(key)
	if err != nil || f&settable == 0 {
		return fmt.Errorf("%q: expected size, min_size, rule, application, read_lease_interval, or one of the flags %v", key, settable)
	}
	switch value {
	case "true", "1", "yes":
		p.Flags |= f
	case "false", "0", "no":
		p.Flags &^= f
	default:
		return fmt.Errorf("%s %q: expected true or false", key, value)
	}
	return nil
}

func poolQuota(_ *leader, d *draft, a args) (outcome, error) {
	p, err := a.pool(d.m)
	if err != nil {
		return outcome{}, err
	}
	if a.text("bytes") == "" && a.text("objects") == "" {
		return outcome{}, fmt.Errorf("expected bytes or objects; 0 lifts a limit")
	}
	if v := a.text("bytes"); v != "" {
		if p.Quota.MaxBytes, err = parseBytes(v); err != nil {
			return outcome{}, fmt.Errorf("bytes: %w", err)
		}
	}
	if v := a.text("objects"); v != "" {
		if p.Quota.MaxObjects, err = strconv.ParseUint(v, 10, 63); err != nil {
			return outcome{}, fmt.Errorf("objects %q: expected a whole number", v)
		}
	}
	text := fmt.Sprintf("pool %s may hold %s bytes, %s objects", p.Name, limit(p.Quota.MaxBytes), limit(p.Quota.MaxObjects))
	return outcome{text: text}, d.editPool(p)
}

func limit(n uint64) string {
	if n == 0 {
		return "any number of"
	}
	return strconv.FormatUint(n, 10)
}

func poolGet(l *leader, a args) (any, error) {
	p, err := a.pool(l.c.st.m)
	if err != nil {
		return nil, err
	}
	return pools(l.c.st.m, p.Name), nil
}

// pools describes one pool, or all.
func pools(m *osdmap.Map, only string) *status.Pools {
	list := &status.Pools{Pools: []status.Pool{}}
	for p := range m.Pools() {
		if only == "" || p.Name == only {
			list.Pools = append(list.Pools, poolShape(m, &p))
		}
	}
	return list
}

func poolShape(m *osdmap.Map, p *osdmap.Pool) status.Pool {
	rule := ""
	if r, ok := m.Crush().Rule(p.Rule); ok {
		rule = r.Name
	}
	return status.Pool{
		ID: p.ID, Name: p.Name, Type: p.Type.String(), Size: p.Size, MinSize: p.MinSize, PGNum: p.PGNum, PGPNum: p.PGPNum,
		Rule: rule, RuleID: int32(p.Rule), Flags: words(p.Flags.String()), QuotaBytes: p.Quota.MaxBytes, QuotaCount: p.Quota.MaxObjects,
		ReadLeaseMS: p.LeaseMS(), Application: p.Application, Created: p.Created, Changed: p.LastChange,
	}
}

// words are the parts of a list with commas; none of an empty one.
func words(list string) []string {
	if list == "" {
		return []string{}
	}
	return strings.Split(list, ",")
}
