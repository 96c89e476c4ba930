package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// lockDir takes the folder for this process. The kernel gives it back when the process ends,
// however it does.
func lockDir(dir string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		err = errors.Join(file.Truncate(0), writePID(file))
	} else if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("folder %s%s: %w", dir, holder(file), ErrInUse)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// unlock gives the folder back, at once: only to close the file would leave it locked for as long as a process that
// was just forked has it open, too.
func unlock(file *os.File) error {
	return errors.Join(syscall.Flock(int(file.Fd()), syscall.LOCK_UN), file.Close())
}

func writePID(file *os.File) error {
	_, err := fmt.Fprintln(file, os.Getpid())
	return err
}

// holder names the process that wrote its pid into the lock.
func holder(file *os.File) string {
	var text [20]byte
	n, _ := file.ReadAt(text[:], 0)
	if pid := strings.TrimSpace(string(text[:n])); pid != "" {
		return ", process " + pid
	}
	return ""
}

// Move gives the folder of a store another name, if no process has it.
func Move(from, to string) error {
	lock, err := lockDir(from)
	if err != nil {
		return err
	}
	return errors.Join(os.Rename(from, to), unlock(lock))
}
