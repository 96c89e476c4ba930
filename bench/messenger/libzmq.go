package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// libzmq is the C library, used from C: its ends are a program that is compiled when it is
// asked for.
var libzmq = &variant{
	name:    "libzmq",
	about:   "libzmq from C, DEALER to ROUTER and PUSH to PULL",
	missing: buildLibzmq,
	command: func(ctx context.Context, args ...string) *exec.Cmd {
		return exec.CommandContext(ctx, libzmqProgram(), args...)
	},
}

//go:embed libzmq/end.c
var libzmqSource []byte

// libzmqDir is where the compiled program lies until removeLibzmq.
var libzmqDir = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "bench-libzmq-") })

func libzmqProgram() string {
	dir, _ := libzmqDir()
	return filepath.Join(dir, "end")
}

// buildLibzmq compiles the program. The error says what has to be installed.
func buildLibzmq(ctx context.Context) error {
	cc, err := exec.LookPath("cc")
	if err != nil {
		return errors.New("no C compiler (Debian packages gcc and libc6-dev)")
	}
	dir, err := libzmqDir()
	if err != nil {
		return err
	}
	source := filepath.Join(dir, "end.c")
	if err := os.WriteFile(source, libzmqSource, 0o600); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, cc, "-O2", "-o", libzmqProgram(), source, "-lzmq", "-lpthread").CombinedOutput()
	if err != nil && strings.Contains(string(out), "zmq.h") || strings.Contains(string(out), "-lzmq") {
		return errors.New("no libzmq to compile with (Debian package libzmq3-dev)")
	}
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", cc, err, out)
	}
	return nil
}

// removeLibzmq takes the program away, if there is one.
func removeLibzmq() {
	if dir, err := libzmqDir(); err == nil {
		os.RemoveAll(dir)
	}
}
