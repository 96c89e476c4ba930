package placement

import (
	"fmt"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
)

// Explanation retells how an object got to its OSDs.
type Explanation struct {
	Object  Object
	Hash    uint32 // of the name
	PG      osdmap.PGID
	Seed    uint32 // what CRUSH places the PG by
	Rule    *crush.Rule
	Steps   []ExplainedStep
	Mapping Mapping
}

// ExplainedStep is one step of the rule and what happened in it.
type ExplainedStep struct {
	Step   crush.Step
	Events []Event
}

// Event is one draw, or what became of the item that the draws before it led to.
type Event struct {
	Draw      *crush.Draw
	Judgement *crush.Judgement
}

// Why explains where an object of a pool is.
func (mp *Mapper) Why(pool *osdmap.Pool, o Object) (*Explanation, error) {
	if mp.crush == nil {
		return nil, errNoCrush
	}
	rule, ok := mp.osds.Crush().Rule(pool.Rule)
	if !ok {
		return nil, fmt.Errorf("pool %q: the CRUSH map has no rule %d", pool.Name, pool.Rule)
	}
	pg := o.PG(pool)
	e := &Explanation{Object: o, Hash: o.Hash(pool), PG: pg, Seed: Seed(pool, pg), Rule: rule}
	var s Scratch
	mp.crush.Map(nil, &s.crush, crush.Query{
		Rule:      pool.Rule,
		X:         e.Seed,
		Count:     int(pool.Size),
		Reweight:  mp.weights,
		WeightSet: mp.crush.WeightSet(int64(pool.ID)),
		Trace:     recorder{e},
	})
	e.Mapping = mp.Map(&s, pool, pg)
	return e, nil
}

// recorder writes down what the crush mapper tells.
type recorder struct{ e *Explanation }

func (r recorder) Step(s crush.Step) {
	r.e.Steps = append(r.e.Steps, ExplainedStep{Step: s})
}

func (r recorder) Draw(d crush.Draw) { r.add(Event{Draw: &d}) }

func (r recorder) Judge(j crush.Judgement) { r.add(Event{Judgement: &j}) }

func (r recorder) add(ev Event) {
	last := &r.e.Steps[len(r.e.Steps)-1]
	last.Events = append(last.Events, ev)
}
