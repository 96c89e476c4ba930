package sim

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A diagram's measures, in pixels.
const (
	svgMargin = 110 // for times
	svgLane   = 190
	svgHead   = 64
	svgRow    = 17
)

// svgStyle reads on light and on dark.
const svgStyle = `<style>
:root{color-scheme:light dark}
svg{background:#fff;font:11px ui-monospace,monospace}
text{fill:#222}.t{fill:#888;text-anchor:end}.h{font-weight:bold;text-anchor:middle;font-size:13px}.title{font-size:14px}
.l{stroke:#bbb}.m{text-anchor:middle;paint-order:stroke;stroke:#fff;stroke-width:3px}.n{paint-order:stroke;stroke:#fff;stroke-width:3px;fill:#555}
.a{stroke-width:1.4;fill:none}.call,.send{stroke:#1668b8}.reply{stroke:#2a7d3f;stroke-dasharray:5 3}.fail{stroke:#c22;stroke-dasharray:5 3}
.hc,.hs{fill:#1668b8}.hr{fill:#2a7d3f}.hf{fill:#c22}
.f{fill:#c22}.b{opacity:.35}.down{fill:#c22}.still{fill:#d80}.way{fill:#83b}.hangs{fill:#850}.bt{fill:#822}
.v{fill:#c22;font-weight:bold}
@media(prefers-color-scheme:dark){svg{background:#16181d}text{fill:#ddd}.t{fill:#888}.l{stroke:#444}.m,.n{stroke:#16181d}.n{fill:#aaa}
.call,.send{stroke:#6db3f2}.reply{stroke:#7ccf8f}.fail{stroke:#f77}.hc,.hs{fill:#6db3f2}.hr{fill:#7ccf8f}.hf,.f,.v{fill:#f77}.bt{fill:#f99}}
</style>
`

// picture draws a diagram as SVG: a lane for each daemon, time downwards. Rows are events, so that a busy moment has room
// and an idle second takes none; within that, an arrow begins when its message was sent.
type picture struct {
	strings.Builder
	lanes []string
	rows  []int64 // microseconds, ascending
}

// SVG is the diagram as a picture.
func (d *Diagram) SVG() []byte {
	p := &picture{lanes: d.lanes()}
	var shown []*traced
	for i := range d.events {
		e := &d.events[i]
		if rank(e.Node) < 0 || slices.Contains(p.lanes, e.Node) && (e.Peer == "" || slices.Contains(p.lanes, e.Peer)) {
			shown = append(shown, e)
			p.rows = append(p.rows, e.T)
		}
	}
	width, height := svgMargin+max(3, len(p.lanes))*svgLane, svgHead+(len(p.rows)+3)*svgRow
	fmt.Fprintf(p, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d">`+"\n%s", width, height, width, height, svgStyle)
	p.text(8, 20, "title", d.Title)
	for i, name := range p.lanes {
		x := p.x(i)
		p.text(x, svgHead-16, "h", name)
		fmt.Fprintf(p, `<line class="l" x1="%d" y1="%d" x2="%d" y2="%d"/>`+"\n", x, svgHead-8, x, height-svgRow)
	}
	for _, b := range d.bars() {
		p.bar(b, height-svgRow)
	}
	for i, e := range shown {
		p.event(i, e)
	}
	if d.left > 0 {
		p.text(8, height-6, "n", fmt.Sprintf("%d more events are left out: take a narrower window", d.left))
	}
	p.WriteString("</svg>\n")
	return []byte(p.String())
}

func (p *picture) x(lane int) int { return svgMargin + svgLane/2 + lane*svgLane }

func (p *picture) lane(name string) int { return slices.Index(p.lanes, name) }

func rowY(i int) int { return svgHead + (i+1)*svgRow }

// y is where an instant is: between the rows before and after it.
func (p *picture) y(at int64) int {
	i, _ := slices.BinarySearch(p.rows, at)
	switch {
	case i == 0:
		return rowY(0) - svgRow/2
	case i == len(p.rows):
		return rowY(i - 1)
	}
	before, after := p.rows[i-1], p.rows[i]
	return rowY(i-1) + int((at-before)*svgRow/max(1, after-before))
}

func (p *picture) text(x, y int, class, s string) {
	fmt.Fprintf(p, `<text class="%s" x="%d" y="%d">%s</text>`+"\n", class, x, y, xmlText(s))
}

// event draws a message as an arrow, and all else as a mark on its lane.
func (p *picture) event(row int, e *traced) {
	y := rowY(row)
	if row == 0 || p.rows[row-1] != e.T {
		p.text(svgMargin-12, y+4, "t", clock6(e.T))
	}
	switch {
	case e.isMessage():
		p.arrow(y, e)
	case rank(e.Node) < 0 && e.Event == "VIOLATION":
		p.text(svgMargin, y+4, "v", "✗ "+shorten(e.Text, 120))
	case rank(e.Node) < 0:
		p.text(svgMargin, y+4, "f", "⚡ "+e.label())
	default:
		x := p.x(p.lane(e.Node))
		class := "n"
		if e.isState() {
			class = "f"
		}
		fmt.Fprintf(p, `<circle class="%s" cx="%d" cy="%d" r="3"/>`, class, x, y)
		p.text(x+7, y+4, class, e.label())
	}
}

func (p *picture) arrow(y int, e *traced) {
	from, to := p.x(p.lane(e.Peer)), p.x(p.lane(e.Node))
	sent := min(y-2, p.y(e.Sent))
	if y-sent > 6*svgRow { // it took long: the arrow would cross everything
		sent = y - 6*svgRow
	}
	back := 7
	if from > to {
		back = -7
	}
	fmt.Fprintf(p, `<path class="a %s" d="M%d %dL%d %d"/><path class="h%c" d="M%d %dl%d -4v8z"/>`,
		e.Event, from, sent, to-back, y, e.Event[0], to, y, -back)
	label := e.label()
	if room := max(20, (max(from, to)-min(from, to))/7); utf8.RuneCountInString(label) > room {
		label = shorten(label, room)
	}
	p.text((from+to)/2, (sent+y)/2-1, "m", label)
}

// bar draws a state that lasts along its lane.
func (p *picture) bar(b bar, bottom int) {
	lane := p.lane(b.node)
	if lane < 0 || len(p.rows) == 0 {
		return
	}
	from, to := svgHead, bottom
	if b.from >= p.rows[0] {
		from = p.y(b.from)
	}
	if b.to >= 0 {
		to = p.y(b.to)
	}
	what, class, x := strings.Fields(b.what), "down", p.x(lane)-9
	switch last := what[len(what)-1]; {
	case last == "still":
		class = "still"
	case last == "hangs":
		class, x = "hangs", x+11
	case what[0] == "no":
		other := p.lane(what[len(what)-1])
		if other < 0 {
			return
		}
		class = "way"
		x += 14 + 4*other
		fmt.Fprintf(p, `<rect class="b %s" x="%d" y="%d" width="3" height="%d"><title>%s</title></rect>`+"\n", class, x, from, max(2, to-from), xmlText(b.node+": "+b.what))
		return
	}
	fmt.Fprintf(p, `<rect class="b %s" x="%d" y="%d" width="7" height="%d"><title>%s</title></rect>`+"\n", class, x, from, max(2, to-from), xmlText(b.node+": "+b.what))
}

func xmlText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}
