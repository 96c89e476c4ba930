package pg

import (
	"fmt"
	"slices"

	"zeph/pkg/core"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// giveUp ends the waiting for objects that nobody has: an operator decides that they are deleted. Only
// when everybody was asked who may have them, or was marked lost (5.10).
func (pg *PG) giveUp(to core.Request, revert bool) {
	r := &pg.pri.recovery
	if len(r.unfound) == 0 {
		pg.answerJSON(to, fmt.Sprintf("pg %v has no unfound objects", pg.cfg.PG), []string{})
		return
	}
	if revert {
		pg.fail(to, wire.Denied.Errorf("pg %v: revert is not there yet: wait for the OSDs that have the objects, or delete", pg.cfg.PG))
		return
	}
	if !pg.serving() {
		pg.fail(to, wire.Denied.Errorf("pg %v is %s", pg.cfg.PG, pg.State()))
		return
	}
	if who := pg.mayHave(); len(who) > 0 {
		pg.fail(to, wire.Denied.Errorf("pg %v: %v may have them; start them, or mark them lost", pg.cfg.PG, who))
		return
	}
	var names []string
	for _, k := range sortedKeys(r.unfound) {
		names = append(names, k.String())
		pg.deleteLost(k)
	}
	r.unfound = nil
	pg.answerJSON(to, fmt.Sprintf("pg %v: %d objects deleted", pg.cfg.PG, len(names)), names)
	pg.runAll()
}

// mayHave names members of past intervals that are neither here nor given up.
func (pg *PG) mayHave() []string {
	var who []string
	for _, iv := range pg.info.Past {
		for _, m := range iv.Acting {
			if !pg.there(m) && !pg.isLost(m, iv.First) && !slices.Contains(who, m.OSD.String()) {
				who = append(who, m.OSD.String())
			}
		}
	}
	return who
}

// deleteLost orders the deletion of an object that is missing, which no client's write could do: every
// copy that lacks it has what it should then.
func (pg *PG) deleteLost(k store.Key) {
	prior := pg.missing.need[k].Need
	sub := &wire.SubWrite{
		Target: wire.Target{Namespace: k.Namespace, Object: k.Name},
		Steps:  []wire.Step{{Op: wire.StepRemove}}, Prior: prior,
	}
	for _, q := range pg.members() {
		q.missing.remove(k)
	}
	pg.orderWrite(&write{sub: sub, key: k})
}
