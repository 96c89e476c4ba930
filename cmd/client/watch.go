package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
)

// addWatch is for commands that look at a cluster.
func addWatch(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().Duration("watch", 0, "look again and again, every `INTERVAL`, until interrupted")
	cmd.Flags().Lookup("watch").NoOptDefVal = "1s"
	return cmd
}

// look prints what fetch finds at the cluster; with --watch again and again.
func (a *app) look(cmd *cobra.Command, fetch func(context.Context, commander) (result, error)) error {
	ctx, cancel := a.patience(cmd.Context())
	c, err := a.dial(ctx)
	cancel()
	if err != nil {
		return err
	}
	defer c.Close()
	return a.repeat(cmd, func(ctx context.Context) (result, error) { return fetch(ctx, c) })
}

// repeat prints what fetch finds; with --watch again and again. A cluster that does not answer for
// a while ends no watch.
func (a *app) repeat(cmd *cobra.Command, fetch func(context.Context) (result, error)) error {
	every, _ := cmd.Flags().GetDuration("watch")
	if every == 0 && !cmd.Flags().Changed("watch") {
		ctx, cancel := a.patience(cmd.Context())
		defer cancel()
		r, err := fetch(ctx)
		if err != nil {
			return err
		}
		return a.print(r)
	}
	if every < 100*time.Millisecond {
		return usagef(cmd, "--watch %v: expected at least 100ms", every)
	}
	for {
		if err := a.lookOnce(cmd.Context(), fetch); err != nil {
			return err
		}
		select {
		case <-cmd.Context().Done():
			return nil // the usual way to end it
		case <-time.After(every):
		}
	}
}

// lookOnce replaces what the terminal shows. Elsewhere an empty line tells one look from the next,
// in YAML a "---".
func (a *app) lookOnce(ctx context.Context, fetch func(context.Context) (result, error)) error {
	limited, cancel := a.patience(ctx)
	defer cancel()
	r, err := fetch(limited)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		fmt.Fprintf(a.stderr, "zeph: %v\n", err)
		return nil
	}
	var page bytes.Buffer
	if err := a.printTo(&page, r); err != nil {
		return err
	}
	switch {
	case a.output == formatYAML:
		page.WriteString("---\n")
	case a.output == formatTable && isTerminal(a.stdout):
		_, err = io.WriteString(a.stdout, "\x1b[H\x1b[2J"+page.String())
		return err
	case a.output == formatTable:
		page.WriteString("\n")
	}
	_, err = a.stdout.Write(page.Bytes())
	return err
}
