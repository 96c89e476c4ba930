package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// setns is the system call's number, which package syscall does not know everywhere.
var setns = map[string]uintptr{"386": 346, "amd64": 308, "arm": 375, "arm64": 268, "loong64": 268, "riscv64": 268, "ppc64le": 350, "s390x": 339}

// within does something in a network namespace: the sockets that it opens and the processes that it starts belong to
// that. A namespace is a thread's, so it takes a thread for itself, which ends with it.
func within(namespace string, do func() error) error {
	if !strings.HasPrefix(namespace, "/") {
		namespace = filepath.Join(namespaces, namespace)
	}
	if setns[runtime.GOARCH] == 0 {
		return fmt.Errorf("network namespaces on %s: %w", runtime.GOARCH, errors.ErrUnsupported)
	}
	f, err := os.Open(namespace)
	if err != nil {
		return err
	}
	defer f.Close()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlock: the thread must not serve others
		done <- func() error {
			if _, _, errno := syscall.RawSyscall(setns[runtime.GOARCH], f.Fd(), syscall.CLONE_NEWNET, 0); errno != 0 {
				return fmt.Errorf("%s: enter: %w", namespace, errno)
			}
			return do()
		}()
	}()
	return <-done
}
