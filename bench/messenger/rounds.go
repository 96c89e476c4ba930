package main

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// available are the variants that can be measured here; of the others a line says what they need.
func available(ctx context.Context, vs []*variant, progress io.Writer) []*variant {
	var here []*variant
	for _, v := range vs {
		if v.missing != nil {
			if err := v.missing(ctx); err != nil {
				fmt.Fprintf(progress, "%s is left out: %v\n", v.name, err)
				continue
			}
		}
		here = append(here, v)
	}
	return here
}

// key names a cell of the table.
type key struct {
	variant string
	load    load
}

// measureAll goes through all cells in rounds. Within a cell the variants follow each other, so
// that a noisy minute of the machine hits all of them, and each round begins with another.
// A variant that fails is told at once and loses that reading only.
func measureAll(ctx context.Context, vs []*variant, loads []load, rounds int, progress io.Writer) (map[key][]reading, error) {
	all := make(map[key][]reading)
	failed := 0
	for round := range rounds {
		for _, l := range loads {
			line := fmt.Sprintf("round %d of %d: %v:", round+1, rounds, l)
			for i := range vs {
				v := vs[(i+round)%len(vs)]
				r, err := measure(ctx, v, l)
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				if err != nil {
					fmt.Fprintf(progress, "%s: %v: %v\n", v.name, l, err)
					failed++
					continue
				}
				all[key{v.name, l}] = append(all[key{v.name, l}], r)
				line += fmt.Sprintf(" %s %s", v.name, perSecond(r.ops))
			}
			fmt.Fprintln(progress, strings.TrimSpace(line))
		}
	}
	if failed > 0 {
		return all, fmt.Errorf("%d measurements failed", failed)
	}
	return all, nil
}
