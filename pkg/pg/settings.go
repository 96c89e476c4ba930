package pg

import "time"

// filled is the settings with defaults where there is nothing.
func (s Settings) filled() Settings {
	set(&s.Drift, 10_000)
	set(&s.Repeat, 500*time.Millisecond)
	set(&s.MinLog, 1000)
	set(&s.DegradedLog, max(10_000, s.MinLog))
	set(&s.MinDups, 3000)
	set(&s.MaxDups, 10_000)
	set(&s.DupAge, 2*time.Minute)
	set(&s.PushBytes, 4<<20)
	set(&s.RecoveryOps, 4)
	set(&s.RecoveryBytes, 64<<20)
	set(&s.RecoveryRate, 500)
	set(&s.Batch, 32)
	set(&s.RetryFull, 5*time.Second)
	set(&s.ScrubMin, 24*time.Hour)
	set(&s.ScrubMax, 7*24*time.Hour)
	set(&s.DeepScrub, 7*24*time.Hour)
	return s
}

func set[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// longer is a length of time as the fastest clock that we trust must count it for the slowest (rule 6.2).
func (s *Settings) longer(d time.Duration) time.Duration {
	return d + d*time.Duration(s.Drift)/1_000_000 + 1
}

// shorter is a length of time as the slowest clock may count it.
func (s *Settings) shorter(d time.Duration) time.Duration {
	return d - d*time.Duration(s.Drift)/1_000_000
}
