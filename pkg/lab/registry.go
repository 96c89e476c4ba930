package lab

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The registry is a folder of the user's with a file for each lab that was started and not taken
// down. The file names the lab's folder. It is a hint: whether a lab runs, its processes tell.

// registry is $XDG_RUNTIME_DIR/zeph/labs, or, where a system has no such folder, one of the
// user's state.
func registry() (string, error) {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		return filepath.Join(dir, "zeph", "labs"), nil
	}
	dir, err := stateDir()
	return filepath.Join(dir, "labs"), err
}

// stateDir is where programs of the user keep what should outlive them.
func stateDir() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "zeph"), nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "state", "zeph"), err
}

// DefaultDir is the folder of a lab that was given none.
func DefaultDir() (string, error) {
	dir, err := stateDir()
	return filepath.Join(dir, "lab"), err
}

func entry(dir string) (string, error) {
	reg, err := registry()
	return filepath.Join(reg, hash(dir)), err
}

// hash is a short name for a folder.
func hash(dir string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(dir)))[:16] }

func register(dir string) error {
	path, err := entry(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return replaceFile(path, []byte(dir+"\n"))
}

func unregister(dir string) error {
	path, err := entry(dir)
	if err != nil {
		return err
	}
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// RunningLabs are the labs of the user that have a daemon alive, in the order of their folders' hashes.
func RunningLabs() ([]*Lab, error) {
	reg, err := registry()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(reg) // sorted by name
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var labs []*Lab
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(reg, e.Name()))
		if err != nil {
			continue
		}
		l := &Lab{dir: strings.TrimSpace(string(text))}
		if s, err := l.load(); err == nil && len(s.alive()) > 0 {
			labs = append(labs, l)
		}
	}
	return labs, nil
}

// ErrNotRunning: no lab of the user runs.
var ErrNotRunning = errors.New("no lab is running")

// RunningLab is the one lab that runs.
func RunningLab() (*Lab, error) {
	labs, err := RunningLabs()
	switch {
	case err != nil:
		return nil, err
	case len(labs) == 0:
		return nil, ErrNotRunning
	case len(labs) > 1:
		var dirs []string
		for _, l := range labs {
			dirs = append(dirs, l.dir)
		}
		return nil, fmt.Errorf("%d labs are running: %s", len(labs), strings.Join(dirs, ", "))
	}
	return labs[0], nil
}
