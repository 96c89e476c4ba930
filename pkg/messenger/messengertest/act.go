package messengertest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/messengertest/script"
	"zeph/pkg/wire"
)

// do is what a node does with its messenger.
func (n *node) do(c *script.Command) error {
	switch c.Verb {
	case script.Hold:
		n.mu.Lock()
		n.holding = true
		n.mu.Unlock()
		return nil
	case script.Release:
		n.release()
		return nil
	case script.Answer, script.Fail:
		return n.answer(c)
	case script.Publish:
		return n.each(c, "hint", func(_ int, m *messenger.Message) error {
			m.Type = c.Types[0]
			return n.m.Publish(m)
		})
	}
	peer, err := n.world.peer(c.Peer)
	if err != nil {
		return err
	}
	switch c.Verb {
	case script.Subscribe:
		n.m.Subscribe(peer, c.Types...)
		return nil
	case script.Report:
		return n.each(c, "report", func(id int, m *messenger.Message) error {
			n.refused(c, "report", messenger.Reports, id, n.m.Report(peer, m))
			return nil
		})
	case script.Push:
		return n.push(c, n.world.name(peer))
	}
	return n.useLink(c, n.m.Link(peer, wire.Class(slices.Index(classes, c.Place))))
}

var classes = []string{"control", "data", "bulk", "heartbeat"}

func (n *node) useLink(c *script.Command, l *messenger.Link) error {
	switch c.Verb {
	case script.Link: // is made
	case script.Wake:
		l.Wake()
	case script.Drop:
		l.Reset(nil)
	case script.Unlink:
		l.Close()
	case script.Send:
		return n.each(c, "note", func(id int, m *messenger.Message) error {
			n.refused(c, "send", c.Place, id, l.Send(m))
			return nil
		})
	case script.Call:
		return n.each(c, "request", func(id int, m *messenger.Message) error {
			n.call(c, l, id, m)
			return nil
		})
	default:
		return fmt.Errorf("verb %d is not for real messengers", c.Verb)
	}
	return nil
}

// each makes a message of a command for each of its numbers, and then uses them one after the
// other: what takes time is done before.
func (n *node) each(c *script.Command, event string, do func(int, *messenger.Message) error) error {
	var all []*messenger.Message
	for _, id := range c.IDs {
		m, err := n.message(c, event, id)
		if err != nil {
			return err
		}
		all = append(all, m)
	}
	for i, m := range all {
		if err := do(c.IDs[i], m); err != nil {
			return err
		}
	}
	return nil
}

// message makes a message that the ledger follows.
func (n *node) message(c *script.Command, event string, id int) (*messenger.Message, error) {
	m := new(messenger.Message)
	m.Type = wire.TypeNote
	if event == "request" || event == "answer" {
		m.Type = wire.TypeEcho
	}
	content := content{event: fmt.Sprintf("%s %d", event, id), hold: c.Hold, bulk: c.Bulk}
	if c.Bulk > 0 {
		content.event += fmt.Sprintf(" bulk=%d", c.Bulk)
	}
	m.Body = n.body(c, m.Type, content)
	if c.Size > 0 { // the length of the body depends on that of the bulk
		for range 2 {
			content.bulk = max(0, c.Size-wire.HeaderSize-len(m.Body))
			m.Body = n.body(c, m.Type, content)
		}
		if size := wire.HeaderSize + len(m.Body) + content.bulk; size != c.Size {
			return nil, fmt.Errorf("no message can be %d bytes: %d", c.Size, size)
		}
	}
	if content.bulk > 0 {
		m.Bulk = make([]byte, content.bulk)
		fill(m.Bulk, id)
	}
	m.Expect = c.Expect
	m.Free = n.world.ledger.lend(n.run+"'s "+content.event, m.Body, m.Bulk)
	switch c.Odd {
	case "type":
		m.Type = 999
	case "class":
		m.Type = wire.TypePing
	case "field":
		m.Flags |= wire.MustUnderstand
	}
	return m, nil
}

func (n *node) body(c *script.Command, t wire.Type, content content) []byte {
	text := content.text()
	if c.Odd == "field" { // {1: text, 99: 0}
		b := wire.AppendBody(nil, &wire.Note{Text: text})
		b[0]++
		return append(b, 0x18, 99, 0)
	}
	if t == wire.TypeEcho {
		return wire.AppendBody(nil, &wire.Echo{Text: text})
	}
	return wire.AppendBody(nil, &wire.Note{Text: text})
}

// refused logs how a message ended that was not sent.
func (n *node) refused(c *script.Command, what, place string, id int, err error) {
	if err == nil {
		return
	}
	n.see(script.Event{
		Kind: script.Ending, Peer: n.seen(c.Peer), Place: place, Dialled: c.Verb != script.Push,
		What: fmt.Sprintf("%s %d %s", what, id, ending(err)),
	})
}

// seen is what scripts call a peer that has a run's identity.
func (n *node) seen(run string) string {
	p, err := n.world.peer(run)
	if err != nil {
		return run
	}
	return n.world.name(p)
}

// push sends over the session that a peer dialled.
func (n *node) push(c *script.Command, peer string) error {
	n.mu.Lock()
	s := n.sessions[sessionKey{peer, c.Place}]
	n.mu.Unlock()
	if s == nil {
		return fmt.Errorf("%s has no %s session with %s", peer, c.Place, n.run)
	}
	return n.each(c, "note", func(id int, m *messenger.Message) error {
		n.refused(c, "push", c.Place, id, s.Send(m))
		return nil
	})
}

// call makes a call, and logs how it ends.
func (n *node) call(c *script.Command, l *messenger.Link, id int, m *messenger.Message) {
	done := func(answer *messenger.Message, err error) { n.ended(c, id, answer, err) }
	if c.Context == 0 {
		l.Go(m, c.Timeout, done)
		return
	}
	n.world.calls.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), c.Context)
		defer cancel()
		done(l.Call(ctx, m))
	})
}

// ended logs the end of a call.
func (n *node) ended(c *script.Command, id int, answer *messenger.Message, err error) {
	e := script.Event{
		Kind: script.Ending, Peer: n.seen(c.Peer), Place: c.Place, Dialled: true,
		What: fmt.Sprintf("call %d ", id),
	}
	if err != nil {
		e.What += ending(err)
		n.see(e)
		return
	}
	e.What += "answered"
	e.Peer = n.world.name(answer.From())
	got, err := read(answer)
	if err == nil && got.id() != id {
		err = fmt.Errorf("call %d was answered with %s", id, got.event)
	}
	if err != nil {
		n.world.log.Wrong("%s: %v", n.run, err)
	} else {
		e.What += strings.TrimPrefix(got.event, fmt.Sprintf("answer %d", id))
	}
	e.Kind, e.Session = script.Delivery, answer.Session().Number()
	if err == nil {
		n.keep(answer, got)
	}
	n.see(e)
	answer.Release()
}

// answer answers requests that were held.
func (n *node) answer(c *script.Command) error {
	for _, id := range c.IDs {
		n.mu.Lock()
		m := n.requests[id]
		delete(n.requests, id)
		n.mu.Unlock()
		if m == nil {
			return fmt.Errorf("%s has no request %d", n.run, id)
		}
		if c.Verb == script.Fail {
			m.Fail(c.Code.Errorf("as the script says"))
		} else {
			n.reply(m, id, c.Bulk, c.Size)
		}
		m.Release()
	}
	return nil
}

// reply answers a request. That the session has ended meanwhile is no concern of who answers.
func (n *node) reply(m *messenger.Message, id, bulk, size int) {
	answer, err := n.message(&script.Command{Bulk: bulk, Size: size}, "answer", id)
	if err != nil {
		n.world.log.Wrong("%s: %v", n.run, err)
		return
	}
	m.Reply(answer)
}
