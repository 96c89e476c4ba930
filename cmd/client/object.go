package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"zeph/pkg/client"
	"zeph/pkg/placement"
	"zeph/pkg/wire"
)

// objectCommands are those that work on objects.
func (a *app) objectCommands() []*cobra.Command {
	return []*cobra.Command{
		a.putCommand(), a.getCommand(), a.catCommand(), a.lsCommand(), a.statCommand(), a.rmCommand(), a.cpCommand(),
		a.appendCommand(), a.casCommand(), a.xattrCommand(), a.omapCommand(), a.gcCommand(), a.benchCommand(),
	}
}

func (a *app) statCommand() *cobra.Command {
	return a.objectCommand("stat POOL/NAME...", "Show size, version, checksum and place of objects", several("POOL/NAME"),
		func(cmd *cobra.Command, o *objects, args []string) error {
			targets, err := objectTargets(cmd, args)
			if err != nil {
				return err
			}
			return a.withClient(cmd, func(ctx context.Context, c *client.Client) error {
				var all objectInfos
				for _, t := range targets {
					p, err := o.pool(ctx, c, t.pool)
					if err != nil {
						return err
					}
					info, err := p.Stat(ctx, t.name)
					if err != nil {
						return err
					}
					i := infoOf(t, info)
					if err := o.place(ctx, c, p, t.name, &i); err != nil {
						return err
					}
					all = append(all, i)
				}
				return a.print(all)
			})
		})
}

// place adds where an object is.
func (o *objects) place(ctx context.Context, c *client.Client, p client.Pool, name string, i *objectInfo) error {
	m, err := c.Map(ctx, client.MapOptions{})
	if err != nil {
		return err
	}
	pool, ok := m.Pool(p.ID())
	if !ok {
		return nil
	}
	mapper, err := placement.New(m)
	if err != nil {
		return err
	}
	pg := placement.Object{Name: name, Namespace: o.namespace}.PG(&pool)
	i.PG = pg.String()
	for _, osd := range mapper.Map(new(placement.Scratch), &pool, pg).Acting {
		i.Acting = append(i.Acting, int32(osd))
	}
	return nil
}

type objectInfos []objectInfo

func (all objectInfos) text(w *bufio.Writer) {
	for n, i := range all {
		if n > 0 {
			w.WriteByte('\n')
		}
		form := "in one piece"
		if i.Striped {
			form = "in pieces"
		}
		for _, line := range [][2]string{
			{"object", oneLine(i.Object)}, {"size", fmt.Sprintf("%d (%s), %s", i.Size, sizeText(i.Size), form)}, {"version", i.Version},
			{"modified", i.Modified}, {"xxh64", i.Sum}, {"pg", i.PG}, {"acting", fmt.Sprint(i.Acting)},
		} {
			if line[1] != "" {
				fmt.Fprintf(w, "%-9s %s\n", line[0], line[1])
			}
		}
	}
}

func (a *app) lsCommand() *cobra.Command {
	var long bool
	cmd := a.objectCommand("ls POOL[/PREFIX]", "List objects, by name", takes("POOL"), func(cmd *cobra.Command, o *objects, args []string) error {
		t := parseTarget(args[0])
		return o.with(cmd, t.pool, func(ctx context.Context, p client.Pool) error {
			list := &objectList{long: long}
			for info, err := range p.List(ctx, client.ListOptions{Prefix: t.name}) {
				if err != nil {
					return err
				}
				i := infoOf(target{t.pool, info.Name}, info)
				i.Object = info.Name
				list.Objects = append(list.Objects, i)
			}
			slices.SortFunc(list.Objects, func(x, y objectInfo) int { return strings.Compare(x.Object, y.Object) })
			return a.print(list)
		})
	})
	cmd.Flags().BoolVarP(&long, "long", "l", false, "with size, version and time")
	return cmd
}

type objectList struct {
	Objects []objectInfo `json:"objects"`
	long    bool
}

func (l *objectList) text(w *bufio.Writer) {
	if !l.long {
		for _, i := range l.Objects {
			w.WriteString(oneLine(i.Object) + "\n")
		}
		return
	}
	t := columns("SIZE", "VERSION", "MODIFIED<", "OBJECT<")
	for _, i := range l.Objects {
		t.row(sizeText(i.Size), i.Version, i.Modified, oneLine(i.Object))
	}
	t.write(w)
}

func (a *app) rmCommand() *cobra.Command {
	var recursive, yes bool
	cmd := a.objectCommand("rm POOL/NAME...", "Remove objects, or with -r all whose names begin with NAME", several("POOL/NAME"),
		func(cmd *cobra.Command, o *objects, args []string) error {
			if recursive {
				if len(args) > 1 {
					return usagef(cmd, "-r takes one prefix")
				}
				return o.removeAll(cmd, parseTarget(args[0]), yes)
			}
			targets, err := objectTargets(cmd, args)
			if err != nil {
				return err
			}
			return a.withClient(cmd, func(ctx context.Context, c *client.Client) error {
				for _, t := range targets {
					p, err := o.pool(ctx, c, t.pool)
					if err == nil {
						err = p.Remove(ctx, t.name)
					}
					if err != nil {
						return err
					}
				}
				return nil
			})
		})
	cmd.Flags().BoolVarP(&recursive, "recursive", "r", false, "all objects whose names begin with NAME")
	return addYes(cmd, &yes)
}

func (o *objects) removeAll(cmd *cobra.Command, t target, yes bool) error {
	return o.with(cmd, t.pool, func(ctx context.Context, p client.Pool) error {
		var names []string
		for info, err := range p.List(ctx, client.ListOptions{Prefix: t.name}) {
			if err != nil {
				return err
			}
			names = append(names, info.Name)
		}
		if err := o.a.refuseWithout(cmd, yes, "%d objects of pool %s whose names begin with %q go for good", len(names), t.pool, t.name); err != nil {
			return err
		}
		err := eachOf(ctx, 8, names, func(ctx context.Context, name string) error {
			if err := p.Remove(ctx, name); !errors.Is(err, client.ErrNotFound) {
				return err
			}
			return nil
		})
		if err != nil {
			return err
		}
		return o.a.tell(said{map[string]int{"removed": len(names)}, fmt.Sprintf("removed %d objects", len(names))})
	})
}

func (a *app) cpCommand() *cobra.Command {
	return a.objectCommand("cp POOL/NAME POOL/NAME", "Copy an object with its attributes", takes("POOL/NAME", "POOL/NAME"),
		func(cmd *cobra.Command, o *objects, args []string) error {
			from, err := objectTarget(cmd, args[0])
			if err != nil {
				return err
			}
			to, err := objectTarget(cmd, parseTarget(args[1]).namedAfter(from.name).String())
			if err != nil {
				return err
			}
			return a.withClient(cmd, func(ctx context.Context, c *client.Client) error {
				src, err := o.pool(ctx, c, from.pool)
				if err != nil {
					return err
				}
				dst, err := o.pool(ctx, c, to.pool)
				if err != nil {
					return err
				}
				stat, err := src.Stat(ctx, from.name)
				if err != nil {
					return err
				}
				bar := a.progress(from.name, int64(stat.Size))
				defer bar.end()
				info, err := src.Copy(ctx, from.name, dst, to.name, client.PutOptions{Progress: bar.add})
				if err != nil {
					return err
				}
				bar.end()
				return a.moved(to, "", info, bar)
			})
		})
}

// maxAppend is how much goes to an object at once.
const maxAppend = 16 << 20

func (a *app) appendCommand() *cobra.Command {
	return a.objectCommand("append POOL/NAME FILE|-", "Add a file's bytes at an object's end, all at once", takes("POOL/NAME", "FILE"),
		func(cmd *cobra.Command, o *objects, args []string) error {
			t, err := objectTarget(cmd, args[0])
			if err != nil {
				return err
			}
			f, _, err := a.openFile(cmd.Context(), args[1])
			if err != nil {
				return err
			}
			defer f.Close()
			data, err := io.ReadAll(io.LimitReader(f, maxAppend+1))
			if err != nil {
				return inFile(args[1], pathCause(err))
			}
			if len(data) > maxAppend {
				return next(fmt.Errorf("append: %s is larger than %s, which is the most at once", display(args[1]), sizeText(maxAppend)),
					"for large objects use zeph put")
			}
			return o.with(cmd, t.pool, func(ctx context.Context, p client.Pool) error {
				v, err := p.Append(ctx, t.name, data)
				if err != nil {
					return err
				}
				return a.tell(said{map[string]any{"object": t.String(), "appended": len(data), "version": v.String()},
					fmt.Sprintf("%s  %s appended   version %v", t, sizeText(uint64(len(data))), v)})
			})
		})
}

func (a *app) casCommand() *cobra.Command {
	var version string
	var absent bool
	cmd := a.objectCommand("cas POOL/NAME FILE|- --version V", "Replace an object only if its version is V, or with --absent if there is none",
		takes("POOL/NAME", "FILE"), func(cmd *cobra.Command, o *objects, args []string) error {
			t, err := objectTarget(cmd, args[0])
			if err != nil {
				return err
			}
			opt := client.PutOptions{IfAbsent: absent}
			switch v, err := parseVersion(version); {
			case absent == (version != ""):
				return usagef(cmd, "say --version V, as zeph stat shows it, or --absent")
			case err != nil:
				return usagef(cmd, "--version: %w", err)
			case !absent:
				opt.IfVersion = &v
			}
			err = o.putFile(cmd, t, args[1], opt)
			if errors.Is(err, client.ErrMismatch) || errors.Is(err, client.ErrExists) || errors.Is(err, client.ErrNotFound) {
				return next(err, "nothing was changed; see what is there: zeph stat %s", t)
			}
			return err
		})
	cmd.Flags().StringVar(&version, "version", "", "`V` as zeph stat shows it")
	cmd.Flags().BoolVar(&absent, "absent", false, "only if there is no such object")
	return cmd
}

func parseVersion(s string) (v wire.PGVersion, err error) {
	if s == "" {
		return v, nil
	}
	if _, err := fmt.Sscanf(s, "%d'%d", &v.Epoch, &v.Seq); err != nil || v.String() != s {
		return v, fmt.Errorf("version %q: expected the form 12'345", s)
	}
	return v, nil
}

func (a *app) gcCommand() *cobra.Command {
	var opt client.GCOptions
	cmd := a.objectCommand("gc POOL", "Sweep up what interrupted puts of large objects left", takes("POOL"),
		func(cmd *cobra.Command, o *objects, args []string) error {
			return o.with(cmd, args[0], func(ctx context.Context, p client.Pool) error {
				res, err := p.GC(ctx, opt)
				if err != nil {
					return err
				}
				verb := "removed"
				if opt.DryRun {
					verb = "would remove"
				}
				return a.tell(said{res, fmt.Sprintf("%s %d pieces, %s, of %d puts; notes taken out: %d; left alone, for they may be under way: %d",
					verb, res.Pieces, sizeText(res.Bytes), res.Generations, res.Notes, res.Young)})
			})
		})
	cmd.Long = "Large objects are put in pieces, and a manifest switches at the end. A put that was interrupted leaves pieces that\n" +
		"nobody reads. gc finds them in all namespaces of the pool and removes them. A put that is under way all the same\n" +
		"fails, and says so; no object is harmed."
	cmd.Flags().DurationVar(&opt.Older, "older", time.Hour, "leave puts alone that were alive more recently than this")
	cmd.Flags().BoolVar(&opt.DryRun, "dry-run", false, "only say what would be removed")
	return cmd
}
