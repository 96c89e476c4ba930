package main

import (
	"fmt"
	"slices"

	"zeph/pkg/crush"
)

// values is how many different u a draw can have.
const values = 1 << 16

// logs are the values under test and, for each, an item id that draws it.
type logs struct {
	negLog [values]uint64       // −ln u in the mapper's fixed point
	id     [values]crush.ItemID // hashes to u for input 0, attempt 0
}

// readLogs has one huge bucket drawn once and listens: a straw of the least weight, 2^-16,
// has −ln u itself as its quotient.
func readLogs() (*logs, error) {
	root := crush.Bucket{ID: -1, Name: "root", Type: 1, Alg: crush.Straw2}
	for id := range crush.ItemID(crush.MaxItems) {
		root.Items = append(root.Items, crush.Item{ID: id, Weight: 1})
	}
	m := &crush.Map{
		Tunables: crush.DefaultTunables(),
		Types:    []crush.Type{{ID: 0, Name: "osd"}, {ID: 1, Name: "root"}},
		Buckets:  []crush.Bucket{root},
		Rules:    []crush.Rule{duelRule(0, root.ID)},
	}
	mp, err := crush.NewMapper(m)
	if err != nil {
		return nil, err
	}
	l := &logs{}
	in := slices.Repeat([]crush.Weight{crush.One}, len(root.Items)) // so that the first draw is the last
	mp.Map(nil, new(crush.Scratch), crush.Query{Rule: 0, X: 0, Count: 1, Reweight: in, Trace: l})
	for u := range values {
		if l.negLog[u] == 0 {
			return nil, fmt.Errorf("no item below %d draws %d", len(root.Items), u)
		}
	}
	return l, nil
}

// Draw notes what the straws of a bucket show.
func (l *logs) Draw(d crush.Draw) {
	for _, s := range d.Straws {
		l.negLog[s.U], l.id[s.U] = s.Quotient, s.Item
	}
}

// Step and Judge hear nothing of interest.
func (l *logs) Step(crush.Step)       {}
func (l *logs) Judge(crush.Judgement) {}
