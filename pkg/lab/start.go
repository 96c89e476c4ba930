package lab

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// flags are the daemon's, for mkfs and run alike.
func (l *Lab) flags(s *state, d *Daemon) []string {
	if d.Kind == Mon {
		return slices.Concat([]string{"--name", d.ID(), "--data", d.Folder, "--cluster", l.ClusterFile()}, s.MonArgs)
	}
	host, _ := s.host(d) // it has one, or nothing was bound
	return slices.Concat([]string{"--weight", "1", "--capacity", fmt.Sprint(cmp.Or(d.Capacity, s.Capacity)), "--id", d.ID(), "--data", d.Folder, "--cluster", l.ClusterFile(),
		"--public-addr", host, "--cluster-addr", host, "--crush-location", d.Location}, s.OSDArgs)
}

// mkfs makes the daemon's data folder.
func (l *Lab) mkfs(ctx context.Context, s *state, d *Daemon) error {
	if err := os.MkdirAll(d.Folder, 0o755); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, s.Bin.of(d.Kind), append([]string{"mkfs"}, l.flags(s, d)...)...)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s: mkfs: %w: %s", d.Name, err, lastLines(out))
	}
	return nil
}

// start starts the daemon's process in a session of its own, with sockets that are bound already.
func (l *Lab) start(s *state, d *Daemon, socks *sockets) error {
	log, err := os.OpenFile(d.Log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	out, err := os.Create(d.stdout()) // an old "ready" must go
	if err != nil {
		return err
	}
	defer out.Close()

	cmd := exec.Command(s.Bin.of(d.Kind), slices.Concat([]string{"run"}, l.flags(s, d), socks.flags())...)
	cmd.Dir = d.Folder
	cmd.Stdout, cmd.Stderr = out, log
	cmd.ExtraFiles = socks.files
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: s.credential(d)}
	if err := l.at(s, d, cmd.Start); err != nil {
		return fmt.Errorf("%s: %w", d.Name, err)
	}
	d.Pid, d.State, d.Addresses = cmd.Process.Pid, Running, socks.addrs
	if p, ok := look(d.Pid); ok { // it cannot be another's: nobody has waited for it yet
		d.Began = p.began
	}
	go cmd.Wait() // so that it leaves nothing behind when it ends before us
	return nil
}

// launch binds the daemon's sockets and starts it. A monitor gets its old ports.
func (l *Lab) launch(s *state, d *Daemon) error {
	addrs := d.Addresses
	if d.Kind == OSD {
		addrs = unbound(OSD)
	}
	socks, err := l.bind(s, d, addrs)
	if err != nil {
		return fmt.Errorf("%s: %w", d.Name, err)
	}
	defer socks.close()
	d.Addresses = socks.addrs
	if len(s.Cuts) > 0 { // they may name its ports
		if err := l.applyCuts(s); err != nil {
			return err
		}
	}
	return l.start(s, d, socks)
}

// ready waits until the daemon has said that it is.
func (d *Daemon) ready(ctx context.Context) error {
	for {
		if out, _ := os.ReadFile(d.stdout()); bytes.Contains(out, []byte("ready "+d.Name+"\n")) {
			return nil
		}
		if d.gone() {
			return fmt.Errorf("%s: ended before it was ready: %s", d.Name, d.lastWords())
		}
		if err := pause(ctx, poll); err != nil {
			if errors.Is(err, context.DeadlineExceeded) {
				return fmt.Errorf("%s: not ready in time: %s", d.Name, d.lastWords())
			}
			return err
		}
	}
}

// lastWords are the last lines of the log, and where it is.
func (d *Daemon) lastWords() string {
	log, err := os.ReadFile(d.Log())
	if err != nil || len(bytes.TrimSpace(log)) == 0 {
		return "its log says nothing"
	}
	return fmt.Sprintf("%s\n(all of it: %s)", lastLines(log), filepath.Clean(d.Log()))
}

func lastLines(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], "\n")
}
