// Command zeph is what a person types: zeph <noun> <verb>.
//
// What was asked for goes to stdout, talk about it to stderr. The exit code is 0 when it
// was done, 1 when it failed, 2 when the command line made no sense.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends us the hard way
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program but for the process around it. The result is the exit code.
//
// A command that is interrupted has a moment to end by itself; one that is deep in a
// calculation, or waits for its input, is left behind with the process.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{stdin: os.Stdin, stdout: stdout, stderr: plainWriter{stderr}, connect: connectCluster, open: openClient}
	done := make(chan int, 1)
	go func() { done <- a.run(ctx, args) }()
	select {
	case code := <-done:
		return code
	case <-ctx.Done():
	}
	long := grace
	if a.tidies.Load() {
		long = tidying
	}
	select {
	case code := <-done:
		return code
	case <-time.After(long):
		return a.report(ctx.Err())
	}
}

// How long an interrupted command may take to end; and one that has something to clean up, such
// as processes that it has started.
const (
	grace   = 500 * time.Millisecond
	tidying = 30 * time.Second
)
