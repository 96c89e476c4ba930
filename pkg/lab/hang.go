package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// CanHang says what is missing for disks that hang.
func CanHang() error {
	if _, err := exec.LookPath("strace"); err != nil {
		return errors.New("a disk that hangs needs strace: apt-get install strace")
	}
	return nil
}

// Hang has a daemon's disk hang until Unhang: what it writes to its database, or wants to have on the
// disk, does not end. The process goes on, its connections and its log as well.
//
// strace does it: it holds the threads that make such a system call, as a disk would. Should it
// die, the system lets them go.
func (l *Lab) Hang(ctx context.Context, name string) error {
	if err := CanHang(); err != nil {
		return err
	}
	return l.alive(ctx, name, func(d *Daemon) error {
		if d.hung() {
			return fmt.Errorf("%s: its disk hangs already", name)
		}
		return d.hang(ctx, stuck, anHour)
	})
}

// Slow has each commit of a daemon's disk take longer until Unhang.
func (l *Lab) Slow(ctx context.Context, name string, by time.Duration) error {
	if err := CanHang(); err != nil {
		return err
	}
	return l.alive(ctx, name, func(d *Daemon) error {
		if d.hung() {
			return fmt.Errorf("%s: its disk hangs or is slow already", name)
		}
		return d.hang(ctx, "fdatasync", by/2) // a commit has two
	})
}

// Unhang lets the disk of a daemon go on.
func (l *Lab) Unhang(ctx context.Context, name string) error {
	return l.alive(ctx, name, func(d *Daemon) error {
		if !d.hung() {
			return fmt.Errorf("%s: its disk does not hang", name)
		}
		return d.unhang(ctx)
	})
}

const (
	anHour = time.Hour // a disk that hangs for longer is a dead one
	stuck  = "fsync,fdatasync,pwrite64,ftruncate"
)

// hang holds each of some system calls for a while.
func (d *Daemon) hang(ctx context.Context, calls string, long time.Duration) error {
	args := []string{"-f", "-p", fmt.Sprint(d.Pid), "-o", "/dev/null", "-e", "signal=none",
		"-e", "trace=" + calls, "-e", fmt.Sprint("inject=", calls, ":delay_enter=", long.Microseconds())}
	files, err := d.databases()
	if err != nil {
		return err
	}
	for _, f := range files {
		args = append(args, "-P", f)
	}
	said := filepath.Join(d.Folder, "strace")
	out, err := os.Create(said)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.Command("strace", args...)
	cmd.Stderr = out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: strace: %w", d.Name, err)
	}
	d.Strace = cmd.Process.Pid
	if p, ok := look(d.Strace); ok {
		d.StraceBegan = p.began
	}
	go cmd.Wait()
	for {
		text, _ := os.ReadFile(said)
		if bytes.Contains(text, []byte("attached")) {
			return nil
		}
		if !d.hung() {
			return fmt.Errorf("%s: strace ended: %s (as root, and where /proc/sys/kernel/yama/ptrace_scope is 0, it may)", d.Name, lastLines(text))
		}
		if err := pause(ctx, poll/10); err != nil {
			return errors.Join(err, d.unhang(context.Background()))
		}
	}
}

// databases are the files whose writes hang: all of the daemon's, but what the lab has put there.
func (d *Daemon) databases() ([]string, error) {
	var files []string
	err := filepath.WalkDir(d.Folder, func(path string, e os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".db") {
			files = append(files, path)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: no database in %s", d.Name, d.Folder)
	}
	return files, err
}

// holder is the process that makes the disk hang.
func (d *Daemon) holder() *Daemon {
	return &Daemon{Name: "strace of " + d.Name, State: Dead, Pid: d.Strace, Began: d.StraceBegan}
}

// hung reports whether the daemon's disk hangs.
func (d *Daemon) hung() bool { return d.Strace != 0 && !d.holder().gone() }

func (d *Daemon) unhang(ctx context.Context) error {
	err := end(ctx, []*Daemon{d.holder()}, goodbye)
	d.Strace, d.StraceBegan = 0, ""
	return err
}
