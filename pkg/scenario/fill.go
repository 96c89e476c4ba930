package scenario

import "time"

// Fill gives what a scenario does not say its default: that of a new cluster, where there is one.
func (s *Scenario) Fill() {
	set(&s.Mons, 3)
	set(&s.OSDs, 5)
	set(&s.Hosts, s.OSDs)
	s.fillPools()
	set(&s.Heartbeat, 500*time.Millisecond)
	set(&s.Grace, 2*time.Second)
	set(&s.Lease, min(800*time.Millisecond, max(100*time.Millisecond, s.Grace*2/5)))
	set(&s.DownOut, 10*time.Minute)
	set(&s.MinLog, 1000)
	set(&s.MinMaps, 500)
	s.Workload.fill()
	for i := range s.Faults {
		set(&s.Faults[i].Every, 2*time.Second)
	}
	set(&s.Seconds, s.lasts())
	set(&s.Heal, 90)
	set(&s.End, Healed)
}

func (s *Scenario) fillPools() {
	for i := range s.Pools {
		p := &s.Pools[i]
		set(&p.Name, []string{"sim", "sim" + itoa(i+1)}[min(i, 1)])
		set(&p.PGs, 8)
		set(&p.Size, 3)
		set(&p.MinSize, min(2, p.Size))
		set(&p.Domain, "host")
	}
	if len(s.Pools) > 0 {
		first := &s.Pools[0]
		set(&s.PGs, first.PGs)
		set(&s.Size, first.Size)
		set(&s.MinSize, first.MinSize)
	}
	set(&s.PGs, 8)
	set(&s.Size, 3)
	set(&s.MinSize, min(2, s.Size))
}

// AllPools are the pools, of which the first is as PGs, Size and MinSize say.
func (s *Scenario) AllPools() []Pool {
	first := Pool{Name: "sim", Domain: "host"}
	var others []Pool
	if len(s.Pools) > 0 {
		first, others = s.Pools[0], s.Pools[1:]
	}
	first.PGs, first.Size, first.MinSize = s.PGs, s.Size, s.MinSize
	return append([]Pool{first}, others...)
}

func (w *Workload) fill() {
	if *w == (Workload{Objects: w.Objects, Lanes: w.Lanes, Think: w.Think, Rate: w.Rate, Append: w.Append, Swap: w.Swap, Remove: w.Remove}) {
		w.Writers, w.Readers = 2, 2
	}
	set(&w.Lanes, 1)
	set(&w.Objects, 16)
	if w.Rate > 0 && w.Think == 0 { // a rest is half of Think on average
		w.Think = 2 * time.Second * time.Duration((w.Writers+w.Readers)*w.Lanes) / time.Duration(w.Rate)
	}
	set(&w.Think, 100*time.Millisecond)
}

// lasts is how long the steps need, in seconds.
func (s *Scenario) lasts() int {
	if len(s.Steps) == 0 {
		return 30
	}
	var at, end time.Duration
	for i := range s.Steps {
		step := &s.Steps[i]
		at = max(step.At, at+step.After)
		if step.When != nil {
			at += step.Within
		}
		end = max(end, at+step.For)
	}
	return int((end + 10*time.Second) / time.Second)
}

func set[T comparable](value *T, otherwise T) {
	var none T
	if *value == none {
		*value = otherwise
	}
}
