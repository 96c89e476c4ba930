package placement

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
)

// PlanHelp lists what Imagine understands, one form a line.
const PlanHelp = `osd out|in|down|remove ID
osd reweight ID W            (0 to 1)
osd add ID W [CLASS] TYPE=NAME...
crush weight NAME W
crush move NAME TYPE=NAME...
pool set POOL pg_num|size|crush_rule VALUE`

// Imagine is the map as it would be after a plan: edits separated by semicolons, such as
// "osd out 3; crush weight osd.5 2.0". Every edit is checked as the real one would be,
// but for pg_num, which no real map lets change.
func Imagine(m *osdmap.Map, plan string) (*osdmap.Map, error) {
	edits := 0
	for edit := range strings.SplitSeq(plan, ";") {
		words := strings.Fields(edit)
		if len(words) == 0 {
			continue
		}
		edits++
		next, err := imagine(m, words)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", strings.Join(words, " "), err)
		}
		m = next
	}
	if edits == 0 {
		return nil, errors.New("empty plan: expected edits such as \"osd out 3\"")
	}
	return m, nil
}

// errForm is an edit that Imagine does not understand.
var errForm = errors.New("not understood; expected one of\n  " + strings.ReplaceAll(PlanHelp, "\n", "\n  "))

func imagine(m *osdmap.Map, words []string) (*osdmap.Map, error) {
	if len(words) < 3 {
		return nil, errForm
	}
	rest := words[2:]
	switch verb := words[0] + " " + words[1]; {
	case verb == "osd out" && len(rest) == 1:
		return reweightOSD(m, rest[0], "0")
	case verb == "osd in" && len(rest) == 1:
		return reweightOSD(m, rest[0], "1")
	case verb == "osd reweight" && len(rest) == 2:
		return reweightOSD(m, rest[0], rest[1])
	case verb == "osd down" && len(rest) == 1:
		return changeOSD(m, rest[0], osdmap.OSDChange{Down: true})
	case verb == "osd remove" && len(rest) == 1:
		return removeOSD(m, rest[0])
	case verb == "osd add" && len(rest) >= 3:
		return addOSD(m, rest)
	case verb == "crush weight" && len(rest) == 2:
		return editItem(m, rest[0], func(c *crush.Map, id crush.ItemID) (*crush.Map, error) {
			w, err := crush.ParseWeight(rest[1])
			if err != nil {
				return nil, err
			}
			return c.Reweight(id, w)
		})
	case verb == "crush move" && len(rest) >= 2:
		at, err := parseLocation(rest[1:])
		if err != nil {
			return nil, err
		}
		return editItem(m, rest[0], func(c *crush.Map, id crush.ItemID) (*crush.Map, error) { return c.Move(id, at) })
	case verb == "pool set" && len(rest) == 3:
		return setPool(m, rest[0], rest[1], rest[2])
	}
	return nil, errForm
}

func parseOSD(s string) (osdmap.OSDID, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(s, "osd."), 10, 32)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("osd %q: expected an id such as 3 or osd.3", s)
	}
	return osdmap.OSDID(n), nil
}

func parseLocation(words []string) (crush.Location, error) {
	var at crush.Location
	for _, w := range words {
		kind, name, ok := strings.Cut(w, "=")
		if !ok || kind == "" || name == "" {
			return nil, fmt.Errorf("location %q: expected TYPE=NAME such as host=h1", w)
		}
		at = append(at, crush.Place{Type: kind, Name: name})
	}
	return at, nil
}

// apply makes the next map, with one Change that fill completes.
func apply(m *osdmap.Map, fill func(*osdmap.Change)) (*osdmap.Map, error) {
	c := m.Next(m.Modified())
	fill(c)
	return m.Apply(c)
}

func changeOSD(m *osdmap.Map, osd string, change osdmap.OSDChange) (*osdmap.Map, error) {
	id, err := parseOSD(osd)
	if err != nil {
		return nil, err
	}
	return apply(m, func(c *osdmap.Change) { c.OSDs[id] = change })
}

func reweightOSD(m *osdmap.Map, osd, weight string) (*osdmap.Map, error) {
	w, err := crush.ParseWeight(weight)
	if err != nil {
		return nil, err
	}
	return changeOSD(m, osd, osdmap.OSDChange{Weight: &w})
}

// removeOSD takes the OSD out of both maps, as "ceph osd purge" does.
func removeOSD(m *osdmap.Map, osd string) (*osdmap.Map, error) {
	id, err := parseOSD(osd)
	if err != nil {
		return nil, err
	}
	if m.IsUp(id) {
		if m, err = changeOSD(m, osd, osdmap.OSDChange{Down: true}); err != nil {
			return nil, err
		}
	}
	smaller := m.Crush()
	if smaller != nil {
		if next, err := smaller.Remove(crush.ItemID(id)); err == nil {
			smaller = next
		} else if !errors.Is(err, crush.ErrUnknownItem) {
			return nil, err
		}
	}
	return apply(m, func(c *osdmap.Change) {
		c.Crush = smaller
		c.OSDs[id] = osdmap.OSDChange{Remove: true}
	})
}

// addOSD brings in a new OSD, up and in.
func addOSD(m *osdmap.Map, words []string) (*osdmap.Map, error) {
	id, err := parseOSD(words[0])
	if err != nil {
		return nil, err
	}
	w, err := crush.ParseWeight(words[1])
	if err != nil {
		return nil, err
	}
	if m.Crush() == nil {
		return nil, errNoCrush
	}
	device := crush.Device{ID: crush.ItemID(id), Name: id.String()}
	where := words[2:]
	if !strings.Contains(where[0], "=") {
		device.Class, where = where[0], where[1:]
	}
	at, err := parseLocation(where)
	if err != nil {
		return nil, err
	}
	bigger, err := m.Crush().AddDevice(device, w, at)
	if err != nil {
		return nil, err
	}
	return apply(m, func(c *osdmap.Change) {
		c.Crush = bigger
		c.OSDs[id] = upIn(m, id)
		if int(id) >= m.MaxOSD() {
			n := int32(id) + 1
			c.MaxOSD = &n
		}
	})
}

var errNoCrush = errors.New("the map holds no CRUSH map")

func editItem(m *osdmap.Map, name string, edit func(*crush.Map, crush.ItemID) (*crush.Map, error)) (*osdmap.Map, error) {
	if m.Crush() == nil {
		return nil, errNoCrush
	}
	id, ok := m.Crush().ItemNamed(name)
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, crush.ErrUnknownItem)
	}
	next, err := edit(m.Crush(), id)
	if err != nil {
		return nil, err
	}
	return apply(m, func(c *osdmap.Change) { c.Crush = next })
}

func setPool(m *osdmap.Map, name, key, value string) (*osdmap.Map, error) {
	pool, ok := m.PoolNamed(name)
	if !ok {
		return nil, fmt.Errorf("pool %q: %w", name, osdmap.ErrUnknownPool)
	}
	if key == "crush_rule" {
		id, err := findRule(m, value)
		if err != nil {
			return nil, err
		}
		pool.Rule = id
		return apply(m, func(c *osdmap.Change) { c.Pools = []osdmap.Pool{pool} })
	}
	if key != "pg_num" && key != "size" {
		return nil, errForm
	}
	n, err := strconv.ParseUint(value, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("%s %q: expected a whole number below 2^32", key, value)
	}
	switch {
	case key == "pg_num":
		return m.WithPGNum(pool.ID, uint32(n))
	case !pool.CanShift():
		return nil, fmt.Errorf("pool %q: the size of an erasure-coded pool is that of its code and cannot change", name)
	default:
		pool.Size = uint32(n)
		pool.MinSize = min(pool.MinSize, pool.Size)
		return apply(m, func(c *osdmap.Change) { c.Pools = []osdmap.Pool{pool} })
	}
}

// findRule finds a rule by name or number.
func findRule(m *osdmap.Map, name string) (crush.RuleID, error) {
	if m.Crush() == nil {
		return 0, errNoCrush
	}
	if r, ok := m.Crush().RuleNamed(name); ok {
		return r.ID, nil
	}
	if n, err := strconv.ParseUint(name, 10, 8); err == nil {
		if _, ok := m.Crush().Rule(crush.RuleID(n)); ok {
			return crush.RuleID(n), nil
		}
	}
	return 0, fmt.Errorf("rule %q: %w", name, osdmap.ErrUnknownRule)
}
