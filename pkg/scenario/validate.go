package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// problem is something wrong with a part of a scenario.
type problem struct {
	path string // of keys, such as steps[2].do
	text string
}

// Validate names everything that is wrong with a scenario that is filled.
func (s *Scenario) Validate() error {
	var errs []error
	for _, p := range s.problems() {
		errs = append(errs, errors.New(p.text))
	}
	return errors.Join(errs...)
}

// checker gathers what is wrong.
type checker struct{ found []problem }

func (c *checker) want(ok bool, path, format string, args ...any) {
	if !ok {
		c.found = append(c.found, problem{path, fmt.Sprintf(format, args...)})
	}
}

func (s *Scenario) problems() []problem {
	c := &checker{}
	c.want(s.Name == "" || strings.Trim(s.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" || strings.HasPrefix(s.Name, "seed "), "name", "name %q: expected small letters, digits and dashes", s.Name)
	c.want(s.Mons >= 1 && s.Mons%2 == 1 && s.Mons <= 9, "cluster.mons", "%d monitors: expected an odd number up to 9", s.Mons)
	c.want(s.OSDs >= 1, "cluster.osds", "%d osds: expected at least one", s.OSDs)
	c.want(s.Hosts >= 1 && s.Hosts <= s.OSDs, "cluster.hosts", "%d hosts: expected 1 to %d, the number of osds", s.Hosts, s.OSDs)
	c.want(s.Racks >= 0 && s.Racks <= s.Hosts, "cluster.racks", "%d racks: expected 0 to %d, the number of hosts", s.Racks, s.Hosts)
	s.checkPools(c)
	c.want(validLease(s.Lease), "cluster.read_lease_interval", "%s", badLease(s.Lease))
	c.want(s.Seconds >= 0, "seconds", "%d seconds: below zero", s.Seconds)
	c.want(s.Heal >= 0, "heal", "%d seconds: below zero", s.Heal)
	w := &s.Workload
	c.want(w.Writers+w.Readers > 0, "workload", "nobody uses the cluster")
	c.want(w.Objects > 0 && w.Lanes > 0, "workload", "%d objects, %d lanes: expected at least one", w.Objects, w.Lanes)
	c.want(w.Swap+w.Remove <= 100_00, "workload.cas", "cas %v and remove %v: together more than all writes", w.Swap, w.Remove)
	c.want(slices.Contains(Ends, s.End), "end", "end %q: expected one of %v", s.End, Ends)
	for i, f := range s.Faults {
		path := fmt.Sprintf("faults[%d]", i)
		if !slices.Contains(KindNames(), f.Kind) {
			c.want(false, path+".kind", "%v", oneOf("fault", f.Kind, KindNames()))
		}
		c.want(f.Every > 0, path+".every", "fault %s: every %v", f.Kind, f.Every)
	}
	s.checkSteps(c)
	for i := range s.Expect {
		if e := &s.Expect[i]; e.Kind == Says {
			s.checkCondition(c, fmt.Sprintf("expect[%d]", i), &e.While)
		}
	}
	return c.found
}

// checkPools looks at where copies have room: a cluster needs a host, or a rack, for each.
func (s *Scenario) checkPools(c *checker) {
	for i, p := range s.AllPools() {
		at := func(key string) string {
			if len(s.Pools) == 0 {
				return "cluster." + key
			}
			return fmt.Sprintf("cluster.pools[%d].%s", i, key)
		}
		room, places := s.Hosts, "hosts"
		switch p.Domain {
		case "host":
		case "osd":
			room, places = s.OSDs, "osds"
		case "rack":
			room, places = s.Racks, "racks"
			if room == 0 {
				c.want(false, at("failure_domain"), "failure_domain rack: the cluster has no racks")
				room = p.Size
			}
		default:
			c.want(false, at("failure_domain"), "failure_domain %q: expected host, rack or osd", p.Domain)
		}
		c.want(p.Name != "" && !strings.ContainsAny(p.Name, "/ "), at("name"), "name %q: expected one without blanks and slashes", p.Name)
		c.want(p.PGs >= 1, at("pg_num"), "%d pgs: expected at least one", p.PGs)
		c.want(p.Size >= 1 && p.Size <= room, at("size"), "size %d: expected 1 to %d, the number of %s", p.Size, room, places)
		c.want(p.MinSize >= 1 && p.MinSize <= p.Size, at("min_size"), "min_size %d: expected 1 to %d, the size", p.MinSize, p.Size)
	}
}

func (s *Scenario) checkSteps(c *checker) {
	at := time.Duration(0)
	for i := range s.Steps {
		step := &s.Steps[i]
		path := fmt.Sprintf("steps[%d]", i)
		if step.At > 0 {
			c.want(step.At >= at, path+".at", "at %v: a step above is at %v; steps are taken in their order", step.At, at)
			at = step.At
		}
		ways := 0
		for _, given := range []bool{step.At > 0, step.After > 0, step.When != nil} {
			if given {
				ways++
			}
		}
		c.want(ways <= 1, path, "at, after and when: expected one of them")
		c.want(step.Within == 0 || step.When != nil, path+".within", "within: there is no when")
		verb := VerbNamed(step.Do)
		if verb == nil {
			c.want(false, path+".do", "%v", oneOf("verb", step.Do, VerbNames()))
			continue
		}
		s.checkKeys(c, path, step, verb)
		s.checkValues(c, path, step)
		for _, cond := range []struct {
			key string
			c   *Condition
		}{{"when", step.When}, {"until", step.Until}, {"that", step.That}} {
			if cond.c != nil {
				s.checkCondition(c, path+"."+cond.key, cond.c)
			}
		}
	}
}

// checkKeys holds a step to the keys that its verb knows.
func (s *Scenario) checkKeys(c *checker, path string, step *Step, verb *Verb) {
	for _, k := range []struct {
		name  string
		given bool
	}{
		{"on", len(step.Whom()) > 0}, {"from", step.From != nil}, {"way", step.Way != ""}, {"by", step.By != 0}, {"to", step.To != ""},
		{"count", step.Count != 0}, {"power", step.Power}, {"pool", step.Pool != ""}, {"size", step.Size != 0}, {"min_size", step.Min != 0}, {"read_lease_interval", step.Lease != 0},
		{"flag", step.Flag != ""}, {"deep", step.Deep}, {"random", step.Random != ""}, {"that", step.That != nil},
	} {
		needs := slices.Contains(verb.Needs, k.name)
		c.want(k.given || !needs, path+".do", "%s: %s is missing", verb.Name, k.name)
		takes := needs || slices.Contains(verb.Takes, k.name) || k.name == "on" && verb.On != nil
		c.want(!k.given || takes, path+"."+k.name, "%s: it takes no %s", verb.Name, k.name)
	}
	c.want(step.For == 0 || verb.Undo != "", path+".for", "%s: nothing takes it back, so it has no for", verb.Name)
	c.want(step.Until == nil || verb.Undo != "", path+".until", "%s: nothing takes it back, so it has no until", verb.Name)
	c.want(step.Until == nil || step.For == 0, path+".until", "for and until: expected one of them")
	if verb.On != nil {
		s.checkTargets(c, path+".on", verb, step.Whom(), verb.On)
	}
	s.checkTargets(c, path+".from", verb, step.From, append(slices.Clone(onDaemons), Clients, Outsiders))
}

func (s *Scenario) checkTargets(c *checker, path string, verb *Verb, ts Targets, may []Role) {
	for _, t := range ts {
		c.want(slices.Contains(may, t.Role), path, "%s: %s is nobody to do that to", verb.Name, t)
		switch t.Role {
		case OneOSD:
			c.want(t.N < s.OSDs+s.added(), path, "%s: there are %d osds, from osd.0 on", t, s.OSDs+s.added())
		case OneMon:
			c.want(len(t.Name) == 1 && int(t.Name[0]-'a') < s.Mons, path, "%s: there are %d monitors, from mon.a on", t, s.Mons)
		case Host:
			c.want(t.N < s.Hosts || verb.Name == "add", path, "%s: there are %d hosts, from h0 on", t, s.Hosts)
		case Rack:
			c.want(t.N < s.Racks, path, "%s: there are %d racks", t, s.Racks)
		case Primary, Replicas, Members, PG:
			s.wantPG(c, path, t.Name)
		}
	}
}

// added is how many OSDs join.
func (s *Scenario) added() int {
	n := 0
	for i := range s.Steps {
		n += s.Steps[i].Count
	}
	return n
}

func (s *Scenario) wantPG(c *checker, path, id string) {
	pool, seed, _ := strings.Cut(id, ".")
	n, _ := strconv.Atoi(pool)
	pg, _ := strconv.ParseUint(seed, 16, 32)
	pools := s.AllPools()
	ok := n >= 1 && n <= len(pools) && pg < uint64(pools[n-1].PGs)
	c.want(ok, path, "pg %s: pools are numbered from 1 on, and there are %d; groups of pool 1 go from 1.0 to 1.%x", id, len(pools), pools[0].PGs-1)
}

func (s *Scenario) checkValues(c *checker, path string, step *Step) {
	if step.Random != "" && !slices.Contains(KindNames(), step.Random) {
		c.want(false, path+".random", "%v", oneOf("fault", step.Random, KindNames()))
	}
	c.want(slices.Contains([]string{"", "both", "in", "out"}, step.Way), path+".way", "way %q: expected both, in or out", step.Way)
	switch {
	case step.To == "":
	case step.Do == "fill":
		var p Percent
		if err := p.UnmarshalText([]byte(step.To)); err != nil || p < 100 {
			c.want(false, path+".to", "to %q: expected a share of the disk, such as 97 %%", step.To)
		}
	case step.Do == "reweight":
		whole, part, _ := strings.Cut(step.To, ".")
		ok := whole == "1" && strings.Trim(part, "0") == "" || whole == "0" && strings.Trim(part, "0123456789") == ""
		c.want(ok, path+".to", "to %q: expected a weight from 0 to 1", step.To)
	}
	if step.Do == "pool" {
		names := []string{}
		for _, p := range s.AllPools() {
			names = append(names, p.Name)
		}
		if step.Pool != "" && !slices.Contains(names, step.Pool) {
			c.want(false, path+".pool", "%v", oneOf("pool", step.Pool, names))
		}
		c.want(step.Size+step.Min > 0 || step.Lease > 0, path+".do", "pool: size, min_size and read_lease_interval are missing: nothing is changed")
		c.want(step.Lease == 0 || validLease(step.Lease), path+".read_lease_interval", "%s", badLease(step.Lease))
	}
}

func (s *Scenario) checkCondition(c *checker, path string, cond *Condition) {
	switch cond.Of {
	case "pg":
		s.wantPG(c, path, cond.PG)
	case "osd":
		c.want(cond.OSD < s.OSDs+s.added(), path, "osd.%d: there are %d osds, from osd.0 on", cond.OSD, s.OSDs+s.added())
	}
}

// CanRunOn says why a scenario cannot be run on a target: everything that only others can do.
func (s *Scenario) CanRunOn(target string) error {
	var errs []error
	for i := range s.Steps {
		step := &s.Steps[i]
		if v := VerbNamed(step.Do); v != nil && !slices.Contains(v.Where, target) {
			errs = append(errs, fmt.Errorf("line %d: %s: target %s cannot do that; those that can: %s", step.Line, v.Name, target, strings.Join(v.Where, ", ")))
		}
	}
	for _, f := range s.Faults {
		for _, k := range Kinds {
			if k.Name == f.Kind && !slices.Contains(k.where(), target) {
				errs = append(errs, fmt.Errorf("fault %s: target %s cannot do that; those that can: %s", f.Kind, target, strings.Join(k.where(), ", ")))
			}
		}
	}
	return errors.Join(errs...)
}

// where is which targets can do a kind of random fault.
func (k *Kind) where() []string {
	switch k.Name {
	case "acklag", "bereave", "choke", "decay", "hang", "hles", "late", "pair", "rate", "relay", "straggle", "turn", "wall":
		return []string{Sim} // they need to know, or to change, what is inside of a process
	case "cut", "isolate", "refuse", "reset", "rotate":
		return []string{Sim, Compose, Netns}
	}
	return everywhere
}

func itoa(n int) string { return strconv.Itoa(n) }

func validLease(d time.Duration) bool { return d >= 100*time.Millisecond && d <= time.Minute }

func badLease(d time.Duration) string {
	return fmt.Sprintf("read_lease_interval %v: expected 100ms to 1m", d)
}
