package main

import (
	"bufio"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/crush"
	"zeph/pkg/osdmap"
	"zeph/pkg/placement"
)

func (a *app) crushWhyCommand() *cobra.Command {
	var maps mapFlags
	var namespace, key string
	cmd := &cobra.Command{
		Use:   "why POOL/OBJECT",
		Short: "Retell how an object gets to its osds: hash, placement group, every draw and its winner",
		Args:  takes("POOL/OBJECT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			poolName, object, ok := strings.Cut(args[0], "/")
			if !ok || object == "" {
				return usagef(cmd, "%q: expected POOL/OBJECT", args[0])
			}
			m, err := a.readMaps(cmd, &maps)
			if err != nil {
				return err
			}
			pool, err := findPool(m, poolName)
			if err != nil {
				return err
			}
			mapper, err := placement.New(m)
			if err != nil {
				return err
			}
			e, err := mapper.Why(&pool, placement.Object{Name: object, Namespace: namespace, Key: key})
			if err != nil {
				return err
			}
			return a.print(newWhyResult(m, &pool, e))
		},
	}
	maps.add(cmd)
	addObjectFlags(cmd, &namespace, &key)
	return cmd
}

// whyResult is an explanation with names in place of ids.
type whyResult struct {
	Object    string    `json:"object"`
	Namespace string    `json:"namespace,omitempty"`
	Key       string    `json:"key,omitempty"`
	Pool      string    `json:"pool"`
	Hash      uint32    `json:"hash"`
	PG        string    `json:"pg"`
	PGNum     uint32    `json:"pg_num"`
	Seed      uint32    `json:"seed"` // what CRUSH places the PG by
	Rule      string    `json:"rule"`
	Steps     []whyStep `json:"steps"`
	Raw       osdsWith  `json:"raw"`
	Up        osdsWith  `json:"up"`
	Acting    osdsWith  `json:"acting"`
}

type whyStep struct {
	Step   string     `json:"step"`
	Events []whyEvent `json:"events,omitempty"`
}

// whyEvent is one draw (in a bucket, with the winner), or the verdict on an item.
type whyEvent struct {
	Bucket  string    `json:"bucket,omitempty"`
	Attempt *uint32   `json:"attempt,omitempty"` // of a draw
	Straws  []whyDraw `json:"straws,omitempty"`
	Winner  string    `json:"winner,omitempty"`
	Leaf    bool      `json:"leaf,omitempty"`

	Position *int   `json:"position,omitempty"`
	Item     string `json:"item,omitempty"`
	Verdict  string `json:"verdict,omitempty"`
}

// whyDraw is a straw: ln(u)/weight, where u is the hash. Zero is the longest; items without
// weight have none.
type whyDraw struct {
	Item   string   `json:"item"`
	Weight string   `json:"weight"`
	U      uint16   `json:"u"`
	Straw  *float64 `json:"straw"`
}

func newWhyResult(m *osdmap.Map, pool *osdmap.Pool, e *placement.Explanation) *whyResult {
	r := &whyResult{
		Object: e.Object.Name, Namespace: e.Object.Namespace, Key: e.Object.Key,
		Pool: pool.Name, Hash: e.Hash, PG: e.PG.String(), PGNum: pool.PGNum, Seed: e.Seed, Rule: e.Rule.Name,
		Raw:    newOSDsWith(e.Mapping.Raw, e.Mapping.RawPrimary),
		Up:     newOSDsWith(e.Mapping.Up, e.Mapping.UpPrimary),
		Acting: newOSDsWith(e.Mapping.Acting, e.Mapping.ActingPrimary),
	}
	for _, s := range e.Steps {
		step := whyStep{Step: stepText(m.Crush(), s.Step)}
		for _, ev := range s.Events {
			step.Events = append(step.Events, newWhyEvent(m.Crush(), ev))
		}
		r.Steps = append(r.Steps, step)
	}
	return r
}

func stepText(m *crush.Map, s crush.Step) string {
	switch {
	case s.Op == crush.OpTake:
		return "take " + m.ItemName(crush.ItemID(s.Arg1))
	case s.Op.IsChoose():
		return fmt.Sprintf("%v %d type %s", s.Op, s.Arg1, m.TypeName(crush.TypeID(s.Arg2)))
	case s.Op == crush.OpEmit || s.Op == crush.OpNoop:
		return s.Op.String()
	}
	return fmt.Sprintf("%v %d", s.Op, s.Arg1)
}

func newWhyEvent(m *crush.Map, ev placement.Event) whyEvent {
	if j := ev.Judgement; j != nil {
		item := "nothing"
		if j.Item != crush.None {
			item = m.ItemName(j.Item)
		}
		return whyEvent{Position: &j.Position, Leaf: j.Leaf, Item: item, Verdict: j.Verdict.String()}
	}
	d := ev.Draw
	e := whyEvent{Bucket: m.ItemName(d.Bucket), Attempt: &d.Attempt, Leaf: d.Leaf, Winner: m.ItemName(d.Winner)}
	for _, s := range d.Straws {
		e.Straws = append(e.Straws, whyDraw{m.ItemName(s.Item), s.Weight.String(), s.U, strawLength(s)})
	}
	return e
}

// strawLength is ln(u)/weight in natural units, rounded for people.
func strawLength(s crush.Straw2Draw) *float64 {
	if s.Weight == 0 {
		return nil
	}
	const unit = 1 << 44 // of the fixed-point logarithm, which is to base 2
	length := -float64(s.Quotient) * float64(crush.One) / unit * math.Ln2
	length = math.Round(length*1e4)/1e4 + 0 // no −0
	return &length
}

func (r *whyResult) text(w *bufio.Writer) {
	name := r.Object
	if r.Namespace != "" {
		name = r.Namespace + "/" + name
	}
	fmt.Fprintf(w, "object  %s → hash 0x%08x → pg %s (%d PGs) → seed 0x%08x\n", oneLine(name), r.Hash, r.PG, r.PGNum, r.Seed)
	fmt.Fprintf(w, "rule    %s   (the straw nearest to 0 wins: ln(u)/weight)\n", r.Rule)
	for _, s := range r.Steps {
		fmt.Fprintf(w, "\n%s\n", s.Step)
		s.text(w)
	}
	fmt.Fprintf(w, "\nraw %v   up %v   acting %v\n", r.Raw, r.Up, r.Acting)
}

// text shows the events of a step. Of a long row of failed attempts at one position it shows
// the first few: a rule that cannot be satisfied makes dozens.
func (s whyStep) text(w *bufio.Writer) {
	const show = 4
	failed, hidden := 0, 0
	for _, attempt := range attempts(s.Events) {
		last := attempt[len(attempt)-1]
		if last.Verdict == crush.Accepted.String() {
			failed = 0
		} else {
			failed++
		}
		if failed > show {
			hidden++
			continue
		}
		moreText(w, hidden)
		hidden = 0
		for _, e := range attempt {
			e.text(w)
		}
	}
	moreText(w, hidden)
}

func moreText(w *bufio.Writer, hidden int) {
	if hidden > 0 {
		fmt.Fprintf(w, "  … and %d more that fail (-o json has all)\n", hidden)
	}
}

// attempts cuts the events of a step after each verdict on an item of its own, so that each
// part is one attempt, with the search for a device below it.
func attempts(events []whyEvent) [][]whyEvent {
	var parts [][]whyEvent
	start := 0
	for i, e := range events {
		if e.Position != nil && !e.Leaf {
			parts = append(parts, events[start:i+1])
			start = i + 1
		}
	}
	return parts
}

func (e whyEvent) text(w *bufio.Writer) {
	indent := "  "
	if e.Leaf {
		indent = "    "
	}
	if e.Position == nil {
		fmt.Fprintf(w, "%sr=%-3d %-12s %s→ %s\n", indent, *e.Attempt, e.Bucket, drawsText(e.Straws), e.Winner)
		return
	}
	what := "position"
	if e.Leaf {
		what = "device for position"
	}
	fmt.Fprintf(w, "%s%s %s: %s %d\n", indent, e.Item, e.Verdict, what, *e.Position+1)
}

// drawsText shows the longest straws first.
func drawsText(draws []whyDraw) string {
	const show = 6
	sorted := slices.SortedStableFunc(slices.Values(draws), func(a, b whyDraw) int {
		return -compareStraws(a.Straw, b.Straw)
	})
	var b strings.Builder
	for i, d := range sorted {
		if i == show {
			fmt.Fprintf(&b, "… %d more  ", len(sorted)-show)
			break
		}
		if d.Straw == nil {
			fmt.Fprintf(&b, "%s –  ", d.Item)
		} else {
			fmt.Fprintf(&b, "%s %.3f  ", d.Item, *d.Straw)
		}
	}
	return b.String()
}

func compareStraws(a, b *float64) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	case *a < *b:
		return -1
	case *a > *b:
		return 1
	}
	return 0
}
