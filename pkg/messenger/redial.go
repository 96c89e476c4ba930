package messenger

import (
	"math/rand/v2"
	"time"
)

// redial paces the attempts to reach a peer: the first soon, the next less and less often.
type redial struct {
	limits *Limits
	pause  time.Duration // before the next; zero: the shortest
}

// worked begins anew with the shortest pause.
func (r *redial) worked() { r.pause = 0 }

// wait pauses; false if closed ended it. A nudge ends it too.
func (r *redial) wait(closed <-chan struct{}, nudge <-chan struct{}) bool {
	pause := max(r.pause, r.limits.RedialMin)
	r.pause = min(pause*3/2, r.limits.RedialMax)
	timer := time.NewTimer(jitter(pause))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-nudge:
	case <-closed:
		return false
	}
	return true
}

// jitter takes up to a quarter off a pause, so that a daemon which returns is not dialled by all
// at the same moment.
func jitter(pause time.Duration) time.Duration {
	return pause - time.Duration(rand.Int64N(int64(pause)/4+1))
}
