package main

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// The plot has a panel for each size, and in it a group of bars for each number of calls in
// flight and for one way. A bar is a variant's rate as a share of bare TCP's, which is the line
// at 100 %. Lengths are in the units of the picture.
const (
	panelWidth  = 480
	panelHeight = 210
	plotLeft    = 44 // of the bars within a panel
	plotTop     = 34
	plotHeight  = 140
	plotWidth   = panelWidth - plotLeft - 12
	headHeight  = 64
	footHeight  = 40
	ceiling     = 1.5 // the share at the top; a longer bar is cut and says so
)

// style holds in light and dark surroundings. Colours are told apart without seeing colour by
// the order of the bars, which is the legend's.
const style = `<style>
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 }
.size { font-weight: 600 }
.small { font-size: 9px; fill: #57606a }
.share { stroke: #ffffff; stroke-width: 3; paint-order: stroke }
.grid { stroke: #d0d7de; stroke-width: 1 }
.bare { stroke: #24292f; stroke-width: 1.5; stroke-dasharray: 5 3 }
.ground { fill: #ffffff }
.c0 { fill: #0969da } .c1 { fill: #bc4c00 } .c2 { fill: #1a7f37 } .c3 { fill: #8250df } .c4 { fill: #9a6700 } .c5 { fill: #6e7781 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.small { fill: #9da7b3 }
.share { stroke: #0d1117 }
.grid { stroke: #30363d }
.bare { stroke: #e6edf3 }
.ground { fill: #0d1117 }
.c0 { fill: #58a6ff } .c1 { fill: #f0883e } .c2 { fill: #3fb950 } .c3 { fill: #bc8cff } .c4 { fill: #d29922 } .c5 { fill: #8b949e }
}
</style>
`

func writePlot(file string, r *report) error {
	var b bytes.Buffer
	if err := r.plot(&b); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}

// plot draws the results as SVG. Without bare TCP there is nothing to compare with.
func (r *report) plot(w io.Writer) error {
	p := newPlotter(r)
	if len(p.sizes) == 0 || len(p.bars) == 0 {
		return fmt.Errorf("plot: nothing to show: it needs results of raw and of another variant")
	}
	rows := (len(p.sizes) + 1) / 2
	width, height := 2*panelWidth, headHeight+rows*panelHeight+footHeight
	fmt.Fprintf(w, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"t\">\n", width, height)
	fmt.Fprintln(w, `<title id="t">Operations per second as a share of bare TCP, by size and calls in flight</title>`)
	io.WriteString(w, style)
	fmt.Fprintf(w, "<rect class=\"ground\" width=\"%d\" height=\"%d\"/>\n", width, height)
	text(w, 16, 26, "title", "start", "Operations per second as a share of bare TCP")
	p.legend(w)
	for i, size := range p.sizes {
		p.panel(w, size, i%2*panelWidth, headHeight+i/2*panelHeight)
	}
	text(w, 16, height-22, "small", "start", r.Machine)
	text(w, 16, height-9, "small", "start", r.Method)
	_, err := io.WriteString(w, "</svg>\n")
	return err
}

// plotter knows what there is to draw.
type plotter struct {
	report *report
	sizes  []int
	bars   []string // variants, Zeph first
}

func newPlotter(r *report) plotter {
	p := plotter{report: r}
	for _, c := range r.Results {
		if c.Variant == "raw" && !slices.Contains(p.sizes, c.Size) {
			p.sizes = append(p.sizes, c.Size)
		}
		if c.Variant != "raw" && !slices.Contains(p.bars, c.Variant) {
			p.bars = append(p.bars, c.Variant)
		}
	}
	slices.SortStableFunc(p.bars, func(a, b string) int { return rank(a) - rank(b) })
	return p
}

func rank(variant string) int {
	if variant == "zeph" {
		return 0
	}
	return 1
}

func (p *plotter) legend(w io.Writer) {
	x := 16
	for i, name := range p.bars {
		fmt.Fprintf(w, "<rect class=\"%s\" x=\"%d\" y=\"40\" width=\"12\" height=\"12\"/>\n", colour(i), x)
		text(w, x+17, 50, "", "start", name)
		x += 45 + 8*len(name)
	}
	fmt.Fprintf(w, "<path class=\"bare\" d=\"M%d 46h24\"/>\n", x)
	text(w, x+30, 50, "", "start", "raw (bare Go TCP)")
}

// panel draws one size with its corner at x, y.
func (p *plotter) panel(w io.Writer, size, x, y int) {
	text(w, x+plotLeft, y+18, "size", "start", sizeName(size))
	for _, share := range []float64{0, 0.5, 1, ceiling} {
		class := "grid"
		if share == 1 {
			class = "bare"
		}
		fmt.Fprintf(w, "<path class=\"%s\" d=\"M%d %.1fh%d\"/>\n", class, x+plotLeft, level(y, share), plotWidth)
		text(w, x+plotLeft-6, int(level(y, share))+4, "small", "end", percent(share))
	}
	var cells []result
	for _, c := range p.report.Results {
		if c.Variant == "raw" && c.Size == size && c.Ops > 0 {
			cells = append(cells, c)
		}
	}
	for i, bare := range cells {
		p.group(w, bare, float64(x+plotLeft)+float64(i*plotWidth)/float64(len(cells)), float64(plotWidth)/float64(len(cells)), y)
	}
}

// group draws the bars beside one of bare TCP's cells, within some width from left.
func (p *plotter) group(w io.Writer, bare result, left, width float64, y int) {
	name := strconv.Itoa(bare.Window) + " in flight"
	if bare.Kind == "oneway" {
		name = "one way"
	}
	text(w, int(left+width/2), y+plotTop+plotHeight+16, "", "middle", name)
	bar := min(22, (width-10)/float64(len(p.bars)))
	left += (width - bar*float64(len(p.bars))) / 2
	for i, variant := range p.bars {
		c, ok := p.report.find(variant, bare.Kind, bare.Size, bare.Window)
		if !ok {
			continue
		}
		share := c.Ops / bare.Ops
		top := level(y, min(share, ceiling))
		x := left + float64(i)*bar
		fmt.Fprintf(w, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>%s</title></rect>\n",
			colour(i), x, top, bar-1.5, level(y, 0)-top,
			html.EscapeString(fmt.Sprintf("%s, %s, %s: %s/s, %s of raw", variant, sizeName(c.Size), name, perSecond(c.Ops), percent(share))))
		text(w, int(x+bar/2), int(top)-3, "small share", "middle", strings.TrimSuffix(percent(share), " %"))
	}
}

// level is how far down in the picture a share is, in the panel that begins at y.
func level(y int, share float64) float64 {
	return float64(y+plotTop) + plotHeight*(1-share/ceiling)
}

func colour(i int) string { return "c" + strconv.Itoa(i%6) }

func text(w io.Writer, x, y int, class, anchor, s string) {
	fmt.Fprintf(w, "<text x=\"%d\" y=\"%d\" class=\"%s\" text-anchor=\"%s\">%s</text>\n", x, y, class, anchor, html.EscapeString(s))
}
