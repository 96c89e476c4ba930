package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"zeph/pkg/client"
)

// objectInfo is what commands say of an object.
type objectInfo struct {
	Object   string  `json:"object"`
	Size     uint64  `json:"size"`
	Version  string  `json:"version"`
	Striped  bool    `json:"striped"`
	Sum      string  `json:"xxh64,omitempty"`
	Modified string  `json:"modified,omitempty"`
	PG       string  `json:"pg,omitempty"`
	Acting   []int32 `json:"acting,omitempty"`
	File     string  `json:"file,omitempty"`
	Seconds  float64 `json:"seconds,omitempty"`
}

func infoOf(t target, i client.Info) objectInfo {
	return objectInfo{Object: t.String(), Size: i.Size, Version: i.Version.String(), Striped: i.Striped, Sum: i.Sum, Modified: stamp(i.Modified)}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

func (a *app) putCommand() *cobra.Command {
	var opt struct {
		ifAbsent, recursive bool
		xattrs              []string
		parallel            int
	}
	cmd := a.objectCommand("put POOL/NAME FILE|FOLDER|-", "Store a file, what comes on stdin (-), or a whole folder", takes("POOL/NAME", "FILE"),
		func(cmd *cobra.Command, o *objects, args []string) error {
			put := client.PutOptions{IfAbsent: opt.ifAbsent}
			var err error
			if put.Xattrs, err = pairsOf(opt.xattrs); err != nil {
				return usagef(cmd, "--xattr: %w", err)
			}
			if args[1] != "-" {
				info, err := os.Stat(args[1])
				if err != nil {
					return inFile(args[1], pathCause(err))
				}
				if info.IsDir() {
					return o.putFolder(cmd, parseTarget(args[0]), args[1], put, opt.parallel)
				}
			}
			if opt.recursive {
				return usagef(cmd, "-r: %s is no folder", args[1])
			}
			t, err := objectTarget(cmd, parseTarget(args[0]).namedAfter(args[1]).String())
			if err != nil {
				return err
			}
			return o.putFile(cmd, t, args[1], put)
		})
	cmd.Long = "Stores a file as an object, or each file below a folder as one, named POOL/NAME/path. What was there is replaced,\n" +
		"at once when all of it has arrived, whatever its size. A target that is a pool, or ends in a slash, gets the\n" +
		"file's own name."
	cmd.Flags().BoolVar(&opt.ifAbsent, "if-absent", false, "only if there is no such object")
	cmd.Flags().StringArrayVar(&opt.xattrs, "xattr", nil, "also set an attribute, `NAME=VALUE`; may be repeated")
	cmd.Flags().BoolVarP(&opt.recursive, "recursive", "r", false, "a folder; needed by nobody, for a folder is known by itself")
	cmd.Flags().IntVar(&opt.parallel, "parallel", 8, "files of a folder under way at once, `N`")
	return cmd
}

func pairsOf(words []string) (map[string][]byte, error) {
	pairs := map[string][]byte{}
	for _, w := range words {
		name, value, ok := strings.Cut(w, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("%q is no NAME=VALUE", w)
		}
		pairs[name] = []byte(value)
	}
	return pairs, nil
}

// openFile opens a file to be put; its size is -1 if nobody knows. Stdin may never end, but reading it ends with ctx.
func (a *app) openFile(ctx context.Context, path string) (io.ReadCloser, int64, error) {
	if path == "-" {
		r, w := io.Pipe()
		go func() {
			_, err := io.CopyBuffer(w, a.stdin, make([]byte, 1<<20))
			w.CloseWithError(err)
		}()
		context.AfterFunc(ctx, func() { r.CloseWithError(ctx.Err()) })
		return r, -1, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, inFile(path, pathCause(err))
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, inFile(path, pathCause(err))
	}
	if !info.Mode().IsRegular() {
		return f, -1, nil
	}
	return f, info.Size(), nil
}

func (o *objects) putFile(cmd *cobra.Command, t target, path string, opt client.PutOptions) error {
	f, size, err := o.a.openFile(cmd.Context(), path)
	if err != nil {
		return err
	}
	defer f.Close()
	return o.with(cmd, t.pool, func(ctx context.Context, p client.Pool) error {
		bar := o.a.progress(t.name, size)
		defer bar.end()
		opt.Progress = bar.add
		info, err := p.Put(ctx, t.name, f, opt)
		bar.end()
		if err != nil {
			return err
		}
		return o.a.moved(t, "", info, bar)
	})
}

// moved tells of an object that was stored, or, if a file is named, read into it.
func (a *app) moved(t target, file string, info client.Info, bar *progress) error {
	took := time.Since(bar.begun)
	i := infoOf(t, info)
	i.File, i.Seconds = file, took.Seconds()
	what := t.String()
	if file != "" {
		what += " → " + file
	}
	return a.tell(said{i, fmt.Sprintf("%s  %s in %s, %s   version %v   xxh64 %s", oneLine(what), sizeText(info.Size), tookText(took),
		rateText(info.Size, took), info.Version, info.Sum)})
}

// folderResult is what became of a folder.
type folderResult struct {
	Folder  string   `json:"folder"`
	Target  string   `json:"target"`
	Objects int      `json:"objects"`
	Bytes   uint64   `json:"bytes"`
	Skipped []string `json:"skipped,omitempty"` // that are no files, or could be none
	Seconds float64  `json:"seconds"`
}

func (r *folderResult) said(verb string) said {
	return said{r, fmt.Sprintf("%s %s objects, %s in %s, %s", verb, countText(uint64(r.Objects)), sizeText(r.Bytes),
		tookText(time.Duration(r.Seconds*float64(time.Second))), rateText(r.Bytes, time.Duration(r.Seconds*float64(time.Second))))}
}

// file is one below a folder.
type file struct {
	path string
	name string // of the object
	size int64
}

// walk lists the files below a folder. What is neither file nor folder is skipped: a link might lead anywhere.
func walk(root, prefix string) (files []file, skipped []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if !d.Type().IsRegular() {
			skipped = append(skipped, rel)
			return nil
		}
		if !utf8.ValidString(rel) {
			return fmt.Errorf("name of %q is no UTF-8, as those of objects are: rename it", path)
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it has just gone
		}
		if err != nil {
			return err
		}
		files = append(files, file{path, prefix + filepath.ToSlash(rel), info.Size()})
		return nil
	})
	return files, skipped, err
}

func (o *objects) putFolder(cmd *cobra.Command, t target, root string, opt client.PutOptions, parallel int) error {
	prefix := t.name
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	files, skipped, err := walk(root, prefix)
	if err != nil {
		return inFile(root, pathCause(err))
	}
	for _, s := range skipped {
		o.a.warn("%s is no regular file: skipped", filepath.Join(root, s))
	}
	total := int64(0)
	for _, f := range files {
		total += f.size
	}
	return o.with(cmd, t.pool, func(ctx context.Context, p client.Pool) error {
		bar := o.a.progress(root, total)
		defer bar.end()
		opt.Progress = bar.add
		err := eachOf(ctx, parallel, files, func(ctx context.Context, f file) error {
			r, _, err := o.a.openFile(ctx, f.path)
			if err != nil {
				return err
			}
			defer r.Close()
			_, err = p.Put(ctx, f.name, r, opt)
			return err
		})
		bar.end()
		if err != nil {
			return err
		}
		res := &folderResult{Folder: root, Target: t.String(), Objects: len(files), Bytes: uint64(bar.bytes.Load()), Skipped: skipped,
			Seconds: time.Since(bar.begun).Seconds()}
		return o.a.tell(res.said("stored"))
	})
}

// eachOf works on several things at a time, until one fails.
func eachOf[T any](ctx context.Context, parallel int, things []T, work func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	line := make(chan T)
	var all sync.WaitGroup
	for range max(1, parallel) {
		all.Go(func() {
			for thing := range line {
				if err := work(ctx, thing); err != nil {
					cancel(err)
				}
			}
		})
	}
feeding:
	for _, thing := range things {
		select {
		case line <- thing:
		case <-ctx.Done():
			break feeding
		}
	}
	close(line)
	all.Wait()
	return context.Cause(ctx)
}
