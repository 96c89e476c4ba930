package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
)

// profileEnv tells an end to write a CPU profile into a folder.
const profileEnv = "BENCH_PROFILE"

// profile begins a CPU profile of this end, if one is wanted, and returns what ends it. A file
// is named after the variant, the load and the end; a later round replaces it.
func profile(end string, v *variant, l load) (stop func(), err error) {
	dir := os.Getenv(profileEnv)
	if dir == "" {
		return func() {}, nil
	}
	name := fmt.Sprintf("%s-%s-%s-%d-%s.pprof", v.name, l.kind(), strings.ReplaceAll(sizeName(l.size), " ", ""), l.window, end)
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}, nil
}
