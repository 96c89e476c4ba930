package main

import (
	"context"
	"fmt"

	"zeph/pkg/messenger"
	"zeph/pkg/messenger/inproc"
)

// measureInproc measures small calls between two messengers of this process: writes as over the
// network, and echoes of an empty body, which are the messenger alone.
func measureInproc(ctx context.Context, o options) ([]result, error) {
	var results []result
	for _, name := range []string{"write", "echo"} {
		for _, window := range []int{64, 256} {
			l := load{window: window, empty: name == "echo", warm: o.warm, cell: o.cell}
			var readings []reading
			for range o.rounds {
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				r, err := inprocOnce(ctx, l)
				if err != nil {
					return nil, fmt.Errorf("inproc: %v: %w", l, err)
				}
				readings = append(readings, r)
			}
			results = append(results, newResult(name, l, readings))
		}
	}
	return results, nil
}

func inprocOnce(ctx context.Context, l load) (reading, error) {
	network := inproc.New()
	srv, err := listenZeph(network, "inproc://*")
	if err != nil {
		return reading{}, err
	}
	defer srv.Close(ctx)
	cli, err := newZeph("client.bench", messenger.Config{Transport: network})
	if err != nil {
		return reading{}, err
	}
	defer cli.Close(ctx)
	s, err := drive(linkDialer(cli, messenger.Peer{Addrs: srv.Addrs()}), "", l, func() {})
	if err != nil {
		return reading{}, err
	}
	return newReading(s, usage{})
}
