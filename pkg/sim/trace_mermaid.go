package sim

import (
	"fmt"
	"strings"
)

// Mermaid is the diagram as text that Mermaid draws.
func (d *Diagram) Mermaid() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "---\ntitle: %s\n---\nsequenceDiagram\n", plain(d.Title))
	lanes := d.lanes()
	id := func(name string) string { return strings.ReplaceAll(name, ".", "_") }
	in := make(map[string]bool)
	for _, name := range lanes {
		in[name] = true
		fmt.Fprintf(&b, "  participant %s as %s\n", id(name), name)
	}
	arrows := map[string]string{"send": "-)", "call": "->>", "reply": "-->>", "fail": "--x"}
	for i := range d.events {
		e := &d.events[i]
		switch {
		case e.isMessage() && in[e.Node] && in[e.Peer]:
			fmt.Fprintf(&b, "  %s%s%s: %s %s\n", id(e.Peer), arrows[e.Event], id(e.Node), clock6(e.T), plain(e.label()))
		case in[e.Node]:
			fmt.Fprintf(&b, "  Note over %s: %s %s\n", id(e.Node), clock6(e.T), plain(e.label()))
		case len(lanes) > 0 && rank(e.Node) < 0:
			fmt.Fprintf(&b, "  Note over %s,%s: %s %s\n", id(lanes[0]), id(lanes[len(lanes)-1]), clock6(e.T), plain(e.label()))
		}
	}
	if d.left > 0 {
		fmt.Fprintf(&b, "  %%%% %d more events are left out: take a narrower window\n", d.left)
	}
	return []byte(b.String())
}

// plain takes from a text what Mermaid reads as its own.
func plain(s string) string {
	return strings.NewReplacer(";", ",", "#", "", "\n", " ", ":", " ").Replace(s)
}

// clock6 is a time in seconds, to the microsecond.
func clock6(us int64) string { return fmt.Sprintf("%d.%06d", us/1_000_000, us%1_000_000) }
