package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"zeph/pkg/lab"
)

// The registry is a folder of the user's with a file for each run that has not ended. It holds the target and the
// run's folder. Who runs it holds a lock on the file: one that nobody holds was left by a program that was killed.

func registry() (string, error) {
	dir, err := lab.DefaultDir()
	return filepath.Join(filepath.Dir(dir), "chaos", "running"), err
}

// DefaultDir is where runs are kept that were given no folder.
func DefaultDir() (string, error) {
	dir, err := lab.DefaultDir()
	return filepath.Join(filepath.Dir(dir), "chaos", "runs"), err
}

// owner is a run's entry.
type owner struct {
	file *os.File
	path string
	keep bool
}

// begin makes a run's folder and its entry, after taking back what earlier runs have left.
func begin(p Plan) (*owner, error) {
	if err := os.MkdirAll(filepath.Dir(p.Folder), 0o755); err != nil {
		return nil, err
	}
	if err := os.Mkdir(p.Folder, 0o755); err != nil {
		if errors.Is(err, os.ErrExist) {
			return nil, fmt.Errorf("%s: is there already; a run wants a folder of its own", p.Folder)
		}
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(p.Folder, scenarioFile), p.Text, 0o644); err != nil {
		return nil, err
	}
	if _, err := Clean(context.Background()); err != nil {
		return nil, err
	}
	reg, err := registry()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(reg, 0o700); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(reg, ".new-*") // another's Clean must not see it before it is locked
	if err != nil {
		return nil, err
	}
	o := &owner{file: f, path: filepath.Join(reg, "run-"+strings.TrimPrefix(filepath.Base(f.Name()), ".new-"))}
	if err := errors.Join(lock(f), write(f, p.Target+"\n"+p.Folder+"\n"), os.Rename(f.Name(), o.path)); err != nil {
		f.Close()
		return nil, err
	}
	return o, nil
}

func write(f *os.File, text string) error { _, err := f.WriteString(text); return err }

func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

func (o *owner) end() {
	if !o.keep {
		os.Remove(o.path)
	}
	o.file.Close()
}

// Clean takes back what runs have left that were killed: processes, rules of the packet filter, data. It returns the
// folders of those runs, in which the histories stay.
func Clean(ctx context.Context) ([]string, error) {
	reg, err := registry()
	if err != nil {
		return nil, err
	}
	entries, err := filepath.Glob(filepath.Join(reg, "run-*"))
	if err != nil {
		return nil, err
	}
	folders := []string{}
	var errs []error
	for _, path := range entries {
		folder, err := cleanOne(ctx, path)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
		} else if folder != "" {
			folders = append(folders, folder)
		}
	}
	return folders, errors.Join(errs...)
}

func cleanOne(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", nil // it has just ended
	}
	defer f.Close()
	if lock(f) != nil {
		return "", nil // it runs
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", nil
	}
	target, folder, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	if _, err := os.Stat(folder); errors.Is(err, os.ErrNotExist) && target != "compose" {
		return "", os.Remove(path) // somebody removed it all
	}
	open := openers[target]
	if open == nil {
		return "", fmt.Errorf("target %q is not known", target)
	}
	t, err := open(Options{Folder: folder, Talk: func(string, ...any) {}})
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, downTime)
	defer cancel()
	if logs := filepath.Join(folder, logsFolder); os.MkdirAll(logs, 0o755) == nil {
		_ = t.Logs(ctx, logs) // as far as there are any
	}
	if err := t.Down(ctx); err != nil {
		return "", err
	}
	return folder, errors.Join(os.RemoveAll(filepath.Join(folder, "cluster")), os.Remove(path))
}
