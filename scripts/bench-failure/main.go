// Command bench-failure measures how long a fault of one daemon can be felt, on real processes.
//
//	make bench-failure                    ten kills and ten pauses of OSDs, five kills of the leader
//	make bench-failure ARGS='-n 3 -json'
//
// From the moment of a fault (SIGKILL or SIGSTOP) it takes the time to a map that says down, and to
// the first write and the first read acknowledged by a PG whose primary the victim was. A client
// asks for both at that very moment, so it has to find out by itself. For the leader among the
// monitors it takes the time to the next command carried out, and the longest wait of a client that
// writes all the while. Printed are the median and the worst.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"zeph/pkg/lab"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench-failure:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	n := flag.Int("n", 10, "kills and pauses of OSDs")
	leaders := flag.Int("leaders", 5, "kills of the leader")
	asJSON := flag.Bool("json", false, "print JSON")
	keep := flag.Bool("keep", false, "leave the logs behind")
	flag.Parse()
	dir, err := os.MkdirTemp("", "zeph-bench-failure-")
	if err != nil {
		return err
	}
	l, err := lab.Up(ctx, lab.Options{Dir: filepath.Join(dir, "lab"), Talk: os.Stderr})
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		err = errors.Join(err, l.Down(ending))
		if !*keep {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	b := &bench{lab: l}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	defer b.client.Close()
	var all []fault
	for _, f := range []struct {
		name  string
		times int
		do    func(context.Context, int) (sample, error)
	}{
		{"OSD killed (SIGKILL)", *n, b.killOSD},
		{"OSD paused (SIGSTOP)", *n, b.pauseOSD},
		{"leader killed (SIGKILL)", *leaders, b.killLeader},
	} {
		result := fault{Name: f.name}
		for i := range f.times {
			s, err := f.do(ctx, i)
			if err != nil {
				return fmt.Errorf("%s, number %d: %w", f.name, i+1, err)
			}
			fmt.Fprintf(os.Stderr, "%s %d of %d: %v\n", f.name, i+1, f.times, s)
			result.add(s)
		}
		all = append(all, result)
	}
	if *asJSON {
		return json.NewEncoder(os.Stdout).Encode(all)
	}
	for _, f := range all {
		f.print(os.Stdout)
	}
	return nil
}
