package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"

	"zeph/pkg/client"
)

type sum [sha256.Size]byte

// contents are what was stored, and must be given back.
type contents struct {
	mu      sync.Mutex
	objects map[string]content
	read    int
	bytes   uint64
}

// content is what an object holds. One whose last write had no clear outcome may hold it or not be there.
type content struct {
	sum    sum
	size   uint64
	unsure bool
}

func (c *contents) add(name string, x content) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.objects == nil {
		c.objects = make(map[string]content)
	}
	c.objects[name] = x
}

func (c *contents) verdict() string {
	return fmt.Sprintf("%d objects, %s: every byte is as it was written,", c.read, size(c.bytes))
}

// putFile stores a reader's bytes, with their checksum worked out on the way.
func (s *story) put(ctx context.Context, name string, r io.Reader) (uint64, error) {
	h := sha256.New()
	count := &counter{hash: h}
	if _, err := s.pool.Put(ctx, name, io.TeeReader(r, count), client.PutOptions{}); err != nil {
		return 0, err
	}
	s.stored.add(name, content{sum: sum(h.Sum(nil)), size: count.n})
	return count.n, nil
}

// putFolder stores all files of a folder.
func (s *story) putFolder(ctx context.Context) (files int, bytes uint64, err error) {
	paths, err := filesOf(s.folder)
	if err != nil {
		return 0, 0, err
	}
	var mu sync.Mutex
	err = parallel(ctx, paths, func(ctx context.Context, path string) error {
		f, err := os.Open(filepath.Join(s.folder, path))
		if err != nil {
			return err
		}
		defer f.Close()
		n, err := s.put(ctx, "folder/"+filepath.ToSlash(path), f)
		mu.Lock()
		defer mu.Unlock()
		files, bytes = files+1, bytes+n
		return err
	})
	return files, bytes, err
}

// filesOf lists the files of a folder, but for what git and make put there.
func filesOf(folder string) ([]string, error) {
	var paths []string
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (path == ".git" || path == "bin") {
			return fs.SkipDir
		}
		if d.Type().IsRegular() {
			paths = append(paths, path)
		}
		return nil
	})
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("%s: has no files", folder)
	}
	return paths, err
}

// workers are how many objects are stored or read side by side.
const workers = 8

// parallel does something to each of a list, until the first error.
func parallel(ctx context.Context, names []string, do func(context.Context, string) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan string)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for name := range queue {
				if err := do(ctx, name); err != nil {
					cancel(fmt.Errorf("%s: %w", name, err))
				}
			}
		})
	}
	for _, name := range names {
		if ctx.Err() != nil {
			break
		}
		queue <- name
	}
	close(queue)
	wg.Wait()
	return context.Cause(ctx)
}

// counter counts and hashes what is written to it.
type counter struct {
	hash hash.Hash
	n    uint64
}

func (c *counter) Write(p []byte) (int, error) {
	c.n += uint64(len(p))
	return c.hash.Write(p)
}

// Restart is for a reader who must begin again, because the object was replaced meanwhile.
func (c *counter) Restart() error {
	c.hash.Reset()
	c.n = 0
	return nil
}

// check reads an object and compares.
func (s *story) check(ctx context.Context, name string) error {
	got := &counter{hash: sha256.New()}
	_, err := s.pool.GetTo(ctx, name, got)
	switch {
	case errors.Is(err, client.ErrNotFound) && s.stored.objects[name].unsure:
		return nil
	case errors.Is(err, client.ErrNotFound):
		return errors.New("LOST: it was acknowledged, and is not there")
	case err != nil:
		return err
	}
	return s.stored.compare(name, got)
}

// compare holds what was read of an object against what was written.
func (c *contents) compare(name string, got *counter) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	want := c.objects[name]
	if sum(got.hash.Sum(nil)) != want.sum {
		return fmt.Errorf("CHANGED: %d bytes that differ from the %d that were written", got.n, want.size)
	}
	c.read++
	c.bytes += got.n
	return nil
}

// noise is a stream of bytes that no compression makes smaller, the same for the same seed.
func noise(seed uint64) io.Reader {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return rand.NewChaCha8(key)
}
