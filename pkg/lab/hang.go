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
		return d.hold(func(files []string, said string) (Hold, error) { return HangFiles(ctx, d.Pid, files, said) })
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
		return d.hold(func(files []string, said string) (Hold, error) { return SlowFiles(ctx, d.Pid, files, said, by) })
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

// Hold is a process that has another's disk hang or be slow.
type Hold struct {
	Pid   int
	Began string // tells it from another that got its pid
}

const (
	anHour = time.Hour // a disk that hangs for longer is a dead one
	stuck  = "fsync,fdatasync,pwrite64,ftruncate"
)

// HangFiles has what a process writes to some files not get there, until Release. What strace says goes to a file.
func HangFiles(ctx context.Context, pid int, files []string, said string) (Hold, error) {
	return hold(ctx, pid, files, said, stuck, anHour)
}

// SlowFiles has each commit of a process to some files take longer.
func SlowFiles(ctx context.Context, pid int, files []string, said string, by time.Duration) (Hold, error) {
	return hold(ctx, pid, files, said, "fdatasync", by/2) // a commit has two
}

// hold holds each of some system calls for a while.
func hold(ctx context.Context, pid int, files []string, said, calls string, long time.Duration) (Hold, error) {
	args := []string{"-f", "-p", fmt.Sprint(pid), "-o", "/dev/null", "-e", "signal=none",
		"-e", "trace=" + calls, "-e", fmt.Sprint("inject=", calls, ":delay_enter=", long.Microseconds())}
	for _, f := range files {
		args = append(args, "-P", f)
	}
	out, err := os.Create(said)
	if err != nil {
		return Hold{}, err
	}
	defer out.Close()
	before, _ := look(pid)
	cmd := exec.Command("strace", args...)
	cmd.Stderr = out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return Hold{}, fmt.Errorf("strace: %w", err)
	}
	h := Hold{Pid: cmd.Process.Pid}
	if p, ok := look(h.Pid); ok {
		h.Began = p.began
	}
	go cmd.Wait()
	for {
		text, _ := os.ReadFile(said)
		now, _ := look(pid)
		if bytes.Contains(text, []byte("attached")) && now.stopped == before.stopped { // strace stops it for a moment
			return h, nil
		}
		if !h.Holds() {
			return Hold{}, fmt.Errorf("strace ended: %s (as root, and where /proc/sys/kernel/yama/ptrace_scope is 0, it may)", lastLines(text))
		}
		if err := pause(ctx, poll/10); err != nil {
			return h, errors.Join(err, h.Release(context.Background()))
		}
	}
}

func (h Hold) process() *Daemon {
	return &Daemon{Name: "strace", State: Dead, Pid: h.Pid, Began: h.Began}
}

// Holds reports whether it still does.
func (h Hold) Holds() bool { return h.Pid != 0 && !h.process().gone() }

// Release ends it. One that has ended is no error.
func (h Hold) Release(ctx context.Context) error {
	return end(ctx, []*Daemon{h.process()}, goodbye)
}

// Databases are the files below a daemon's folder whose writes can hang: all of its own, but what others have put there.
func Databases(folder string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(folder, func(path string, e os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".db") {
			files = append(files, path)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no database in %s", folder)
	}
	return files, err
}

// hold notes who holds the daemon's disk.
func (d *Daemon) hold(how func(files []string, said string) (Hold, error)) error {
	files, err := Databases(d.Folder)
	if err == nil {
		var h Hold
		h, err = how(files, filepath.Join(d.Folder, "strace"))
		d.Strace, d.StraceBegan = h.Pid, h.Began
	}
	if err != nil {
		return fmt.Errorf("%s: %w", d.Name, err)
	}
	return nil
}

func (d *Daemon) holder() Hold { return Hold{d.Strace, d.StraceBegan} }

// hung reports whether the daemon's disk hangs.
func (d *Daemon) hung() bool { return d.holder().Holds() }

func (d *Daemon) unhang(ctx context.Context) error {
	err := d.holder().Release(ctx)
	d.Strace, d.StraceBegan = 0, ""
	return err
}
