package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Binaries are the daemons' programs.
type Binaries struct {
	Mon string `json:"mon"`
	OSD string `json:"osd"`
}

// FindBinaries finds the daemons beside the running program, then in PATH.
func FindBinaries() (Binaries, error) {
	mon, err := findBinary("zeph-mon")
	if err != nil {
		return Binaries{}, err
	}
	osd, err := findBinary("zeph-osd")
	return Binaries{Mon: mon, OSD: osd}, err
}

func findBinary(name string) (string, error) {
	if self, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(self); err == nil {
			self = real
		}
		beside := filepath.Join(filepath.Dir(self), name)
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return beside, nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s: neither beside this program nor in PATH (make build builds it)", name)
	}
	return filepath.Abs(path)
}

func (b Binaries) of(k Kind) string {
	if k == Mon {
		return b.Mon
	}
	return b.OSD
}
