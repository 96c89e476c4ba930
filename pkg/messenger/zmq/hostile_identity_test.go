package zmq_test

import (
	"testing"

	"zeph/pkg/messenger"
	"zeph/pkg/wire"
)

// answers wants the next answers to be those to the texts, in any order, and nothing else.
func (i *intruder) answers(texts ...string) {
	i.t.Helper()
	want := make(map[string]bool)
	for _, text := range texts {
		want[text] = true
	}
	for range texts {
		a, err := i.hear()
		if err != nil || !want[a.text()] || a.Session != i.id {
			i.t.Errorf("heard %q of session %v, %v; want %q of %v", a.body, a.Session, err, texts, i.id)
			return
		}
		delete(want, a.text())
	}
}

// Two connections with one identity in READY: it means nothing, and each gets its own answers.
func TestHostileSameIdentity(t *testing.T) {
	s := besieged(t, messenger.Limits{})
	var twins [2]*intruder
	for n := range twins {
		twins[n] = s.intrude("data")
		twins[n].identity = "client.honest"
		twins[n].enter()
	}
	s.during(func() { eachItsOwn(s, twins[0], twins[1]) })
}

// Two runs of one entity.
func TestHostileSameEntity(t *testing.T) {
	s := besieged(t, messenger.Limits{})
	a, b := s.intrude("data").enter(), s.intrude("data").enter()
	s.during(func() { eachItsOwn(s, a, b) })
}

// Somebody with the honest client's name, and a gid of its own.
func TestHostileHonestName(t *testing.T) {
	s := besieged(t, messenger.Limits{})
	a, b := s.intrude("data"), s.intrude("data").enter()
	a.entity = entityNamed(t, "client.honest")
	a.enter()
	s.during(func() { eachItsOwn(s, a, b) })
}

// eachItsOwn has both ask at the same time, with the same request ids, and answers come late.
func eachItsOwn(s *siege, a, b *intruder) {
	s.t.Helper()
	for range 20 {
		b.request = a.request
		_, _ = a.say(a.echo("of a", nil)), b.say(b.echo("of b", nil))
		_, _ = a.say(a.echo(holdText, nil)), b.say(b.echo(holdText, nil))
		a.answers("of a")
		b.answers("of b")
		waitFor(s.t, "two requests are held", func() bool { return s.holding() == 2 })
		s.unhold()
		a.answers(holdText)
		b.answers(holdText)
	}
	a.alive()
	b.alive()
}

// A later hello of the same run and class takes the earlier session's place, and gets nothing of
// it.
func TestHostileReplaced(t *testing.T) {
	s := besieged(t, messenger.Limits{})
	s.during(func() {
		for range 20 {
			first, second := s.intrude("data").enter(), s.intrude("data")
			_ = first.say(first.echo(holdText, bulkOf(5000, 1)))
			waitFor(t, "a request is held", func() bool { return s.holding() == 1 })
			second.gid = first.gid
			second.enter()
			first.refused(wire.Replaced, 0)
			first.cut()
			s.unhold()
			second.alive() // and that is the first thing it hears
			second.leave()
		}
	})
	s.rid()
	s.nothingHeld()
}

// Of many that say they are the same, one has a session in the end, and it works.
func TestHostileManyReplaced(t *testing.T) {
	const n = 50
	s := besieged(t, messenger.Limits{})
	crowd := make([]*intruder, n)
	s.during(func() {
		for k := range crowd {
			crowd[k] = s.intrude("data").greet()
			crowd[k].gid = crowd[0].gid
		}
		for _, i := range crowd {
			_ = i.say(i.hello())
		}
		waitFor(t, "all but one are gone", func() bool {
			st := s.m.Stats()
			data := st.Classes[wire.Data]
			return st.Strangers == 0 && data.Sessions+st.Refused >= n+1 && data.Sessions-data.Resets == 2
		})
	})
	alive := 0
	for _, i := range crowd {
		a, err := i.hear() // some are replaced before they are welcomed
		if err != nil {
			continue
		}
		i.id, i.counter = a.Session, 1
		_ = i.say(i.echo("the last", nil))
		if a, err := i.hear(); err == nil && a.code() == 0 && a.text() == "the last" {
			alive++
		}
	}
	if alive != 1 {
		t.Errorf("%d of them are alive", alive)
	}
}

// A session of another class is another session.
func TestHostileSameRunOtherClass(t *testing.T) {
	s := besieged(t, messenger.Limits{})
	data, control := s.intrude("data").enter(), s.intrude("control")
	control.gid = data.gid
	control.enter()
	s.during(func() { eachItsOwn(s, data, control) })

	control.id, data.id = data.id, control.id // sessions do not go from one connection to the other
	for _, i := range []*intruder{data, control} {
		_ = i.say(i.echo("astray", nil))
		i.refused(wire.BadSession, i.request)
		i.cut()
	}
}
