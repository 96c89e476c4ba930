package main

import (
	"bufio"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"zeph/pkg/status"
)

func (a *app) healthCommand() *cobra.Command {
	var check bool
	cmd := verb("health [detail]", "Say what is wrong with the cluster, and what to do about it", upTo(0, "detail"),
		func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && args[0] != "detail" {
				return usagef(cmd, "unexpected argument %q", args[0])
			}
			return a.health(cmd, len(args) == 1, check)
		})
	cmd.Flags().BoolVar(&check, "check", false, "exit with 0 for HEALTH_OK, 2 for HEALTH_ERR, 1 for anything between")
	cmd.ValidArgs = []string{"detail"}
	return addWatch(cmd)
}

func (a *app) health(cmd *cobra.Command, detail, check bool) error {
	h := &status.Health{}
	err := a.look(cmd, func(ctx context.Context, c commander) (result, error) {
		raw, _, err := c.MonCommand(ctx, "health", nil)
		if err != nil {
			return nil, err
		}
		return shown(raw, func(w *bufio.Writer, now *status.Health) { showHealth(w, now, detail) }, h)
	})
	if err != nil || !check {
		return err
	}
	return healthCode(h.Status)
}

// healthCode is the exit code for a check, as an error that says nothing.
func healthCode(health string) error {
	switch health {
	case status.OK:
		return nil
	case status.Err:
		return silentError(2)
	}
	return silentError(1)
}

func showHealth(w *bufio.Writer, h *status.Health, detail bool) {
	fmt.Fprintln(w, healthText(h))
	if len(h.Waiting) > 0 {
		fmt.Fprintf(w, "  the leader is new and has not heard yet from: %s\n", osdsText(h.Waiting))
	}
	if !detail {
		checkTable(w, h.Checks)
		return
	}
	for _, c := range h.Checks {
		fmt.Fprintf(w, "\n%s  %s   %s\n", plain(c.Code), oneLine(c.Summary), secondsText(c.Seconds))
		for _, line := range c.Detail {
			fmt.Fprintf(w, "       %s\n", oneLine(line))
		}
		if c.Why != "" {
			fmt.Fprintf(w, "Why    %s\n", oneLine(c.Why))
		}
		for i, next := range c.Next {
			fmt.Fprintf(w, "%-6s %d %s\n", map[bool]string{true: "Next"}[i == 0], i+1, oneLine(next))
		}
	}
}
