package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// process is one end of a measurement, as the one who measures sees it.
type process struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Scanner
	errors bytes.Buffer
}

// start runs an end. It is killed when ctx ends.
func start(ctx context.Context, v *variant, args ...string) (*process, error) {
	p := &process{cmd: v.end(ctx, args...)}
	p.cmd.Stderr = &p.errors
	p.cmd.WaitDelay = time.Second
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s %s: %w", v.name, args[0], err)
	}
	return p, nil
}

// end is the command that is one end of the variant: its own program, or this one again.
func (v *variant) end(ctx context.Context, args ...string) *exec.Cmd {
	if v.command != nil {
		return v.command(ctx, args...)
	}
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return exec.CommandContext(ctx, self, append([]string{childArg, args[0], v.name}, args[1:]...)...)
}

// hear waits for a line that begins with word, and gives its rest.
func (p *process) hear(word string) (string, error) {
	if !p.out.Scan() {
		p.cmd.Wait()
		return "", fmt.Errorf("ended before %q: %s %s", word, p.cmd.ProcessState, strings.TrimSpace(p.errors.String()))
	}
	got, rest, _ := strings.Cut(p.out.Text(), " ")
	if got != word {
		return "", fmt.Errorf("said %q, expected %q", p.out.Text(), word)
	}
	return rest, nil
}

func (p *process) hearJSON(word string, into any) error {
	line, err := p.hear(word)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(line), into)
}

// usage asks a server what it has used.
func (p *process) usage() (usage, error) {
	if _, err := io.WriteString(p.in, "usage\n"); err != nil {
		return usage{}, err
	}
	var u usage
	return u, p.hearJSON("usage", &u)
}

// end lets the process end, and waits for it; not for long.
func (p *process) end() {
	p.in.Close()
	timer := time.AfterFunc(time.Second, func() { p.cmd.Process.Kill() })
	defer timer.Stop()
	p.cmd.Wait()
}
