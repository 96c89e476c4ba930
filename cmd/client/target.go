package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"zeph/pkg/client"
)

// target is POOL/NAME as it is typed. The name may have slashes of its own, or be missing.
type target struct{ pool, name string }

func (t target) String() string { return t.pool + "/" + t.name }

func parseTarget(s string) target {
	pool, name, _ := strings.Cut(s, "/")
	return target{pool, name}
}

// objectTarget is a target that names an object.
func objectTarget(cmd *cobra.Command, s string) (target, error) {
	t := parseTarget(s)
	if t.pool == "" || t.name == "" {
		return t, next(usagef(cmd, "%q names no object", s), "objects are POOL/NAME, as in demo/cat.jpg")
	}
	return t, nil
}

// namedAfter completes a target by a file's name, if it is a pool, or ends in a slash.
func (t target) namedAfter(file string) target {
	if t.name == "" || strings.HasSuffix(t.name, "/") {
		t.name += path.Base(strings.ReplaceAll(file, "\\", "/"))
	}
	return t
}

// objects are the flags of commands that work on objects.
type objects struct {
	a         *app
	namespace string
}

// objectCommand is a command that works on objects.
func (a *app) objectCommand(use, short string, args cobra.PositionalArgs, run func(*cobra.Command, *objects, []string) error) *cobra.Command {
	o := &objects{a: a}
	cmd := verb(use, short, args, func(cmd *cobra.Command, args []string) error { return run(cmd, o, args) })
	cmd.Flags().StringVarP(&o.namespace, "namespace", "n", "", "`NAME` of the part of the pool; default the one without a name")
	cmd.ValidArgsFunction = a.completePools
	if strings.Contains(use, "FILE") {
		cmd.ValidArgsFunction = a.completeObject
	}
	return cmd
}

// with connects, works on a pool, and disconnects.
func (o *objects) with(cmd *cobra.Command, pool string, work func(context.Context, client.Pool) error) error {
	return o.a.withClient(cmd, func(ctx context.Context, c *client.Client) error {
		p, err := o.pool(ctx, c, pool)
		if err != nil {
			return err
		}
		return work(ctx, p)
	})
}

func (o *objects) pool(ctx context.Context, c *client.Client, name string) (client.Pool, error) {
	p, err := c.Pool(ctx, name)
	if err != nil {
		return p, explained(err)
	}
	return p.Namespace(o.namespace)
}

// withClient connects, works, and disconnects. Each step of the work may take as long as --timeout says, the whole as
// long as it takes.
func (a *app) withClient(cmd *cobra.Command, work func(context.Context, *client.Client) error) error {
	c, err := a.open(cmd.Context(), a)
	if err != nil {
		return err
	}
	a.tidies.Store(true) // what is half done is taken back, and files that are half there are removed
	return errors.Join(explained(work(cmd.Context(), c)), c.Close())
}

// explained adds what to do about an error of the library.
func explained(err error) error {
	if errors.As(err, new(nextError)) {
		return err
	}
	for _, e := range []struct {
		is   error
		next string
	}{
		{client.ErrUnknown, "look whether it happened, then do it again if it did not"},
		{client.ErrNoPool, "see which there are: zeph pool ls; make one: zeph pool create NAME"},
		{client.ErrStriped, "objects larger than 4 MiB are replaced as a whole: zeph put"},
		{client.ErrSwept, "zeph gc ran meanwhile and took it for an interrupted put: put it again"},
		{client.ErrChanged, "read it into a file, which can begin again: zeph get POOL/NAME FILE"},
		{client.ErrDamaged, "see what is wrong: zeph health detail; zeph pg ls"},
		{client.ErrFull, "make room, or add OSDs: zeph df; zeph osd df"},
		{client.ErrTimeout, "see what is wrong: zeph status; to wait longer say --timeout"},
	} {
		if errors.Is(err, e.is) && !errors.Is(err, context.Canceled) {
			return next(err, "%s", e.next)
		}
	}
	return err
}

// said is a result whose form for people is one line.
type said struct {
	json any
	line string
}

// tell says what was done: a line of talk on stderr, or the whole of it on stdout for programs.
func (a *app) tell(s said) error {
	if a.output == formatTable {
		_, err := fmt.Fprintln(a.stderr, s.line)
		return err
	}
	return a.print(jsonResult{s.json})
}
