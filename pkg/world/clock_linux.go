package world

import (
	"syscall"
	"time"
	"unsafe"
)

const clockBoottime = 7 // CLOCK_BOOTTIME

// sinceBoot is the time since the machine started. Unlike Go's own monotonic clock it goes on while
// the machine sleeps: leases must end then, too (protocol 6.2).
func sinceBoot() time.Duration {
	var ts syscall.Timespec
	if _, _, e := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockBoottime, uintptr(unsafe.Pointer(&ts)), 0); e != 0 {
		return sinceStart() // a kernel before 2.6.39
	}
	return time.Duration(ts.Nano())
}
