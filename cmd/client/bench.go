package main

import (
	"bufio"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"zeph/pkg/client"
)

func (a *app) benchCommand() *cobra.Command {
	return group("bench", "Measure how fast a pool is",
		a.benchVerb("write", "Write objects, over each other when all are there", 0),
		a.benchVerb("read", "Write objects, then read them in random order", 100),
		a.benchVerb("mixed", "Read and write at once", 70),
	)
}

// benchFlags say what to measure.
type benchFlags struct {
	size    string
	threads int
	seconds float64
	objects int
	reads   int // of a hundred
	keep    bool
}

func (a *app) benchVerb(use, short string, reads int) *cobra.Command {
	f := &benchFlags{reads: reads}
	cmd := a.objectCommand(use+" POOL", short, takes("POOL"), func(cmd *cobra.Command, o *objects, args []string) error {
		size, err := parseSize(f.size)
		switch {
		case err != nil:
			return usagef(cmd, "--size: %w", err)
		case size == 0, f.threads < 1, f.seconds <= 0, f.reads < 0, f.reads > 100, size > 1<<30:
			return usagef(cmd, "sizes, threads and seconds are above 0, sizes at most 1G, reads from 0 to 100")
		}
		return o.with(cmd, args[0], func(ctx context.Context, p client.Pool) error {
			b := newBench(p, int(size), f)
			err := b.run(ctx)
			b.clear(context.WithoutCancel(ctx))
			if err != nil {
				return err
			}
			return a.print(b.result(use))
		})
	})
	cmd.Long = short + ".\nAll threads wait for each answer before they go on. Objects are removed at the end."
	cmd.Flags().StringVar(&f.size, "size", "4K", "of an object, such as 4K or 4M")
	cmd.Flags().IntVar(&f.threads, "threads", 16, "operations under way at once, `N`")
	cmd.Flags().Float64Var(&f.seconds, "seconds", 10, "how long, `S`")
	cmd.Flags().IntVar(&f.objects, "objects", 0, "`N`; default as many as fit in 64 MiB, at most 1024 and at least one a thread")
	cmd.Flags().BoolVar(&f.keep, "keep", false, "leave the objects")
	if use == "mixed" {
		cmd.Flags().IntVar(&f.reads, "reads", reads, "of a hundred operations, `N`")
	}
	return cmd
}

// benchResult is what was measured.
type benchResult struct {
	What    string     `json:"bench"`
	Pool    string     `json:"pool"`
	Size    int        `json:"size_bytes"`
	Threads int        `json:"threads"`
	Objects int        `json:"objects"`
	Seconds float64    `json:"seconds"`
	Write   *benchSide `json:"write,omitempty"`
	Read    *benchSide `json:"read,omitempty"`
	Failed  int        `json:"failed"`
	Errors  []string   `json:"errors,omitempty"` // the first few
}

// benchSide is what was measured of writes, or of reads.
type benchSide struct {
	Ops        uint64  `json:"ops"`
	PerSecond  float64 `json:"ops_per_second"`
	BytesPerS  float64 `json:"bytes_per_second"`
	MeanMicros float64 `json:"mean_us"`
	P50        float64 `json:"p50_us"`
	P90        float64 `json:"p90_us"`
	P99        float64 `json:"p99_us"`
	P999       float64 `json:"p999_us"`
	Max        float64 `json:"max_us"`
}

func side(h *histogram, size int, seconds float64) *benchSide {
	if h.n == 0 {
		return nil
	}
	us := func(d time.Duration) float64 { return float64(d.Nanoseconds()/100) / 10 }
	rate := float64(h.n) / seconds
	return &benchSide{Ops: h.n, PerSecond: rate, BytesPerS: rate * float64(size), MeanMicros: us(h.mean()),
		P50: us(h.quantile(500)), P90: us(h.quantile(900)), P99: us(h.quantile(990)), P999: us(h.quantile(999)), Max: us(h.most)}
}

func (r *benchResult) text(w *bufio.Writer) {
	fmt.Fprintf(w, "%s %s: %s, %d at once, %d objects, %.1f s\n", r.What, plain(r.Pool), sizeText(uint64(r.Size)), r.Threads, r.Objects, r.Seconds)
	t := columns("<", "OP/S", "BYTES/S", "OPS", "MEAN", "P50", "P90", "P99", "P99.9", "MAX")
	for _, s := range []struct {
		name string
		of   *benchSide
	}{{"write", r.Write}, {"read", r.Read}} {
		if s.of != nil {
			ms := func(us float64) string { return fmt.Sprintf("%.2f ms", us/1000) }
			t.row(s.name, fmt.Sprintf("%.0f", s.of.PerSecond), sizeText(uint64(s.of.BytesPerS)), fmt.Sprint(s.of.Ops), ms(s.of.MeanMicros),
				ms(s.of.P50), ms(s.of.P90), ms(s.of.P99), ms(s.of.P999), ms(s.of.Max))
		}
	}
	t.write(w)
	if r.Failed > 0 {
		fmt.Fprintf(w, "%d failed\n", r.Failed)
		for _, e := range r.Errors {
			fmt.Fprintf(w, "  %s\n", oneLine(e))
		}
	}
}
