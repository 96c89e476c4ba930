package sim

import (
	"fmt"
	"strings"

	"zeph/pkg/history"
)

// Panics is what a judge says of a core that panics.
const Panics = "a core panics"

// Try carries out one run, and lives through a core that panics: that is a violation, too.
func Try(o Options) (r *Report) {
	running := NewRunning(o)
	defer func() {
		if e := recover(); e != nil {
			c := running.c
			line, _, _ := strings.Cut(fmt.Sprint(e), "\n")
			c.violation(Panics, line)
			r = running.report(&history.Verdict{})
		}
	}()
	return running.Finish()
}
