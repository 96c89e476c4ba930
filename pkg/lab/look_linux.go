package lab

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// process is what the system says of one.
type process struct {
	began   string
	stopped bool // by a signal
	ended   bool // nobody has waited for it yet
}

// look finds the process of a pid. It reads /proc/PID/stat, whose 22nd field is when it began in
// ticks since the machine did.
func look(pid int) (process, bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, false
	}
	f := fields(stat)
	if len(f) < 20 {
		return process{}, false
	}
	return process{began: bootID() + "/" + f[19], stopped: stopped(pid, f[0]), ended: f[0] == "Z" || f[0] == "X"}, true
}

// fields are those of a stat file from the third on: the state comes first.
func fields(stat []byte) []string {
	i := bytes.LastIndexByte(stat, ')') // the name before it may hold anything
	if i < 0 {
		return nil
	}
	return strings.Fields(string(stat[i+1:]))
}

// stopped reports whether a process whose first thread is in a state has been stopped as a whole. Under strace (t) a
// thread may stand still alone, for its disk hangs.
func stopped(pid int, state string) bool {
	if state != "t" {
		return state == "T"
	}
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, path := range threads {
		stat, _ := os.ReadFile(path)
		if f := fields(stat); len(f) > 0 && f[0] != "t" && f[0] != "T" {
			return false
		}
	}
	return true
}

// bootID tells one run of the machine from another.
func bootID() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if len(id) > 8 {
		id = id[:8]
	}
	return string(id)
}
