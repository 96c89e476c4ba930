package sim

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"zeph/pkg/scenario"
)

// Shrinking makes a run that goes wrong smaller, as long as the same judge complains: first it is spelled out, strike by
// strike and operation by operation, so that each can be left out without moving the others; then cluster and time get
// smaller; then strikes and operations are left out in halves, quarters and so on (Zeller and Hildebrandt, Simplifying
// and Isolating Failure-Inducing Input, 2002).
//
// What is left out changes when messages arrive, and a bug that hangs on a moment may hide. So a smaller run gets some
// tries, with other random numbers for all but the plan (Options.Luck).
type Shrinking struct {
	What string  // the judge's complaint that has to stay
	Best Options // the smallest run so far
	Last *Report // of it
	Runs int     // tried so far
	Step string  // what is being reduced

	try  func([]Options) []*Report
	tell func(*Shrinking) bool
	jobs int
	over bool
}

// ErrNothingWrong: a run that is as it should be cannot be shrunk.
var ErrNothingWrong = errors.New("nothing is wrong in this run")

// Shrink shrinks a run. Runs are tried in batches of up to jobs by try, which may do so at the same time: the result is
// the same. After each batch tell hears how far it is; false ends the search with the best so far.
func Shrink(o Options, jobs int, try func([]Options) []*Report, tell func(*Shrinking) bool) (*Shrinking, error) {
	s := &Shrinking{Best: o, try: try, tell: tell, jobs: jobs}
	s.Last = try([]Options{o})[0]
	s.Runs = 1
	if s.Last.OK {
		return s, ErrNothingWrong
	}
	s.What = s.Last.Violations[0].What
	s.spellOut()
	for before := -1; before != s.size() && !s.over; {
		before = s.size()
		s.smallerCluster()
		s.fewerStrikes()
		s.fewerOps()
	}
	s.shorter()
	return s, nil
}

// Events are the strikes and operations of the smallest run.
func (s *Shrinking) Events() int { return len(s.Best.Strikes) + len(s.Best.Ops) }

func (s *Shrinking) size() int { return s.Events() + s.Best.PGs + s.Best.OSDs + s.Best.Mons }

// first tries candidates in order, each with so many kinds of luck, and takes the first that still goes wrong.
func (s *Shrinking) first(lucks int, candidates ...Options) (which int, found bool) {
	var all []Options
	for i := range candidates {
		for l := range lucks {
			o := candidates[i]
			o.Luck += uint64(l)
			all = append(all, o)
		}
	}
	for at := 0; at < len(all) && !s.over; at += s.jobs {
		batch := all[at:min(len(all), at+s.jobs)]
		reports := s.try(batch)
		s.Runs += len(batch)
		for i, r := range reports {
			if s.complains(r) {
				s.Best, s.Last = batch[i], r
				s.over = !s.tell(s)
				return (at + i) / lucks, true
			}
		}
		s.over = !s.tell(s)
	}
	return 0, false
}

func (s *Shrinking) complains(r *Report) bool {
	return r != nil && slices.ContainsFunc(r.Violations, func(v Violation) bool { return v.What == s.What })
}

// violation is what the present run is about.
func (s *Shrinking) violation() *Violation {
	at := slices.IndexFunc(s.Last.Violations, func(v Violation) bool { return v.What == s.What })
	return &s.Last.Violations[at]
}

// spellOut lists strikes and operations, and cuts off what came after the violation.
func (s *Shrinking) spellOut() {
	s.Step = "spelling out"
	r, o := s.Last, s.Best
	if r.Scenario.OSDs == 0 {
		return
	}
	o.Mons, o.OSDs, o.PGs, o.End = r.Scenario.Mons, r.Scenario.OSDs, r.Scenario.PGs, r.Scenario.End
	o.Objects, o.Seconds = r.Scenario.Workload.Objects, r.Scenario.Seconds
	o.Strikes, o.Ops = []Strike{}, append([]Op{}, r.Begun...)
	for _, strike := range r.Strikes {
		o.Strikes = append(o.Strikes, Strike{Kind: strike.Kind, Number: strike.Number, At: strike.At})
	}
	if o.Check == 0 {
		o.Check = 2 * time.Second // an object whose history takes longer to judge is none to go on with
	}
	s.first(4, s.upTo(o, s.violation().At-r.Began), o)
	s.oneObject()
}

// upTo is a run without what begins after an instant.
func (s *Shrinking) upTo(o Options, end time.Duration) Options {
	o.Strikes = slices.DeleteFunc(slices.Clone(o.Strikes), func(e Strike) bool { return e.At > end })
	o.Ops = slices.DeleteFunc(slices.Clone(o.Ops), func(e Op) bool { return e.At > end })
	o.Seconds = min(o.Seconds, max(1, int(end/time.Second)+1))
	return o
}

// smallerCluster tries fewer daemons and placement groups, and a plain end.
func (s *Shrinking) smallerCluster() {
	s.Step = "cluster"
	try := func(change func(*Options)) {
		o := s.Best
		change(&o)
		if o.Validate() == nil {
			s.first(3, o)
		}
	}
	if s.Best.End != scenario.Healed {
		try(func(o *Options) { o.End = scenario.Healed })
	}
	for _, pgs := range []int{1, 2, 4} {
		if pgs < s.Best.PGs {
			try(func(o *Options) { o.PGs = pgs })
		}
	}
	for _, mons := range []int{1, 3} {
		if mons < s.Best.Mons {
			try(func(o *Options) { o.Mons = mons })
		}
	}
	for _, osds := range []int{3, 4, 5} {
		if osds < s.Best.OSDs {
			try(func(o *Options) { o.OSDs = osds })
		}
	}
	for _, objects := range []int{1, 4} {
		if objects < s.Best.Objects {
			try(func(o *Options) { o.Objects = objects })
		}
	}
}

func (s *Shrinking) fewerStrikes() {
	s.Step = "faults"
	reduce(s, s.Best.Strikes, func(o *Options, left []Strike) { o.Strikes = left })
}

// oneObject keeps the operations on the object that the judge speaks of: with a short history he is quick, too.
func (s *Shrinking) oneObject() {
	if object := s.violation().Object; object != "" && s.Best.Ops != nil {
		o := s.Best
		o.Ops = slices.DeleteFunc(slices.Clone(o.Ops), func(e Op) bool { return e.object != object })
		if len(o.Ops) < len(s.Best.Ops) {
			s.first(4, o)
		}
	}
}

func (s *Shrinking) fewerOps() {
	s.Step = "operations"
	s.oneObject()
	reduce(s, s.Best.Ops, func(o *Options, left []Op) { o.Ops = left })
}

// reduce leaves out as much of a list as it can: halves, quarters, and so on, one by one at last.
func reduce[T any](s *Shrinking, all []T, set func(*Options, []T)) {
	without := func(from, size int) Options {
		o := s.Best
		set(&o, append(append([]T{}, all[:from]...), all[min(len(all), from+size):]...)) // never nil: that is another thing
		return o
	}
	if len(all) > 0 {
		if _, none := s.first(2, without(0, len(all))); none {
			return
		}
	}
	for size := (len(all) + 1) / 2; size > 0 && len(all) > 0 && !s.over; {
		shrunk := false
		for from := 0; from < len(all) && !s.over; {
			if _, ok := s.first(2, without(from, size)); ok {
				all = slices.Concat(all[:from], all[min(len(all), from+size):])
				shrunk = true
			} else {
				from += size
			}
		}
		if size == 1 && !shrunk {
			return
		}
		size = max(1, min(size/2, len(all)))
	}
}

// shorter moves everything to the beginning, ends faults and operations early, and rounds times.
func (s *Shrinking) shorter() {
	s.Step = "time"
	if s.Best.Ops == nil || s.over {
		return
	}
	var begin, end time.Duration = time.Hour, 0
	for _, e := range s.Best.Strikes {
		begin, end = min(begin, e.At), max(end, e.At)
	}
	for _, e := range s.Best.Ops {
		begin, end = min(begin, e.At), max(end, e.At)
	}
	if seconds := int((end+time.Second-1)/time.Second) + 1; seconds < s.Best.Seconds {
		o := s.Best
		o.Seconds = seconds
		s.first(4, o)
	}
	early := s.moved(func(at time.Duration) time.Duration { return at - begin })
	early.Seconds = max(1, early.Seconds-int(begin/time.Second))
	s.first(4, early)
	for _, unit := range []time.Duration{100 * time.Millisecond, 10 * time.Millisecond, time.Millisecond} {
		if _, ok := s.first(2, s.moved(func(at time.Duration) time.Duration { return at.Round(unit) })); ok {
			return
		}
	}
}

// moved is the smallest run with other times.
func (s *Shrinking) moved(to func(time.Duration) time.Duration) Options {
	o := s.Best
	o.Strikes, o.Ops = slices.Clone(o.Strikes), slices.Clone(o.Ops)
	for i := range o.Strikes {
		o.Strikes[i].At = to(o.Strikes[i].At)
	}
	for i := range o.Ops {
		o.Ops[i].At = to(o.Ops[i].At)
	}
	slices.SortStableFunc(o.Strikes, func(a, b Strike) int { return cmp.Compare(a.At, b.At) })
	slices.SortStableFunc(o.Ops, func(a, b Op) int { return cmp.Compare(a.At, b.At) })
	return o
}
