// Command soak-heartbeat loads a cluster of real processes as far as the machine goes, and wants
// that nobody is taken for dead meanwhile.
//
//	make soak-heartbeat                     ten minutes
//	make soak-heartbeat ARGS='-for 1m'
//
// Writers and readers keep all OSDs busy and, beside them, a loop on every core keeps the processors
// from ever being idle. A false report shows in the cluster log, and as an OSD whose time up began
// anew. The exit code is 1 if there was one, or if an operation failed.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"zeph/pkg/client"
	"zeph/pkg/lab"
	"zeph/pkg/status"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "soak-heartbeat:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	long := flag.Duration("for", 10*time.Minute, "how long")
	flag.Parse()
	l, err := lab.NewScratch(ctx, "soak-heartbeat", lab.Options{Talk: os.Stderr})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.End(err != nil && ctx.Err() == nil)) }()
	c, err := l.Connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	before, err := look(ctx, c)
	if err != nil {
		return err
	}
	load := &load{client: c}
	if err := load.run(ctx, *long); err != nil {
		return err
	}
	after, err := look(ctx, c)
	if err != nil {
		return err
	}
	fmt.Printf("%v of full load on %d processors: %d writes and %d reads of %d KiB, %d failed\n",
		*long, runtime.NumCPU(), load.writes.Load(), load.reads.Load(), objectSize>>10, load.failed.Load())
	if n := load.failed.Load(); n > 0 {
		err = fmt.Errorf("%d operations failed", n)
	}
	return errors.Join(err, after.compare(before))
}

// sight is what a false report would change.
type sight struct {
	osds status.OSDList
	log  status.LogLines
}

func look(ctx context.Context, c *client.Client) (*sight, error) {
	s := &sight{}
	for name, value := range map[string]any{"osd ls": &s.osds, "log": &s.log} {
		args := client.Args{}
		if name == "log" {
			args["last"] = "1000"
		}
		answer, err := c.MonCommand(ctx, name, args)
		if err == nil {
			err = json.Unmarshal(answer.JSON, value)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return s, nil
}

func (s *sight) compare(before *sight) error {
	var newest uint64
	for _, l := range before.log.Lines {
		newest = l.Seq
	}
	var wrong []error
	for _, l := range s.log.Lines {
		if l.Seq > newest && (l.Level != "info" || strings.Contains(l.Text, "down")) {
			wrong = append(wrong, fmt.Errorf("cluster log: %s %s", l.Who, l.Text))
		}
	}
	for i, o := range s.osds.OSDs {
		if i >= len(before.osds.OSDs) || o.UpFrom != before.osds.OSDs[i].UpFrom || !o.Up {
			wrong = append(wrong, fmt.Errorf("%v: %s, up from epoch %d", o.ID, o.State, o.UpFrom))
		}
	}
	if len(wrong) == 0 {
		fmt.Println("no false report")
	}
	return errors.Join(wrong...)
}

const (
	objectSize = 64 << 10
	names      = 256
	tasks      = 16
)

// load is what keeps the cluster busy.
type load struct {
	client                *client.Client
	writes, reads, failed atomic.Int64
}

func (l *load) run(ctx context.Context, long time.Duration) error {
	pool, err := l.client.Pool(ctx, "demo")
	if err != nil {
		return err
	}
	whole := ctx // operations end by themselves: one that the end of the run cut off would look like one that hangs
	ctx, cancel := context.WithTimeout(whole, long)
	defer cancel()
	var wg sync.WaitGroup
	for i := range tasks {
		wg.Go(func() {
			for n := i; ctx.Err() == nil; n++ {
				l.putAndGet(whole, pool, fmt.Sprintf("o%03d", (n*7)%names))
			}
		})
	}
	for range runtime.NumCPU() {
		wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ { // checking a context is work enough
			}
		})
	}
	wg.Wait()
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return nil
	}
	return context.Cause(ctx)
}

func (l *load) putAndGet(ctx context.Context, pool client.Pool, name string) {
	_, err := pool.Put(ctx, name, bytes.NewReader(make([]byte, objectSize)), client.PutOptions{})
	if err == nil {
		l.writes.Add(1)
		_, _, err = pool.Get(ctx, name)
	}
	switch {
	case err == nil:
		l.reads.Add(1)
	case ctx.Err() == nil:
		l.failed.Add(1)
		fmt.Fprintf(os.Stderr, "%s %v\n", time.Now().Format("15:04:05.000"), err)
	}
}
