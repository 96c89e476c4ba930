package lab

import (
	"bytes"
	"fmt"
	"os"
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
	i := bytes.LastIndexByte(stat, ')') // the name before it may hold anything
	if i < 0 {
		return process{}, false
	}
	f := strings.Fields(string(stat[i+1:]))
	if len(f) < 20 {
		return process{}, false
	}
	return process{began: bootID() + "/" + f[19], stopped: f[0] == "T" || f[0] == "t", ended: f[0] == "Z" || f[0] == "X"}, true
}

// bootID tells one run of the machine from another.
func bootID() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if len(id) > 8 {
		id = id[:8]
	}
	return string(id)
}
