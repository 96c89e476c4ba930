package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"zeph/pkg/osdmap"
	"zeph/pkg/sim"
)

// simTrace says what is kept of a run's events: all as lines, or some as a diagram.
type simTrace struct {
	file     string
	detail   bool
	diagram  string
	from, to time.Duration
	pg       string
	object   string
}

func (t *simTrace) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&t.file, "trace", "", "`FILE` that gets a line of JSON for every event")
	cmd.Flags().BoolVar(&t.detail, "detail", false, "lines of the trace also have what messages say, as detail")
	cmd.Flags().StringVar(&t.diagram, "diagram", "", "`FILE`.svg or .mmd (Mermaid) that gets a sequence diagram, of what --pg, --object, --from and --to name")
	cmd.Flags().StringVar(&t.pg, "pg", "", "messages of this placement group, such as 1.0")
	cmd.Flags().StringVar(&t.object, "object", "", "messages and operations about this object, such as reg.0")
	cmd.Flags().DurationVar(&t.from, "from", 0, "begin of the diagram, in virtual time")
	cmd.Flags().DurationVar(&t.to, "to", 0, "end of the diagram, in virtual time")
}

// check names what is wrong with the flags.
func (t *simTrace) check() error {
	if t.diagram == "" {
		return nil
	}
	if !strings.HasSuffix(t.diagram, ".svg") && !strings.HasSuffix(t.diagram, ".mmd") {
		return fmt.Errorf("--diagram %s: expected a name that ends in .svg or .mmd", t.diagram)
	}
	if t.pg != "" {
		if _, err := osdmap.ParsePGID(t.pg); err != nil {
			return fmt.Errorf("--pg: %w", err)
		}
	}
	if t.pg == "" && t.object == "" && t.to <= t.from {
		return errors.New("--diagram needs --pg, --object, or --from and --to: a whole run is too long for a picture")
	}
	return nil
}

// begin makes a run write what is wanted. What is returned ends that.
func (t *simTrace) begin(o *sim.Options) (end func() error, err error) {
	o.Detail = t.detail
	var to []io.Writer
	var file *os.File
	var lines *bufio.Writer
	if t.file != "" {
		if file, err = os.Create(t.file); err != nil {
			return nil, err
		}
		lines = bufio.NewWriterSize(file, 1<<20)
		to = append(to, lines)
	}
	var d *sim.Diagram
	if t.diagram != "" {
		d = &sim.Diagram{Title: t.title(o.Seed), From: t.from, To: t.to, PG: t.pg, Object: t.object}
		to = append(to, d)
	}
	switch len(to) {
	case 0:
	case 1:
		o.Trace = to[0]
	default:
		o.Trace = io.MultiWriter(to...)
	}
	return func() error {
		var errs []error
		if file != nil {
			errs = append(errs, lines.Flush(), file.Close())
		}
		if d != nil {
			errs = append(errs, t.draw(d))
		}
		return errors.Join(errs...)
	}, nil
}

func (t *simTrace) draw(d *sim.Diagram) error {
	picture := d.SVG
	if strings.HasSuffix(t.diagram, ".mmd") {
		picture = d.Mermaid
	}
	return os.WriteFile(t.diagram, picture(), 0o666)
}

func (t *simTrace) title(seed uint64) string {
	s := fmt.Sprintf("seed %d", seed)
	if t.pg != "" {
		s += ", pg " + t.pg
	}
	if t.object != "" {
		s += ", object " + t.object
	}
	if t.to > 0 {
		s += fmt.Sprintf(", %v to %v", t.from, t.to)
	}
	return s
}
