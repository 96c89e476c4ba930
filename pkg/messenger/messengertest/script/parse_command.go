package script

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"zeph/pkg/wire"
)

// form is how a command is written: what follows its verb, in order, and which options.
type form struct {
	verb    Verb
	first   bool     // the verb comes before the node
	args    []string // node, peer, ids, code, types; place and type may be left out
	options []string
}

var forms = map[string]form{
	"start":   {Start, true, []string{"new"}, []string{"as", "client", "deaf"}},
	"kill":    {Kill, true, []string{"node"}, nil},
	"close":   {Close, true, []string{"node"}, nil},
	"stall":   {Stall, true, []string{"node", "place"}, nil},
	"resume":  {Resume, true, []string{"node", "place"}, nil},
	"block":   {Block, true, []string{"node", "peer"}, nil},
	"unblock": {Unblock, true, []string{"node", "peer"}, nil},
	"cut":     {Cut, true, []string{"node", "peer", "place"}, nil},

	"link":      {Link, false, []string{"node", "peer", "class"}, nil},
	"wake":      {Wake, false, []string{"node", "peer", "class"}, nil},
	"drop":      {Drop, false, []string{"node", "peer", "class"}, nil},
	"unlink":    {Unlink, false, []string{"node", "peer", "class"}, nil},
	"send":      {Send, false, []string{"node", "peer", "ids", "class"}, []string{"size", "bulk"}},
	"push":      {Push, false, []string{"node", "peer", "ids", "class"}, []string{"size", "bulk"}},
	"call":      {Call, false, []string{"node", "peer", "ids", "class"}, []string{"hold", "size", "bulk", "expect", "timeout", "context", "odd"}},
	"answer":    {Answer, false, []string{"node", "ids"}, []string{"size", "bulk"}},
	"fail":      {Fail, false, []string{"node", "ids", "code"}, nil},
	"hold":      {Hold, false, []string{"node"}, nil},
	"release":   {Release, false, []string{"node"}, nil},
	"subscribe": {Subscribe, false, []string{"node", "peer", "types"}, nil},
	"publish":   {Publish, false, []string{"node", "ids", "types"}, []string{"size"}},
	"report":    {Report, false, []string{"node", "peer", "ids"}, []string{"size"}},
}

func (p *parser) command(words []string) (*Command, error) {
	f, ok := forms[words[0]]
	if ok && f.first {
		words = words[1:]
	} else if len(words) > 1 {
		f, ok = forms[words[1]]
		words = slices.Delete(words, 1, 2)
	}
	if !ok {
		return nil, errors.New("there is no such statement")
	}
	c := &Command{Verb: f.verb}
	for _, arg := range f.args {
		var err error
		if words, err = p.argument(c, arg, words); err != nil {
			return nil, err
		}
	}
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		if !slices.Contains(f.options, name) && word != "" {
			return nil, fmt.Errorf("unexpected %q", word)
		}
		if err := p.option(c, name, value); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// argument takes one argument off the words.
func (p *parser) argument(c *Command, arg string, words []string) ([]string, error) {
	word := ""
	if len(words) > 0 {
		word = words[0]
	}
	var err error
	switch arg {
	case "class", "place":
		if !slices.Contains(places, word) || arg == "class" && !isClass(word) {
			if arg == "class" {
				c.Place = wire.Data.String()
			}
			return words, nil
		}
		c.Place = word
	case "types":
		options := slices.IndexFunc(words, func(w string) bool { return strings.Contains(w, "=") })
		if options < 0 {
			options = len(words)
		}
		c.Types, err = types(words[:options])
		return words[options:], err
	case "code":
		c.Code, err = code(strings.Join(words, " "))
		return nil, err
	case "new":
		c.Node, err = p.start(word)
		limits := p.limits
		c.Limits = &limits
	case "node":
		c.Node, err = p.run(word)
	case "peer":
		c.Peer, err = p.run(word)
	case "ids":
		c.IDs, err = ids(word)
	}
	if err != nil {
		return nil, err
	}
	return words[1:], nil
}

// start gives the next run of a node its name.
func (p *parser) start(node string) (string, error) {
	if node == "" || strings.ContainsAny(node, "@=.") {
		return "", fmt.Errorf("%q is no name for a node", node)
	}
	p.runs[node]++
	return p.run(node)
}

func (p *parser) option(c *Command, name, value string) error {
	var err error
	switch name {
	case "client":
		c.Client = true
	case "deaf":
		c.Deaf = true
	case "hold":
		c.Hold = true
	case "as":
		c.Peer, err = p.who(value)
		p.identity[c.Node] = c.Peer
	case "size":
		c.Size, err = bytes(value)
	case "bulk":
		c.Bulk, err = bytes(value)
	case "expect":
		c.Expect, err = bytes(value)
	case "timeout":
		c.Timeout, err = time.ParseDuration(value)
	case "context":
		c.Context, err = time.ParseDuration(value)
	case "odd":
		c.Odd = value
		if !slices.Contains([]string{"type", "class", "field"}, value) {
			err = fmt.Errorf("odd %q: expected type, class or field", value)
		}
	}
	return err
}

// places are what a connection may be for.
var places = []string{"control", "data", "bulk", "heartbeat", "hints", "reports"}

func isClass(place string) bool {
	i := slices.Index(places, place)
	return i >= 0 && i < int(wire.NumClasses)
}

// types reads names of message types; none means notes.
func types(words []string) ([]wire.Type, error) {
	if len(words) == 0 {
		return []wire.Type{wire.TypeNote}, nil
	}
	var list []wire.Type
	for _, word := range words {
		switch word {
		case wire.TypeNote.String():
			list = append(list, wire.TypeNote)
		case wire.TypeEcho.String():
			list = append(list, wire.TypeEcho)
		default:
			return nil, fmt.Errorf("type %q: expected note or echo", word)
		}
	}
	return list, nil
}

// code finds the error code of a name.
func code(name string) (wire.Code, error) {
	for c := wire.Code(1); c < 1000; c++ {
		if c.Error() == name {
			return c, nil
		}
	}
	return 0, fmt.Errorf("there is no error code %q", name)
}
