// Command demo shows Zeph do its main job, on real processes: three monitors and six OSDs in three
// hosts and two racks keep a folder and a large file while OSDs and monitors are killed, added and
// drained, and give every byte back.
//
//	make demo                        the project's own tree, and a file of 256 MiB
//	make demo ARGS='-size 1G DIR'    another folder, another size; SIZE=1G does the same
//
// It marks nothing down by command: the cluster finds out by itself. The exit code is 1 if anything
// was lost or took too long. It leaves nothing behind, also when it is interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"zeph/pkg/lab"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case interrupted:
		fmt.Println("\ninterrupted; nothing is left behind")
		os.Exit(130)
	case err != nil:
		fmt.Printf("\nFAIL  %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	size := flag.String("size", env("SIZE", "256M"), "of the large file")
	dir := flag.String("dir", "", "where the cluster lives; default a new folder for the time being")
	keep := flag.Bool("keep", false, "leave the cluster's folder, with logs, behind")
	flag.Parse()
	folder := "."
	if flag.NArg() > 0 {
		folder = flag.Arg(0)
	}
	bytes, err := parseSize(*size)
	if err != nil {
		return err
	}
	if *dir == "" {
		if *dir, err = os.MkdirTemp("", "zeph-demo-"); err != nil {
			return err
		}
		defer func() {
			if !*keep {
				os.RemoveAll(*dir)
			}
		}()
	}
	s := newStory(folder, bytes)
	defer func() { err = errors.Join(err, s.end()) }()
	err = s.tell(ctx, filepath.Join(*dir, "lab"))
	if err != nil && s.lab != nil && ctx.Err() == nil {
		*keep = true
		s.line("the logs stay for you to read: %s", s.lab.Dir())
	}
	return err
}

// end takes the cluster down, whatever state it is in.
func (s *story) end() error {
	s.stopWriter()
	s.disconnect()
	if s.lab == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := s.lab.Down(ctx); err != nil && !errors.Is(err, lab.ErrNoLab) {
		return err
	}
	return nil
}

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

// parseSize reads a number of bytes, or of KiB, MiB, GiB: 256M.
func parseSize(s string) (int64, error) {
	number, shift := s, 0
	if i := strings.IndexAny(s, "KMG"); i > 0 {
		number, shift = s[:i], 10*(1+strings.IndexByte("KMG", s[i]))
	}
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("size %q: expected such as 256M", s)
	}
	return n << shift, nil
}
