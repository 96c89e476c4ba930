// Command bench-failure measures how long a fault of one daemon can be felt, on real processes.
//
//	make bench-failure                    ten of each fault of an OSD, five kills of the leader
//	make bench-failure ARGS='-n 3 -json'
//	make bench-failure ARGS='-only cut'   the faults with that word in their names
//
// An OSD is killed (SIGKILL), paused (SIGSTOP), cut off from everybody in silence, or its disk hangs while
// the process goes on. Cutting off needs root and iptables, a disk that hangs strace; what cannot be
// done is left out, and said. From the moment of a fault it takes the time to a map that says down, and to
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
	"strings"
	"syscall"

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
	n := flag.Int("n", 10, "times each fault of an OSD")
	leaders := flag.Int("leaders", 5, "kills of the leader")
	only := flag.String("only", "", "only faults with this `WORD` in their names")
	asJSON := flag.Bool("json", false, "print JSON")
	keep := flag.Bool("keep", false, "leave the logs behind")
	flag.Parse()
	uncuttable := lab.CanCut("127.0.0.1")
	l, err := lab.NewScratch(ctx, "bench-failure", lab.Options{Talk: os.Stderr, Cuts: uncuttable == nil})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.End(*keep)) }()
	b := &bench{lab: l.Lab}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	defer b.client.Close()
	var all []fault
	for _, f := range []struct {
		name  string
		times int
		do    func(context.Context, int) (sample, error)
		lacks error // what it would need
	}{
		{"OSD killed (SIGKILL)", *n, b.killOSD, nil},
		{"OSD paused (SIGSTOP)", *n, b.pauseOSD, nil},
		{"OSD cut off in silence", *n, b.cutOSD, uncuttable},
		{"OSD whose disk hangs", *n, b.hangOSD, lab.CanHang()},
		{"leader killed (SIGKILL)", *leaders, b.killLeader, nil},
	} {
		if !strings.Contains(f.name, *only) {
			continue
		}
		if f.lacks != nil {
			fmt.Fprintf(os.Stderr, "%s: left out: %v\n", f.name, f.lacks)
			continue
		}
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
