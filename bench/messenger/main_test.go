package main

import (
	"fmt"
	"os"
	"testing"
)

// TestMain makes the test binary both ends of a measurement, as the program is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childArg {
		if err := child(os.Args[2:], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Setenv("GORACE", "atexit_sleep_ms=0") // the ends need not linger
	os.Exit(m.Run())
}
