package sim

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Diagram gathers from a trace what a sequence diagram shows: give it to a run as the place where lines go. Messages are
// those of a window of time, of a placement group or of an object; faults are shown with them.
type Diagram struct {
	Title    string
	From, To time.Duration // virtual time; To 0: until the end
	PG       string        // empty: whatever
	Object   string

	events []traced
	states []traced // what befell nodes and links, from the beginning
	left   int      // messages for which there was no room
}

// mostDrawn is how many events a diagram has at most: more nobody reads, and the file stays small.
const mostDrawn = 1500

// traced is a line of the trace, read.
type traced struct {
	T       int64 // microseconds
	Node    string
	Event   string
	Peer    string
	Type    string
	Sent    int64
	PG      string
	Object  string
	Value   string
	Text    string
	Message string
	Args    string
	Error   string
}

// Write takes one line.
func (d *Diagram) Write(line []byte) (int, error) {
	at := timeOf(line)
	if d.To > 0 && at > d.To || bytes.Contains(line, []byte(`"event":"step",`)) {
		return len(line), nil
	}
	var e traced
	if err := json.Unmarshal(line, &e); err != nil {
		return 0, err
	}
	if e.isState() {
		d.states = append(d.states, e)
	}
	switch {
	case at < d.From || !e.isState() && !d.shows(&e), d.joins(&e):
	case len(d.events) < mostDrawn:
		d.events = append(d.events, e)
	default:
		d.left++
	}
	return len(line), nil
}

// joins makes one event of those that cut a node off from several.
func (d *Diagram) joins(e *traced) bool {
	for i := len(d.events) - 1; i >= 0 && d.events[i].T == e.T; i-- {
		if o := &d.events[i]; o.Node == e.Node && o.Event == e.Event && (e.Event == "cut" || e.Event == "refuse" || e.Event == "heal") {
			o.Text += ", " + e.Text
			return true
		}
	}
	return false
}

// isState reports whether an event is a fault, or the end of one.
func (e *traced) isState() bool { return slices.Contains(stateEvents, e.Event) }

var stateEvents = []string{"cut", "crash", "delay", "disk", "exit", "hang", "heal", "log disk", "pause", "power cut", "refuse", "resume", "start", "wipe"}

// isMessage reports whether it is a message's arrival.
func (e *traced) isMessage() bool { return e.Peer != "" && e.Type != "" }

func (d *Diagram) shows(e *traced) bool {
	switch {
	case e.Event == "session", e.Event == "reset", e.Event == "durable", e.Type == "ping":
		return false
	case e.Event == "log":
		return d.PG == "" || strings.Contains(e.Args, d.PG)
	case e.Event == "command", e.Event == "command ended", e.Event == "VIOLATION", e.Event == "fault", e.Event == "ends", e.Event == "leads":
		return true
	case d.Object != "" && e.Object != "":
		return e.Object == d.Object
	case d.PG != "":
		return e.PG == d.PG
	}
	return d.Object == ""
}

// label says what a message or a mark is, in a few words.
func (e *traced) label() string {
	words := []string{e.Type}
	switch {
	case e.Event == "log":
		words = []string{e.Message}
	case !e.isMessage():
		words = []string{e.Event, e.Type, e.Object, e.Value, e.Text}
	case e.Event == "reply", e.Event == "fail":
		words = append(words, e.Event, e.Object)
	default:
		words = append(words, e.Object)
	}
	words = slices.DeleteFunc(append(words, e.Error), func(w string) bool { return w == "" })
	return shorten(strings.Join(words, " "), 60)
}

// shorten cuts a text after so many runes.
func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// lanes are the nodes that a diagram shows: clients, monitors, OSDs.
func (d *Diagram) lanes() []string {
	var all []string
	add := func(name string) {
		if rank(name) >= 0 && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	for i := range d.events {
		if e := &d.events[i]; !e.isState() {
			add(e.Node)
			add(e.Peer)
		}
	}
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	})
	return all
}

func rank(name string) int {
	for i, kind := range []string{"client.", "mon.", "osd."} {
		if strings.HasPrefix(name, kind) {
			return i
		}
	}
	return -1
}

// bar is a state of a node that lasts.
type bar struct {
	node, what string
	from, to   int64 // microseconds; to -1: until the end
}

// bars are the times in which a node is down, stands still, is cut off, or has a disk that hangs.
func (d *Diagram) bars() []bar {
	var all []bar
	end := func(node string, at int64, whats ...string) {
		for i := range all {
			if b := &all[i]; b.node == node && b.to < 0 && slices.Contains(whats, b.what) {
				b.to = at
			}
		}
	}
	begin := func(e *traced, what string) {
		end(e.Node, e.T, what)
		all = append(all, bar{e.Node, what, e.T, -1})
	}
	for i := range d.states {
		e := &d.states[i]
		way := "no way to " + e.Text
		switch e.Event {
		case "crash", "power cut", "exit":
			end(e.Node, e.T, "stands still", "down")
			begin(e, "down")
		case "start":
			end(e.Node, e.T, "down")
		case "pause", "hang":
			begin(e, "stands still")
		case "resume":
			end(e.Node, e.T, "stands still")
		case "cut", "refuse":
			begin(e, way)
		case "heal":
			end(e.Node, e.T, way)
		case "disk", "log disk":
			if e.Text == "stuck" {
				begin(e, "disk hangs")
			} else if e.Text == "moves" {
				end(e.Node, e.T, "disk hangs")
			}
		}
	}
	from := d.From.Microseconds()
	return slices.DeleteFunc(all, func(b bar) bool { return b.to >= 0 && b.to < from || b.from == b.to })
}
