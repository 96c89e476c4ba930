package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"zeph/pkg/client"
)

func (a *app) getCommand() *cobra.Command {
	var recursive bool
	var parallel int
	cmd := a.objectCommand("get POOL/NAME [FILE|-]", "Read an object into a file, or with -r all objects of a prefix into a folder", upTo(1, "POOL/NAME", "FILE"),
		func(cmd *cobra.Command, o *objects, args []string) error {
			if recursive {
				if len(args) < 2 {
					return usagef(cmd, "FOLDER is missing")
				}
				return o.getFolder(cmd, parseTarget(args[0]), args[1], parallel)
			}
			t, err := objectTarget(cmd, args[0])
			if err != nil {
				return err
			}
			to := path.Base(t.name)
			if len(args) == 2 {
				to = args[1]
			}
			if info, err := os.Stat(to); err == nil && info.IsDir() {
				to = filepath.Join(to, path.Base(t.name))
			}
			return o.getFile(cmd, t, to)
		})
	cmd.Long = "Reads an object, compares its bytes with the checksum that was stored with it, and only then gives the file its\n" +
		"name. To stdout (-) bytes go as they come; a checksum that does not fit is an error at the end.\n" +
		"With -r all objects whose names begin with NAME go to files below FOLDER, named by what follows NAME."
	cmd.Flags().BoolVarP(&recursive, "recursive", "r", false, "all objects whose names begin with NAME")
	cmd.Flags().IntVar(&parallel, "parallel", 8, "objects under way at once, `N`")
	return cmd
}

func (a *app) catCommand() *cobra.Command {
	return a.objectCommand("cat POOL/NAME...", "Write objects to stdout, one after the other", several("POOL/NAME"),
		func(cmd *cobra.Command, o *objects, args []string) error {
			targets, err := objectTargets(cmd, args)
			if err != nil {
				return err
			}
			return a.withClient(cmd, func(ctx context.Context, c *client.Client) error {
				a.tidies.Store(false)
				w := bufio.NewWriterSize(a.stdout, 1<<16)
				for _, t := range targets {
					p, err := o.pool(ctx, c, t.pool)
					if err == nil {
						_, err = p.GetTo(ctx, t.name, w)
					}
					if err != nil {
						return errors.Join(err, w.Flush())
					}
				}
				return w.Flush()
			})
		})
}

func objectTargets(cmd *cobra.Command, args []string) ([]target, error) {
	var all []target
	for _, arg := range args {
		t, err := objectTarget(cmd, arg)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

func (o *objects) getFile(cmd *cobra.Command, t target, to string) error {
	return o.with(cmd, t.pool, func(ctx context.Context, p client.Pool) error {
		info, err := p.Stat(ctx, t.name)
		if err != nil {
			return err
		}
		bar := o.a.progress(t.name, int64(info.Size))
		defer bar.end()
		if to == "-" {
			o.a.tidies.Store(false) // whoever reads may never do so
			_, err = p.GetTo(ctx, t.name, counted{o.a.stdout, bar})
			return err
		}
		if info, err = fetch(ctx, p, t.name, to, bar); err != nil {
			return err
		}
		bar.end()
		return o.a.moved(t, to, info, bar)
	})
}

// fetch reads an object into a file, which gets its name when all is there and right.
func fetch(ctx context.Context, p client.Pool, name, to string, bar *progress) (info client.Info, err error) {
	if s, err := os.Stat(to); err == nil && !s.Mode().IsRegular() { // a pipe or a device, which stays
		f, err := os.OpenFile(to, os.O_WRONLY, 0)
		if err != nil {
			return info, inFile(to, pathCause(err))
		}
		info, err = p.GetTo(ctx, name, counted{f, bar})
		return info, errors.Join(err, f.Close())
	}
	f, err := os.CreateTemp(filepath.Dir(to), "."+filepath.Base(to)+".*")
	if err != nil {
		return info, inFile(to, pathCause(err))
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if info, err = p.GetTo(ctx, name, &fileSink{f, bar}); err != nil {
		return info, err
	}
	if err = errors.Join(f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), to)
	}
	if err != nil {
		err = inFile(to, pathCause(err))
	}
	return info, err
}

// fileSink is a file that can begin again.
type fileSink struct {
	f   *os.File
	bar *progress
}

func (s *fileSink) Write(b []byte) (int, error) {
	n, err := s.f.Write(b)
	s.bar.add(n)
	if err != nil {
		err = inFile(s.f.Name(), pathCause(err))
	}
	return n, err
}

// Restart forgets what was written: the object was replaced while it was read.
func (s *fileSink) Restart() error {
	if err := s.f.Truncate(0); err != nil {
		return err
	}
	_, err := s.f.Seek(0, io.SeekStart)
	return err
}

func (o *objects) getFolder(cmd *cobra.Command, t target, folder string, parallel int) error {
	if t.pool == "" {
		return usagef(cmd, "a pool is missing")
	}
	return o.with(cmd, t.pool, func(ctx context.Context, p client.Pool) error {
		var found []client.Info
		var skipped []string
		total := uint64(0)
		for info, err := range p.List(ctx, client.ListOptions{Prefix: t.name}) {
			if err != nil {
				return err
			}
			if _, err := fileFor(info.Name, t.name); err != nil {
				o.a.warn("%v: skipped", err)
				skipped = append(skipped, info.Name)
				continue
			}
			found = append(found, info)
			total += info.Size
		}
		if len(found)+len(skipped) == 0 {
			return next(fmt.Errorf("get: no object of pool %s has a name that begins with %q", t.pool, t.name), "see: zeph ls %s", t.pool)
		}
		bar := o.a.progress(folder, int64(total))
		defer bar.end()
		err := eachOf(ctx, parallel, found, func(ctx context.Context, info client.Info) error {
			name, err := fileFor(info.Name, t.name)
			if err != nil {
				return err
			}
			to := filepath.Join(folder, name)
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return inFile(filepath.Dir(to), pathCause(err))
			}
			_, err = fetch(ctx, p, info.Name, to, bar)
			return err
		})
		bar.end()
		if err != nil {
			return err
		}
		res := &folderResult{Folder: folder, Target: t.String(), Objects: len(found), Bytes: uint64(bar.bytes.Load()), Skipped: skipped,
			Seconds: time.Since(bar.begun).Seconds()}
		if err := o.a.tell(res.said("read")); err != nil {
			return err
		}
		if len(skipped) > 0 {
			return fmt.Errorf("%d objects were skipped", len(skipped))
		}
		return nil
	})
}

// fileFor is the file below a folder that an object goes to. Objects are named by others: no name leads out of
// the folder.
func fileFor(name, prefix string) (string, error) {
	rel := strings.TrimPrefix(name, prefix)
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		if after, ok := strings.CutPrefix(rel, "/"); ok {
			rel = after
		} else {
			rel = path.Base(prefix) + rel // the prefix ended in the middle of a name
		}
	}
	local := filepath.FromSlash(rel)
	if !filepath.IsLocal(local) || strings.HasSuffix(rel, "/") {
		return "", fmt.Errorf("object %q cannot be a file below a folder", name)
	}
	return local, nil
}
