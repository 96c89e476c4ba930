package pg

import (
	"encoding/json"
	"fmt"
	"slices"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/status"
	"zeph/pkg/wire"
)

// The answers to commands have the shapes of package status, which are the same in every version.

// Explain answers "pg query". What else there is to know of the PG is its detail.
func (pg *PG) Explain() status.Query {
	q := pg.Query()
	detail, err := json.Marshal(q)
	if err != nil {
		panic("pg: query: " + err.Error()) // it holds nothing that JSON has not
	}
	s := status.Query{PG: q.PG, State: q.State, Epoch: q.Epoch, Up: filled(q.Up), Acting: filled(q.Acting), Blocked: filled(q.Blocked), Why: []string{}, Detail: detail}
	if q.Why != "" {
		s.Why = append(s.Why, q.Why)
	}
	if pg.pri != nil && pg.pri.phase == active && pg.peered() {
		s.Why = append(s.Why, fmt.Sprintf("%d of at least %d copies are there: it serves nobody until there are more", len(pg.acting()), pg.info.Interval.MinSize))
	}
	return s
}

// filled is a list that is not null in JSON.
func filled[T any](list []T) []T { return append([]T{}, list...) }

func (pg *PG) listUnfound(to core.Request) {
	u := status.Unfound{PG: pg.cfg.PG.String(), Objects: []status.UnfoundOne{}, Asked: filled(osdsOf(pg.acting())), ToAsk: filled(pg.mayHave())}
	for _, k := range sortedKeys(pg.pri.recovery.unfound) {
		m := pg.missing.need[k]
		one := status.UnfoundOne{Namespace: k.Namespace, Name: k.Name, Need: m.Need.String()}
		if !m.Have.IsZero() && m.Have != m.Need {
			one.Prior = m.Have.String()
		}
		u.Objects = append(u.Objects, one)
	}
	for _, p := range pg.pri.peers {
		if p.info != nil && !slices.Contains(u.Asked, p.id) {
			u.Asked = append(u.Asked, p.id)
		}
	}
	pg.answerJSON(to, "", u)
}

func (pg *PG) listInconsistent(to core.Request) {
	if pg.learnSchedule().again {
		pg.fail(to, wire.Denied.Errorf("pg %v: an earlier primary found %d objects; a deep scrub looks for them again", pg.cfg.PG, pg.info.Inconsistent))
		return
	}
	answer := status.Inconsistent{PG: pg.cfg.PG.String(), ScrubMS: osdmap.UnixMilli(pg.info.Scrubbed), Objects: []status.InconsistentOne{}}
	for _, inc := range pg.pri.scrub.last {
		if !inc.Repaired {
			answer.Objects = append(answer.Objects, inc.one())
		}
	}
	pg.answerJSON(to, "", answer)
}

func (inc *Inconsistency) one() status.InconsistentOne {
	one := status.InconsistentOne{Namespace: inc.key.Namespace, Name: inc.key.Name, Version: inc.Version, Copies: []status.CopyState{}, Fixable: inc.Why == ""}
	for _, id := range inc.Right {
		one.Copies = append(one.Copies, status.CopyState{OSD: id, Errors: []string{}})
	}
	for _, w := range inc.Wrong {
		one.Copies = append(one.Copies, status.CopyState{OSD: w.OSD, Errors: []string{w.What}, From: w.Offset, To: w.Offset + w.Length})
	}
	slices.SortStableFunc(one.Copies, func(a, b status.CopyState) int { return int(a.OSD) - int(b.OSD) })
	return one
}
