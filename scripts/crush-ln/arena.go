package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"zeph/pkg/crush"
)

// One map holds many duels: a bucket for each, and rules that visit one bucket after the
// other, so that one mapping decides a whole row of duels.
const (
	rowLength  = 100
	rowsPerMap = 20
)

// arena lets crushtool decide duels.
type arena struct {
	tool string
	dir  string
	logs *logs
}

// fight has all duels decided by both sides and returns those that went different ways.
func (a *arena) fight(ctx context.Context, duels []duel, progress io.Writer) ([]duel, error) {
	var lost []duel
	const perMap = rowLength * rowsPerMap
	for done := 0; done < len(duels); done += perMap {
		group := duels[done:min(done+perMap, len(duels))]
		m := a.build(group)
		ours, err := winners(m)
		if err != nil {
			return nil, err
		}
		theirs, err := a.crushtool(ctx, m)
		if err != nil {
			return nil, err
		}
		if len(ours) != len(group) || len(theirs) != len(group) {
			return nil, fmt.Errorf("%d duels: we decided %d, crushtool %d", len(group), len(ours), len(theirs))
		}
		for i, d := range group {
			if uWins := (ours[i] == 0) == d.uFirst; uWins != a.logs.uWins(d) {
				return nil, fmt.Errorf("duel %+v: the mapper does not decide it as its logarithm says", d)
			}
			if ours[i] != theirs[i] {
				lost = append(lost, d)
			}
		}
		fmt.Fprintf(progress, "\r%d of %d duels", done+len(group), len(duels))
	}
	fmt.Fprintln(progress)
	return lost, nil
}

// build makes the map of a group of duels. All are between devices 0 and 1; a weight set
// has other ids hashed for them.
func (a *arena) build(group []duel) *crush.Map {
	m := &crush.Map{
		Tunables: crush.DefaultTunables(),
		Devices:  []crush.Device{{ID: 0, Name: "osd.0"}, {ID: 1, Name: "osd.1"}},
		Types:    []crush.Type{{ID: 0, Name: "osd"}, {ID: 1, Name: "root"}},
	}
	set := crush.ChooseArgs{ID: crush.DefaultChooseArgs}
	var row []crush.ItemID
	for i, d := range group {
		bucket := crush.ItemID(-1 - i)
		first, second := a.logs.id[d.u], a.logs.id[d.v]
		w0, w1 := crush.Weight(d.uWeight), crush.Weight(d.vWeight)
		if !d.uFirst {
			first, second, w0, w1 = second, first, w1, w0
		}
		m.Buckets = append(m.Buckets, crush.Bucket{
			ID: bucket, Name: fmt.Sprintf("duel%d", i), Type: 1, Alg: crush.Straw2,
			Items: []crush.Item{{ID: 0, Weight: w0}, {ID: 1, Weight: w1}},
		})
		set.Args = append(set.Args, crush.ChooseArg{Bucket: bucket, IDs: []crush.ItemID{first, second}})
		if row = append(row, bucket); len(row) == rowLength || i == len(group)-1 {
			m.Rules = append(m.Rules, duelRule(crush.RuleID(len(m.Rules)), row...))
			row = nil
		}
	}
	m.ChooseArgs = []crush.ChooseArgs{set}
	return m
}

// duelRule takes one item of each bucket in turn.
func duelRule(id crush.RuleID, buckets ...crush.ItemID) crush.Rule {
	r := crush.Rule{ID: id, Name: fmt.Sprintf("row%d", id), Type: crush.Replicated, MinSize: 1, MaxSize: rowLength}
	for _, b := range buckets {
		r.Steps = append(r.Steps,
			crush.Step{Op: crush.OpTake, Arg1: int32(b)},
			crush.Step{Op: crush.OpChooseFirstn, Arg1: 1},
			crush.Step{Op: crush.OpEmit})
	}
	return r
}

// winners lets our mapper decide.
func winners(m *crush.Map) ([]crush.ItemID, error) {
	mp, err := crush.NewMapper(m)
	if err != nil {
		return nil, err
	}
	var s crush.Scratch
	var all []crush.ItemID
	for _, r := range m.Rules {
		all = mp.Map(all, &s, crush.Query{
			Rule: r.ID, Count: rowLength,
			Reweight:  []crush.Weight{crush.One, crush.One},
			WeightSet: mp.WeightSet(crush.DefaultChooseArgs),
		})
	}
	return all, nil
}

// crushtool lets crushtool decide.
func (a *arena) crushtool(ctx context.Context, m *crush.Map) ([]crush.ItemID, error) {
	if loss := m.TextLoss(); len(loss) > 0 {
		return nil, fmt.Errorf("the text form loses what the duels need: %s", loss[0])
	}
	text := filepath.Join(a.dir, "map.txt")
	if err := os.WriteFile(text, m.Text(), 0o644); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, a.tool, "-c", text, "-o", filepath.Join(a.dir, "map"), "--test", "--show-mappings",
		"--num-rep", fmt.Sprint(rowLength), "--min-x", "0", "--max-x", "0")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%v: %w", cmd, err)
	}
	var all []crush.ItemID
	for line := range bytes.Lines(out) {
		_, list, ok := bytes.Cut(line, []byte("["))
		for _, c := range list {
			if ok && (c == '0' || c == '1') {
				all = append(all, crush.ItemID(c-'0'))
			}
		}
	}
	return all, nil
}
