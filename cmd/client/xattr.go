package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"zeph/pkg/client"
)

// pairs are names with values, of attributes or of an omap.
type pairs []pair

type pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func (all pairs) text(w *bufio.Writer) {
	for _, p := range all {
		fmt.Fprintf(w, "%s  %s\n", oneLine(p.Name), strconv.Quote(p.Value))
	}
}

// value is an argument, or what comes on stdin for "-".
func (a *app) value(arg string) ([]byte, error) {
	if arg != "-" {
		return []byte(arg), nil
	}
	return io.ReadAll(io.LimitReader(a.stdin, maxAppend))
}

// onObject is a command about one object, whose other arguments are its own.
func (a *app) onObject(use, short string, args cobra.PositionalArgs, run func(context.Context, client.Pool, string, []string) error) *cobra.Command {
	return a.objectCommand(use, short, args, func(cmd *cobra.Command, o *objects, args []string) error {
		t, err := objectTarget(cmd, args[0])
		if err != nil {
			return err
		}
		return o.with(cmd, t.pool, func(ctx context.Context, p client.Pool) error { return run(ctx, p, t.name, args[1:]) })
	})
}

func (a *app) xattrCommand() *cobra.Command {
	return group("xattr", "Attributes of objects",
		a.onObject("ls POOL/NAME", "List them", takes("POOL/NAME"), func(ctx context.Context, p client.Pool, name string, _ []string) error {
			attrs, err := p.Xattrs(ctx, name)
			if err != nil {
				return err
			}
			all := pairs{}
			for _, k := range slices.Sorted(maps.Keys(attrs)) {
				all = append(all, pair{k, string(attrs[k])})
			}
			return a.print(all)
		}),
		a.onObject("get POOL/NAME ATTR", "Write one's value to stdout", takes("POOL/NAME", "ATTR"),
			func(ctx context.Context, p client.Pool, name string, args []string) error {
				v, err := p.GetXattr(ctx, name, args[0])
				if err != nil {
					return err
				}
				return a.raw(v)
			}),
		a.onObject("set POOL/NAME ATTR VALUE|-", "Set one", takes("POOL/NAME", "ATTR", "VALUE"),
			func(ctx context.Context, p client.Pool, name string, args []string) error {
				v, err := a.value(args[1])
				if err != nil {
					return err
				}
				return p.SetXattr(ctx, name, args[0], v)
			}),
		a.onObject("rm POOL/NAME ATTR", "Remove one", takes("POOL/NAME", "ATTR"),
			func(ctx context.Context, p client.Pool, name string, args []string) error {
				return p.RemoveXattr(ctx, name, args[0])
			}),
	)
}

// raw writes a value as it is, with a line's end after it on a terminal.
func (a *app) raw(v []byte) error {
	if isTerminal(a.stdout) {
		v = append([]byte(plain(string(v))), '\n')
	}
	_, err := a.stdout.Write(v)
	return err
}

func (a *app) omapCommand() *cobra.Command {
	return group("omap", "The omap of objects: sorted keys with values",
		a.onObject("ls POOL/NAME", "List its keys and values", takes("POOL/NAME"), func(ctx context.Context, p client.Pool, name string, _ []string) error {
			all := pairs{}
			for row, err := range p.Omap(ctx, name, "") {
				if err != nil {
					return err
				}
				all = append(all, pair{row.Key, string(row.Value)})
			}
			return a.print(all)
		}),
		a.onObject("get POOL/NAME KEY", "Write one key's value to stdout", takes("POOL/NAME", "KEY"),
			func(ctx context.Context, p client.Pool, name string, args []string) error {
				v, err := p.GetOmap(ctx, name, args[0])
				if err != nil {
					return err
				}
				return a.raw(v)
			}),
		a.onObject("set POOL/NAME KEY VALUE|-", "Set a key", takes("POOL/NAME", "KEY", "VALUE"),
			func(ctx context.Context, p client.Pool, name string, args []string) error {
				v, err := a.value(args[1])
				if err != nil {
					return err
				}
				return p.SetOmap(ctx, name, map[string][]byte{args[0]: v})
			}),
		a.onObject("rm POOL/NAME KEY...", "Remove keys", several("POOL/NAME"),
			func(ctx context.Context, p client.Pool, name string, args []string) error {
				return p.RemoveOmap(ctx, name, args...)
			}),
		a.onObject("clear POOL/NAME", "Remove all keys", takes("POOL/NAME"),
			func(ctx context.Context, p client.Pool, name string, _ []string) error {
				_, err := p.Apply(ctx, name, new(client.Write).ClearOmap())
				return err
			}),
	)
}
