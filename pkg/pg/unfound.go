package pg

import (
	"fmt"
	"slices"

	"zeph/pkg/core"
	"zeph/pkg/osdmap"
	"zeph/pkg/store"
	"zeph/pkg/wire"
)

// giveUp ends the waiting for objects that nobody has: an operator decides that they are deleted, or go back to an
// older version that is still here. Only when everybody who may have them was asked, or was marked lost (5.10).
func (pg *PG) giveUp(to core.Request, revert bool) {
	r := &pg.pri.recovery
	if len(r.unfound) == 0 {
		pg.answerJSON(to, fmt.Sprintf("pg %v has no unfound objects", pg.cfg.PG), []string{})
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
	keys := sortedKeys(r.unfound)
	if !revert {
		pg.gaveUp(to, "deleted", keys, pg.deleteLost)
		return
	}
	pg.pri.commands = append(pg.pri.commands, to)
	pg.read(func(r store.Reader) any {
		var older []store.Key
		for _, k := range keys {
			if info, err := r.Stat(k); err == nil && info.Version != (store.Version{}) {
				older = append(older, k)
			}
		}
		return older
	}, func(res any) {
		pg.pri.commands = slices.DeleteFunc(pg.pri.commands, func(r core.Request) bool { return r == to })
		pg.gaveUp(to, "reverted", res.([]store.Key), pg.revertLost)
	})
}

// gaveUp does it to each object that it can be done to.
func (pg *PG) gaveUp(to core.Request, what string, keys []store.Key, do func(store.Key)) {
	r := &pg.pri.recovery
	names := []string{}
	for _, k := range keys {
		_, lost := r.unfound[k]
		t := wire.Target{Namespace: k.Namespace, Object: k.Name}
		if same, _ := pg.keyFor(&t); !lost || same != k {
			continue // it is placed by a key that the log does not know
		}
		do(k)
		delete(r.unfound, k)
		names = append(names, k.String())
	}
	text := fmt.Sprintf("pg %v: %d objects %s", pg.cfg.PG, len(names), what)
	if left := len(r.unfound); left > 0 {
		text += fmt.Sprintf("; %d could not be: there is no older version here", left)
	}
	pg.answerJSON(to, text, names)
	pg.runAll()
}

// mayHave names members of past intervals that are neither here nor given up, and may have been there when a lost version
// was written.
func (pg *PG) mayHave() []osdmap.OSDID {
	var since osdmap.Epoch
	for i, k := range sortedKeys(pg.pri.recovery.unfound) {
		if e := pg.missing.need[k].Need.Epoch; i == 0 || e < since {
			since = e
		}
	}
	var who []osdmap.OSDID
	for _, iv := range pg.info.Past {
		if iv.Last < since {
			continue
		}
		for _, m := range iv.Acting {
			if !pg.there(m) && !pg.isLost(m, iv.First) && !slices.Contains(who, m.OSD) {
				who = append(who, m.OSD)
			}
		}
	}
	return who
}

// deleteLost orders the deletion of an object that is missing, which no client's write could do: every
// copy that lacks it has what it should then.
func (pg *PG) deleteLost(k store.Key) {
	sub := pg.lostWrite(k)
	sub.Steps = []wire.Step{{Op: wire.StepRemove}}
	for _, q := range pg.members() {
		q.missing.remove(k)
	}
	pg.orderLost(k, sub)
}

// orderLost orders a write that no client asked for, under the object's lock.
func (pg *PG) orderLost(k store.Key, sub *wire.SubWrite) {
	o := pg.objects[k]
	if o == nil {
		o = &object{key: k}
		pg.objects[k] = o
	}
	o.writers++
	o.known = false
	pg.orderWrite(&write{sub: sub, key: k, obj: o})
}

// revertLost orders that an older version of an object, which is here, is the newest. A write without steps says that to
// the others: they lack the object at that version from now on, and recovery brings it.
func (pg *PG) revertLost(k store.Key) {
	sub := pg.lostWrite(k)
	need := wire.PGMissing{Object: objectOf(k), Need: pg.nextVersion()}
	pg.orderLost(k, sub)
	for _, q := range pg.members() {
		if !beyond(q.info, k) {
			q.missing.set(k, need)
		}
	}
}

func (pg *PG) lostWrite(k store.Key) *wire.SubWrite {
	return &wire.SubWrite{
		Target: wire.Target{Namespace: k.Namespace, Object: k.Name}, Prior: pg.missing.need[k].Need,
	}
}

// applyRevert is the part of such a write for one copy: the primary takes what it has, the others lack it.
func (pg *PG) applyRevert(t *store.Txn, sub *wire.SubWrite, k store.Key) {
	if pg.pri == nil {
		pg.changeMissing(t, map[store.Key]*wire.PGMissing{k: {Object: objectOf(k), Need: sub.Version}})
		return
	}
	pg.changeMissing(t, map[store.Key]*wire.PGMissing{k: nil})
	t.SetVersion(k, store.Version(sub.Version), sub.Modified)
}
