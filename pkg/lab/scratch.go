package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Scratch is a lab for one run of a program that measures or tests, in a folder of its own.
type Scratch struct {
	*Lab
	folder string
	owner  *os.File // locked as long as the run lives
}

const scratchEnd = 30 * time.Second

// NewScratch starts a lab for a program. First it takes away what earlier runs of the program have left that
// were killed: processes, faults and folders. Of the options it sets the folder.
func NewScratch(ctx context.Context, program string, opts Options) (*Scratch, error) {
	if err := removeScratch(program); err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", scratchName(program))
	if err != nil {
		return nil, err
	}
	s := &Scratch{folder: folder}
	if s.owner, err = own(folder); err == nil {
		opts.Dir = filepath.Join(folder, "lab")
		s.Lab, err = Up(ctx, opts)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return s, nil
}

// End takes the lab down and removes its folder, unless it is to be kept: then it says where the logs are.
func (s *Scratch) End(keep bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), scratchEnd)
	defer cancel()
	defer s.owner.Close()
	if err := s.Down(ctx); err != nil {
		return err
	}
	if !keep {
		return os.RemoveAll(s.folder)
	}
	fmt.Fprintln(os.Stderr, "logs:", s.Dir())
	return os.Remove(s.owner.Name()) // so that no other run takes it away
}

// A folder is that of a run that was killed if it has an owner's file that nobody holds.

func scratchName(program string) string { return "zeph-" + program + "-*" }

func own(folder string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(folder, "owner"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func removeScratch(program string) error {
	folders, err := filepath.Glob(filepath.Join(os.TempDir(), scratchName(program)))
	if err != nil {
		return err
	}
	for _, folder := range folders {
		if _, err := os.Stat(filepath.Join(folder, "owner")); err != nil {
			continue // kept, or another's
		}
		owner, err := own(folder)
		if err != nil {
			continue // it lives
		}
		err = removeLab(filepath.Join(folder, "lab"))
		if err == nil {
			err = os.RemoveAll(folder)
		}
		owner.Close()
		if err != nil {
			return fmt.Errorf("%s, left by an earlier run: %w", folder, err)
		}
	}
	return nil
}

// removeLab ends what is left of a lab.
func removeLab(dir string) error {
	l, err := Open(dir)
	if errors.Is(err, ErrNoLab) {
		return nil
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), scratchEnd)
	defer cancel()
	return l.Down(ctx)
}
