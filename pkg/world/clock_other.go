//go:build !linux

package world

import "time"

// sinceBoot is the time since the process started. Whether it goes on while the machine sleeps
// differs from system to system: where it does not, a machine that slept must not serve from leases
// that it had before.
func sinceBoot() time.Duration { return sinceStart() }
