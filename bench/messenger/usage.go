package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
)

// usage is what a process has used since it began.
type usage struct {
	CPU     int64 `json:"cpu"`     // microseconds, user and system
	Mallocs int64 `json:"mallocs"` // heap objects; -1: not counted
	Peak    int64 `json:"peak"`    // KiB of memory at most; 0: not known
}

func usageNow() usage {
	var ru syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &ru) // cannot fail for SELF
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	return usage{ru.Utime.Nano()/1000 + ru.Stime.Nano()/1000, int64(ms.Mallocs), peak()}
}

// since is what was used after an earlier time. The peak stays what it is.
func (u usage) since(earlier usage) usage {
	u.CPU -= earlier.CPU
	if u.Mallocs >= 0 {
		u.Mallocs -= earlier.Mallocs
	}
	return u
}

// peak reads the kernel's high-water mark of the resident memory, where there is one.
func peak() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kib int64
	fmt.Sscan(rest, &kib)
	return kib
}
