package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// options say what to measure and how to show it.
type options struct {
	variants []*variant
	parts    []string
	sizes    []int
	windows  []int
	rounds   int
	warm     time.Duration
	cell     time.Duration
	format   string
	svg      string
	from     string
	profile  string
}

// parts are what a run consists of. The last three are about Zeph alone.
var parts = []string{"call", "oneway", "heartbeat", "inproc", "recovery"}

var formats = []string{"text", "json", "markdown"}

func parseOptions(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("messenger", flag.ContinueOnError)
	fs.SetOutput(stderr)
	only := fs.String("only", names(variants), "`variants` to measure")
	part := fs.String("parts", strings.Join(parts, ","), "`parts` to measure")
	sizes := fs.String("sizes", "0,4KiB,64KiB,4MiB", "payload `sizes`")
	windows := fs.String("windows", "1,16,64,256", "calls in flight; what 64 MiB do not hold is left out")
	fs.IntVar(&o.rounds, "rounds", 5, "how often each cell is measured (medians are shown); the other parts grow with it")
	fs.DurationVar(&o.warm, "warm", 300*time.Millisecond, "`time` before a cell is measured")
	fs.DurationVar(&o.cell, "cell", 400*time.Millisecond, "`time` for which a cell is measured")
	fs.StringVar(&o.format, "o", "text", "output `format`: "+strings.Join(formats, ", "))
	fs.StringVar(&o.svg, "svg", "", "write a plot to this `file`, too")
	fs.StringVar(&o.profile, "profile", "", "write CPU profiles of both ends into this `folder`, which costs some speed")
	fs.StringVar(&o.from, "from", "", "show what an earlier run wrote to this `file` with -o json, measure nothing")
	if err := fs.Parse(args); err != nil {
		return options{}, err
	}
	var errs [5]error
	o.variants, errs[0] = parseVariants(*only)
	o.parts, errs[1] = parseParts(*part)
	o.sizes, errs[2] = parseList(*sizes, parseSize)
	o.windows, errs[3] = parseList(*windows, parseWindow)
	errs[4] = o.validate(fs.Args())
	return o, errors.Join(errs[:]...)
}

func (o *options) validate(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case !slices.Contains(formats, o.format):
		return fmt.Errorf("-o %q: expected one of %s", o.format, strings.Join(formats, ", "))
	case o.rounds < 1 || o.rounds > 1000:
		return fmt.Errorf("-rounds %d: expected 1 to 1000", o.rounds)
	case o.warm < 0 || o.cell < time.Millisecond || max(o.warm, o.cell) > time.Minute:
		return fmt.Errorf("-warm %v -cell %v: expected up to a minute, and a cell of 1ms at least", o.warm, o.cell)
	}
	return nil
}

func names(vs []*variant) string {
	var list []string
	for _, v := range vs {
		list = append(list, v.name)
	}
	return strings.Join(list, ",")
}

func parseVariants(s string) ([]*variant, error) {
	return parseList(s, func(name string) (*variant, error) {
		if v := variantNamed(name); v != nil {
			return v, nil
		}
		return nil, fmt.Errorf("unknown variant %q: expected some of %s", name, names(variants))
	})
}

func parseParts(s string) ([]string, error) {
	return parseList(s, func(name string) (string, error) {
		if !slices.Contains(parts, name) {
			return "", fmt.Errorf("unknown part %q: expected some of %s", name, strings.Join(parts, ","))
		}
		return name, nil
	})
}

func parseList[T comparable](s string, parse func(string) (T, error)) ([]T, error) {
	var list []T
	for _, item := range strings.Split(s, ",") {
		v, err := parse(strings.TrimSpace(item))
		if err != nil {
			return nil, err
		}
		if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list, nil
}

// parseSize reads a number of bytes such as 0, 512B, 64KiB or 4MiB, up to 16 MiB.
func parseSize(s string) (int, error) {
	digits, unit := s, 1
	for _, u := range []struct {
		suffix string
		unit   int
	}{{"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}} {
		if d, ok := strings.CutSuffix(s, u.suffix); ok {
			digits, unit = strings.TrimSpace(d), u.unit
			break
		}
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || n > 16<<20/unit {
		return 0, fmt.Errorf("size %q: expected up to 16MiB, as in 0, 4KiB", s)
	}
	return n * unit, nil
}

func parseWindow(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 4096 {
		return 0, fmt.Errorf("window %q: expected 1 to 4096", s)
	}
	return n, nil
}

// loads are the cells of the table.
func (o *options) loads() []load {
	var all []load
	add := func(l load) {
		if l = l.capped(); !slices.Contains(all, l) {
			all = append(all, l)
		}
	}
	for _, size := range o.sizes {
		for _, window := range o.windows {
			if slices.Contains(o.parts, "call") {
				add(load{oneWay: false, size: size, window: window, warm: o.warm, cell: o.cell})
			}
		}
		if slices.Contains(o.parts, "oneway") {
			add(load{oneWay: true, size: size, window: 1, warm: o.warm, cell: o.cell})
		}
	}
	return all
}
