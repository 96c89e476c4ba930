// Command soak-lab breaks a cluster of real processes at random, again and again, while clients write
// and read, and checks every answer.
//
//	make soak-lab                          two minutes
//	make soak-lab ARGS='-for 1h -seed 7'
//
// Each object has one writer, which counts it up, and readers of its own client. A read must not give
// less than was acknowledged before it began, nor more than had been tried when it ended; a second
// read by the same reader not less than the first. Faults are SIGKILL, SIGSTOP, SIGTERM of up to two
// OSDs or one monitor at a time, and now and then SIGKILL for all. In the end all must be healthy and
// every object hold its last count. The seed fixes the order of faults, not what they meet: processes
// are not a simulation.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"zeph/pkg/lab"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "soak-lab:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	long := flag.Duration("for", 2*time.Minute, "how long")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the faults")
	pgs := flag.Int("pgs", 8, "placement groups of the pool: few have long logs, which are trimmed, so that data move by backfill")
	flag.Parse()
	fmt.Printf("seed %d\n", *seed)
	l, err := lab.NewScratch(ctx, "soak-lab", lab.Options{
		Talk:   os.Stdout,
		Pool:   lab.Pool{PGs: *pgs},
		Config: []lab.Setting{{Who: "mon", Name: "mon_osd_down_out_interval", Value: "5s"}},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.End(err != nil && ctx.Err() == nil)) }()
	c, err := newCheck(ctx, l.Lab)
	if err != nil {
		return err
	}
	defer c.close()
	c.start(ctx)
	b := &breaker{lab: l.Lab, rand: newRand(*seed), say: c.say}
	broken := b.run(ctx, *long)
	if broken == nil {
		broken = b.heal(ctx)
	}
	return errors.Join(broken, c.end(ctx))
}
