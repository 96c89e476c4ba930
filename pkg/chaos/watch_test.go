package chaos

import (
	"testing"
	"testing/synctest"
	"time"

	"zeph/pkg/scenario"
)

// What was seen before a condition was asked for does not count: "all pgs are clean" is an old story right after a kill.
func TestOldLooksDoNotCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w := &watcher{now: func() time.Duration { return time.Since(began) }, looked: make(chan struct{})}
		look := func(state string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.last, w.asked = Sample{PGs: map[string]string{"1.0": state}}, w.now()
			close(w.looked)
			w.looked = make(chan struct{})
		}
		look("active+clean")
		time.Sleep(time.Second)
		done := make(chan error, 1)
		go func() { done <- w.until(t.Context(), &scenario.Condition{Of: "pgs", Is: "clean"}) }()
		synctest.Wait()
		time.Sleep(time.Second)
		look("active+undersized+degraded")
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("it is said to be so: %v", err)
		default:
		}
		time.Sleep(time.Second)
		look("active+clean")
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
