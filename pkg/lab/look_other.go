//go:build !linux

package lab

import (
	"os/exec"
	"strconv"
	"strings"
)

// process is what the system says of one.
type process struct {
	began   string
	stopped bool // by a signal
	ended   bool // nobody has waited for it yet
}

// look finds the process of a pid.
func look(pid int) (process, bool) {
	out, err := exec.Command("ps", "-o", "state=,lstart=", "-p", strconv.Itoa(pid)).Output()
	state, began, ok := strings.Cut(strings.TrimSpace(string(out)), " ")
	if err != nil || !ok {
		return process{}, false
	}
	return process{began: strings.TrimSpace(began), stopped: state[0] == 'T', ended: state[0] == 'Z'}, true
}
