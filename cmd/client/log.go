package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"zeph/pkg/status"
)

func (a *app) logCommand() *cobra.Command {
	var last uint
	var follow bool
	cmd := verb("log", "Print the cluster log: what happened, when, and who asked for it", takes(), func(cmd *cobra.Command, _ []string) error {
		if follow {
			return a.followLog(cmd, last)
		}
		return asks(a, "log", func([]string) (arguments, error) { return arguments{"last": fmt.Sprint(last)}, nil }, showLog)(cmd, nil)
	})
	cmd.Flags().UintVar(&last, "last", 20, "how many lines, `N`, from the end")
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with what is new, until interrupted")
	return cmd
}

// logPause is how often a log that is followed is asked for.
const logPause = 500 * time.Millisecond

// followLog prints new lines as they come. In JSON it prints one object a line.
func (a *app) followLog(cmd *cobra.Command, last uint) error {
	ctx := cmd.Context()
	c, err := a.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	asked := arguments{"last": fmt.Sprint(last)}
	for {
		lines, err := a.logLines(ctx, c, asked)
		if ctx.Err() != nil {
			return nil // the usual way to end it
		}
		if err != nil {
			fmt.Fprintf(a.stderr, "zeph: %v\n", err) // a cluster without a leader may find one again
		}
		for _, l := range lines {
			if err := a.printLine(&logOne{l}); err != nil {
				return err
			}
			asked = arguments{"after": fmt.Sprint(l.Seq)}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(logPause):
		}
	}
}

func (a *app) logLines(ctx context.Context, c commander, asked arguments) ([]status.LogLine, error) {
	ctx, cancel := a.patience(ctx)
	defer cancel()
	raw, _, err := c.MonCommand(ctx, "log", asked.given())
	if err != nil {
		return nil, err
	}
	var lines status.LogLines
	err = unmarshalAnswer(raw, &lines)
	return lines.Lines, err
}

// printLine prints a line of the log; as JSON without line breaks in it, as YAML a document.
func (a *app) printLine(l *logOne) error {
	switch a.output {
	case formatJSON:
		return json.NewEncoder(a.stdout).Encode(l)
	case formatYAML:
		if _, err := io.WriteString(a.stdout, "---\n"); err != nil {
			return err
		}
	}
	return a.print(l)
}

// logOne is a line by itself.
type logOne struct{ status.LogLine }

func (l *logOne) text(w *bufio.Writer) { logText(w, &l.LogLine) }

func showLog(w *bufio.Writer, l *status.LogLines) {
	for i := range l.Lines {
		logText(w, &l.Lines[i])
	}
}

func logText(w *bufio.Writer, l *status.LogLine) {
	when := time.UnixMilli(int64(l.TimeMS)).Format("15:04:05.000")
	fmt.Fprintf(w, "%s  %-5s  %-10s  %s", when, plain(l.Level), plain(l.Who), oneLine(l.Text))
	if l.Epoch > 0 {
		fmt.Fprintf(w, "  (epoch %d)", l.Epoch)
	}
	w.WriteString("\n")
}
