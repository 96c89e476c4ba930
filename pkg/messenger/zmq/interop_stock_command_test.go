package zmq_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-zeromq/zmq4"

	"zeph/pkg/wire"
)

// command does what a line says.
func (p *stock) command(line string) error {
	w := strings.Fields(line)
	if w[0] == "reconnect" {
		p.close()
		return p.connect()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch w[0] {
	case "call":
		return p.call(p.places[w[1]], number(w[2]), number(w[3]))
	case "note":
		return p.note(p.places[w[1]], w[2])
	case "blank":
		return p.places[w[1]].send("", nil)
	case "publish":
		p.counter++
		v := voice{entity: p.entity, gid: p.gid, id: wire.PublisherSession(p.gid)}
		h := wire.Header{Mode: wire.Published, Session: v.id, Type: wire.Type(number(w[1]))}
		return p.places["hints"].send("", v.seal(utterance{h, noteBody(w[2]), nil}, p.counter))
	case "forget":
		return p.places["hints"].socket.SetOption(zmq4.OptionUnsubscribe, topic(wire.TypeNote))
	case "report":
		p.counter++
		v := p.places["control"].voices[""]
		h := wire.Header{Session: v.id, Type: wire.TypeNote}
		return p.places["reports"].send("", v.seal(utterance{h, noteBody(w[1]), nil}, p.counter))
	}
	return fmt.Errorf("no command %q", w[0])
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err) // a test's mistake
	}
	return n
}

func noteBody(text string) []byte { return wire.AppendBody(nil, &wire.Note{Text: text}) }

func (p *stock) call(pl *stockPlace, size, count int) error {
	b := &stockBatch{size, count, count}
	for range count {
		p.request++
		p.calls[p.request] = b
		pl.voices[""].post(wire.Header{Type: wire.TypeEcho, Request: p.request}, &wire.Echo{Text: "hi"}, content(p.request, size))
	}
	return pl.pump("")
}

func (p *stock) answered(place string, h wire.Header, body, bulk []byte) error {
	b, ok := p.calls[h.Request]
	if !ok {
		return fmt.Errorf("an answer to nothing: %+v", h)
	}
	delete(p.calls, h.Request)
	var e wire.Echo
	if err := wire.ParseBody(body, &e, true); err != nil || e.Text != "hi" || !bytes.Equal(bulk, content(h.Request, b.size)) {
		return fmt.Errorf("a wrong answer: %+v, %v, %d bytes of bulk", e, err, len(bulk))
	}
	if b.left--; b.left == 0 {
		p.add("answered %s %d %d", place, b.size, b.count)
	}
	return nil
}

func (p *stock) note(pl *stockPlace, text string) error {
	for to, v := range pl.voices {
		v.post(wire.Header{Type: wire.TypeNote}, &wire.Note{Text: text}, nil)
		if err := pl.pump(to); err != nil {
			return err
		}
	}
	return nil
}
